"""What a plan is about: which epics, stories and test cases, parents before their children."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from jira_integration.conf import story_source
from jira_integration.contracts import Kin, Kind
from jira_integration.models import ExportedTicket, ExportPlan

CHUNK = 100  # bulkfetch takes 100 issues; snapshots and rows follow it


@dataclass(frozen=True)
class Selection:
    """`refs` in the order of the plan: epics, then each story with its test cases. `added` were not chosen but are
    needed. `tickets` are known of all of them and of their parents, by ref."""

    refs: list[str]
    added: frozenset[str]
    tickets: dict[str, ExportedTicket]


@dataclass
class Tree:
    """Refs as they hang together, in the order they were met: epics, story → epic, test case → story."""

    with_tests: bool
    epics: dict[str, None] = field(default_factory=dict)
    stories: dict[str, str | None] = field(default_factory=dict)
    tests: dict[str, str | None] = field(default_factory=dict)

    def take(self, chosen: Iterable[Kin]) -> None:
        """Chosen ones; a story brings its test cases along."""
        for one in chosen:
            match one.kind:
                case Kind.EPIC:
                    self.epics[one.ref] = None
                case Kind.STORY:
                    self.stories[one.ref] = one.parent_ref
                    for case in one.tests if self.with_tests else ():
                        self.tests[case] = one.ref
                case Kind.TEST if self.with_tests:
                    self.tests[one.ref] = one.parent_ref

    def in_order(self, needed: Iterable[str]) -> Iterator[str]:
        """Stories that only their test cases brought in come after the chosen ones, test cases without a story last."""
        cases: dict[str | None, list[str]] = defaultdict(list)
        for case, story in self.tests.items():
            cases[story].append(case)
        yield from self.epics
        for story in dict.fromkeys([*self.stories, *needed]):
            yield story
            yield from cases[story]
        yield from cases[None]


def select(plan: ExportPlan) -> Selection:
    """The plan's own choice and what it needs: a test case its story, a story its epic, where Jira has none yet."""
    source, mapping = story_source(), plan.mapping
    tree = Tree(mapping.exports_tests and plan.with_tests)
    for refs in chunks(plan.story_refs):
        tree.take(source.kin(plan.project_ref, refs))
    chosen = set(plan.story_refs) | set(tree.tests)
    parents = list(dict.fromkeys(story for story in tree.tests.values() if story and story not in tree.stories))
    tickets = tickets_of(mapping.connection_id, [*tree.stories, *parents, *tree.tests])
    needed = [ref for ref in parents if not in_jira(tickets, ref)]
    for refs in chunks(needed):
        for story in source.kin(plan.project_ref, refs):
            tree.stories[story.ref] = story.parent_ref
    if mapping.epic_type_id:
        for epic in tree.stories.values():
            if epic is not None:
                tree.epics.setdefault(epic)
        tickets |= tickets_of(mapping.connection_id, list(tree.epics))
    else:
        tree.epics.clear()
    refs = [ref for ref in tree.in_order(parents) if ref in chosen or not in_jira(tickets, ref)]
    return Selection(refs, frozenset(refs) - chosen, tickets)


def in_jira(tickets: dict[str, ExportedTicket], ref: str) -> bool:
    return ref in tickets and bool(tickets[ref].issue_id)


def tickets_of(connection_id: int, refs: Sequence[str]) -> dict[str, ExportedTicket]:
    return {
        ticket.story_ref: ticket
        for some in chunks(refs)
        for ticket in ExportedTicket.objects.filter(connection_id=connection_id, story_ref__in=some, unlinked_at=None)
    }


def chunks(refs: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(refs), CHUNK):
        yield list(refs[start : start + CHUNK])
