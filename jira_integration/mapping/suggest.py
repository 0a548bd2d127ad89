"""What the set-up proposes, and what `jira_connect` takes as it is: types, fields, values, statuses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from jira_integration.contracts import Choice, FieldKind, Kind, StoryField
from jira_integration.mapping.case_target import TEST_NAMES
from jira_integration.mapping.fits import ELSEWHERE, directions, fits, needs_value_map
from jira_integration.mapping.metadata import AllowedValue, IssueType, JiraField, ProjectMetadata, Status
from jira_integration.mapping.shapes import Shape, shape_of
from jira_integration.models import FieldMapping, StatusMapping

STORY_NAMES = ("story", "userstory", "task")
# Story field → Jira's own field, or kind of custom field, that means the same on every site.
MEANT: dict[str, tuple[str, ...]] = {
    "title": ("summary",),
    "description": ("description",),
    "preconditions": ("description",),
    "priority": ("priority",),
    "labels": ("labels",),
    "points": ("jsw-story-points",),
    "assignee": ("assignee",),
}
# Names under which a field of ours is often found where its label differs.
ALSO_CALLED: dict[str, tuple[str, ...]] = {
    "points": ("storypoints", "storypointestimate"),
    "criteria": ("acceptancecriteria", "acceptancecriterion"),
}
# Words that mean the same in value lists; each line is one meaning.
ALIKE: tuple[frozenset[str], ...] = (
    frozenset({"urgent", "highest", "critical", "blocker"}),
    frozenset({"high", "major"}),
    frozenset({"medium", "normal"}),
    frozenset({"low", "minor"}),
    frozenset({"lowest", "trivial"}),
)
# The priorities that every site begins with keep their ids when they are translated.
USUAL: dict[str, tuple[str, ...]] = {
    "1": ("Highest",),
    "2": ("High",),
    "3": ("Medium",),
    "4": ("Low",),
    "5": ("Lowest",),
}
CATEGORY_WORDS: dict[str, tuple[str, ...]] = {
    "new": ("backlog", "ready", "todo", "open", "new", "selected"),
    "indeterminate": ("progress", "doing", "review", "testing", "started", "blocked"),
    "done": ("done", "closed", "resolved", "finished", "accepted", "released"),
}


def plain(name: str) -> str:
    """A name without case, spaces and marks: "Story point-estimate" is "storypointestimate"."""
    return re.sub(r"[\W_]+", "", name.casefold())


def suggest_types(metadata: ProjectMetadata) -> dict[Kind, str]:
    """Kind → id of the issue type; "" where the project has none. Epics by level, the rest by name."""
    ordinary = [one for one in metadata.issue_types if one.level == 0 and not one.subtask]
    epics = metadata.epic_types()

    named = next((one for name in STORY_NAMES for one in ordinary if plain(one.name) == name), None)
    story = named or next((one for one in ordinary if plain(one.name) not in TEST_NAMES), None)
    return {
        Kind.EPIC: epics[0].id if epics else "",
        Kind.STORY: story.id if story else "",
        Kind.TEST: "",  # a person chooses whether test cases become issues
    }


def suggest_fields(source_fields: Sequence[StoryField], issue_type: IssueType, kind: Kind) -> list[FieldMapping]:
    """Unsaved mappings for one kind: each Jira field at most once. `matched_by` says why: "schema", "name", or
    "values" where a list of Jira's has a counterpart for each of ours."""
    taken: set[str] = set()
    found: list[FieldMapping] = []
    for story_field in source_fields:
        if story_field.kind in ELSEWHERE:
            continue
        match = _match(story_field, [one for one in issue_type.fields if one.id not in taken])
        if match is not None:
            jira_field, why = match
            taken.add(jira_field.id)
            found.append(field_mapping(story_field, jira_field, kind, why))
    title = next((one for one in source_fields if one.key == "title"), None)
    for jira_field in issue_type.fields:  # company-managed epics may demand their name a second time
        if title and jira_field.custom_kind == "gh-epic-label" and jira_field.must_be_filled:
            found.append(field_mapping(title, jira_field, kind, "schema"))
    return found


def field_mapping(story_field: StoryField, jira_field: JiraField, kind: Kind, why: str) -> FieldMapping:
    """An unsaved mapping with the suggested direction and values."""
    return FieldMapping(
        kind=kind.value,
        jira_field=jira_field.id,
        jira_name=jira_field.name,
        story_field=story_field.key,
        direction=directions(story_field, jira_field)[0],
        matched_by=why,
        value_map=suggest_values(story_field.choices, jira_field.allowed, system=jira_field.system)
        if needs_value_map(story_field, jira_field)
        else {},
    )


def _match(story_field: StoryField, jira_fields: Iterable[JiraField]) -> tuple[JiraField, str] | None:
    fitting = [one for one in jira_fields if fits(story_field, one)]
    meant = MEANT.get(story_field.key, ())
    for one in fitting:
        if story_field.kind is FieldKind.PARENT or (one.system or one.custom_kind) in meant:
            return one, "schema"
    names = (plain(story_field.label), plain(story_field.key), *ALSO_CALLED.get(story_field.key, ()))
    for one in fitting:
        if shape_of(one) is not Shape.OURS and plain(one.name) in names:
            return one, "name"
    for one in fitting:
        if needs_value_map(story_field, one) and _same_values(story_field.choices, one.allowed):
            return one, "values"
    return None


def _same_values(choices: Sequence[Choice], allowed: Sequence[AllowedValue]) -> bool:
    """Whether each of ours has one of its own there. Two are too few to tell: every yes and no would match."""
    found = suggest_values(choices, allowed)
    return len(choices) > 2 and len(set(found.values())) == len(choices)


def suggest_values(choices: Sequence[Choice], allowed: Sequence[AllowedValue], *, system: str = "") -> dict[str, str]:
    """Our value → id of Jira's, by equal names first, then by words that mean the same; the rest is left out. `system`
    is the field's, where it is one of Jira's own."""
    by_name = {plain(one.name): one.id for one in reversed(allowed) if not one.off}
    if system == "priority" and not by_name.keys() & {name for group in ALIKE for name in group}:
        by_name |= {plain(word): one.id for one in allowed for word in USUAL.get(one.id, ()) if _usual(allowed)}
    found: dict[str, str] = {}
    for choice in choices:
        names = [plain(choice.label), plain(choice.value)]
        names += [name for group in ALIKE if group & set(names) for name in sorted(group)]
        match = next((by_name[name] for name in names if name in by_name), None)
        if match is not None:
            found[choice.value] = match
    return found


def _usual(allowed: Sequence[AllowedValue]) -> bool:
    return {one.id for one in allowed} <= USUAL.keys()


def suggest_statuses(choices: Sequence[Choice], statuses: Sequence[Status]) -> list[StatusMapping]:
    """Unsaved mappings both ways: the one status of Jira's that each of ours goes to, and what each of Jira's means.

    By name, else by category (the first of Jira's statuses in it). Coming in, a status of Jira's that several of ours
    go to means the first of them; whoever reconciles keeps ours while it goes to that very status.
    """
    outgoing: dict[str, Status] = {}
    for position, choice in enumerate(choices):
        match = _by_name(choice, statuses) or _by_category(category_of(choice, position, len(choices)), statuses)
        if match is not None:
            outgoing[choice.value] = match
    found = [status_mapping(value, status) for value, status in outgoing.items()]
    for status in statuses:
        named = next((one.value for one in choices if _by_name(one, [status])), None)
        reached = next((value for value, target in outgoing.items() if target.id == status.id), None)
        same = next(
            (
                one.value
                for position, one in enumerate(choices)
                if category_of(one, position, len(choices)) == status.category
            ),
            None,
        )
        ours = named or reached or same
        if ours is not None:
            found.append(status_mapping(ours, status, incoming=True))
    return found


def status_mapping(value: str, status: Status, *, incoming: bool = False) -> StatusMapping:
    return StatusMapping(
        status=value,
        jira_status_id=status.id,
        jira_status_name=status.name,
        category=status.category,
        incoming=incoming,
    )


def category_of(choice: Choice, position: int, count: int) -> str:
    """Which of Jira's categories a status of ours belongs to: by its words, else the first is new, the last done."""
    words = plain(choice.value) + " " + plain(choice.label)
    for category, known in CATEGORY_WORDS.items():
        if any(word in words for word in known):
            return category
    return "new" if position == 0 else "done" if position == count - 1 else "indeterminate"


def _by_name(choice: Choice, statuses: Sequence[Status]) -> Status | None:
    names = {plain(choice.label), plain(choice.value)}
    return next((one for one in statuses if plain(one.name) in names), None)


def _by_category(category: str, statuses: Sequence[Status]) -> Status | None:
    return next((one for one in statuses if one.category == category), None)
