"""Transitions: only those open now, to this user, with what their screen needs."""

from __future__ import annotations

from tests.sandbox.test_issues import make, story
from tests.sandbox_server import RunningSandbox, running_sandbox


def steps(sandbox: RunningSandbox, key: str) -> dict[str, str]:
    """Target status by transition id."""
    answer = sandbox.call("GET", f"issue/{key}/transitions").json()
    return {t["id"]: t["to"]["name"] for t in answer["transitions"]}


def test_done_is_two_steps_from_to_do(sandbox: RunningSandbox) -> None:
    key = make(sandbox, story())

    first = steps(sandbox, key)
    wrong = sandbox.call("POST", f"issue/{key}/transitions", json={"transition": {"id": "31"}})
    sandbox.call("POST", f"issue/{key}/transitions", json={"transition": {"id": "11"}})
    second = steps(sandbox, key)
    done = sandbox.call("POST", f"issue/{key}/transitions", json={"transition": {"id": "31"}})

    assert first == {"11": "In Progress"}
    assert wrong.json()["errorMessages"] == ["Transition id '31' is not valid for this issue."]
    assert second == {"21": "In Review", "31": "Done", "41": "To Do"}
    assert done.status_code == 204
    fields = sandbox.call("GET", f"issue/{key}").json()["fields"]
    assert (fields["status"]["statusCategory"]["key"], fields["resolution"]["name"]) == ("done", "Done")
    assert fields["resolutiondate"]


def test_a_conditional_step_is_open_to_the_lead_only(sandbox: RunningSandbox) -> None:
    key = make(sandbox, story())

    answer = sandbox.call("GET", f"issue/{key}/transitions", auth=("jonas@example.test", "jonas-token")).json()

    assert [(t["id"], t["isConditional"]) for t in answer["transitions"]] == [("11", False), ("71", True)]


def test_a_screen_may_ask_for_a_resolution() -> None:
    with running_sandbox(resolution_required=True) as sandbox:
        key = make(sandbox, story() | {"transition": {"id": "11"}})
        screens = sandbox.call("GET", f"issue/{key}/transitions?expand=transitions.fields").json()["transitions"]
        asked = next(t for t in screens if t["id"] == "31")["fields"]["resolution"]

        bare = sandbox.call("POST", f"issue/{key}/transitions", json={"transition": {"id": "31"}})
        body = {"transition": {"id": "31"}, "fields": {"resolution": {"name": "Won't Do"}}}
        filled = sandbox.call("POST", f"issue/{key}/transitions", json=body)

        assert asked["required"] is True
        assert bare.json()["errors"] == {"resolution": "Resolution is required."}
        assert filled.status_code == 204


def test_a_field_off_the_screen_is_refused(sandbox: RunningSandbox) -> None:
    key = make(sandbox, story())

    body = {"transition": {"id": "11"}, "fields": {"resolution": {"name": "Done"}}}
    answer = sandbox.call("POST", f"issue/{key}/transitions", json=body)

    assert "not on the appropriate screen" in answer.json()["errors"]["resolution"]


def test_reopening_takes_the_resolution_away(sandbox: RunningSandbox) -> None:
    key = make(sandbox, story() | {"transition": {"id": "11"}})
    for step in ("31", "61"):
        sandbox.call("POST", f"issue/{key}/transitions", json={"transition": {"id": step}})

    fields = sandbox.call("GET", f"issue/{key}").json()["fields"]

    assert (fields["status"]["name"], fields["resolution"], fields["resolutiondate"]) == ("To Do", None, None)


def test_in_a_team_managed_project_every_status_is_one_step_away(sandbox: RunningSandbox) -> None:
    body = {"fields": {"project": {"key": "MOB"}, "issuetype": {"id": "10113"}, "summary": "Sign the build"}}
    key = make(sandbox, body)

    assert set(steps(sandbox, key).values()) == {"To Do", "Doing", "On device", "Done"}
