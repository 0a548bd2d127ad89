"""The ways between statuses, as far as they are known."""

from __future__ import annotations

from jira_integration.client.schemas import StatusInfo, Transition
from jira_integration.export.ways import Ways

DONE = {"id": "d", "category": "done"}


def step(number: int, to: str, category: str) -> Transition:
    return Transition(id=str(number), name="Go", to=StatusInfo(id=to, name=to.upper(), category=category))


def known() -> Ways:
    """new → doing → review → done, and straight from doing to done; a closed issue can be reopened."""
    ways = Ways(initial={"T": "n"})
    ways.learn("T", "n", [step(1, "doing", "indeterminate")])
    ways.learn("T", "doing", [step(2, "review", "indeterminate"), step(3, "d", "done")])
    ways.learn("T", "review", [step(3, "d", "done")])
    ways.learn("T", "d", [step(4, "n", "new")])
    return ways


def test_the_shortest_known_way_is_taken() -> None:
    path = known().path("T", "n", "d")

    assert path is not None
    assert [one.id for one in path] == ["1", "3"]


def test_a_closed_issue_is_no_station_on_the_way() -> None:
    ways = Ways()
    ways.learn("T", "n", [step(1, "d", "done")])
    ways.learn("T", "d", [step(2, "doing", "indeterminate")])

    assert ways.path("T", "n", "doing") is None


def test_where_nobody_has_looked_the_step_goes_towards_the_wanted_category() -> None:
    ways = Ways(initial={"T": "n"})
    ways.learn("T", "n", [step(1, "doing", "indeterminate"), step(2, "n", "new")])

    first = ways.first("T", DONE)

    assert first is not None
    assert first.id == "1"


def test_a_new_issue_takes_no_step_when_it_stands_where_it_should_or_nothing_is_known() -> None:
    assert known().first("T", {"id": "n", "category": "new"}) is None
    assert known().first("another type", DONE) is None


def test_what_is_kept_comes_back_whole() -> None:
    assert Ways.from_json(known().to_json()) == known()
    assert Ways.from_json({}) == Ways()
