"""Where the host meets the plug-in: the only Python file here that knows jira_integration."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from jira_integration.comments.tasks import comment_saved as comment_saved  # published for stories_qa.views.comments
from jira_integration.contracts import (
    Act,
    Applied,
    Choice,
    Criterion,
    FieldKind,
    Kin,
    Kind,
    Person,
    ProjectInfo,
    StoryChanged,
    StoryComment,
    StoryField,
    StorySnapshot,
    TestCase,
    TestStep,
)
from jira_integration.models import ExportedTicket, annotate_sync
from jira_integration.signals import plan_confirmed as plan_confirmed  # published for stories_qa.selection
from stories_qa import access, comments, models
from stories_qa.kinship import MODELS, hanging, versions
from stories_qa.listing import filter_stories
from stories_qa.remembered import project_with
from stories_qa.sync_words import STATES
from stories_qa.taken_over import columns_of
from stories_qa.writing import Item, VersionMoved, change

FEW = 500  # refs up to here are asked for by name; above, the whole project is read and picked from
PAGES = {Kind.EPIC: "stories_qa:epic", Kind.STORY: "stories_qa:story", Kind.TEST: "stories_qa:test_case"}


def with_sync(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Epics, stories or test cases with `jira_state`, `jira_key` and `jira_ticket_id` added in SQL."""
    annotated: QuerySet[Any] = annotate_sync(queryset)
    return annotated


def sync_states() -> list[tuple[str, str, str]]:
    """(code, word, icon) of each sync state, in the order of the list's tabs."""
    return [(code, str(word), icon) for code, word, icon in STATES]


def jira_columns(queryset: QuerySet[Any]) -> dict[str, dict[str, str]]:
    """ref → {"issue_key", "issue_id", "state"} of each row, for `export_backlog`; "" where there is no issue."""
    rows = list(with_sync(queryset.order_by()).values_list("ref", "jira_state", "jira_key", "jira_ticket_id"))
    tickets = ExportedTicket.objects.filter(unlinked_at=None)
    if len(rows) <= FEW:
        tickets = tickets.filter(pk__in=[ticket for *_rest, ticket in rows if ticket is not None])
    issue_ids = dict(tickets.values_list("pk", "issue_id"))
    return {
        ref: {"issue_key": key, "issue_id": issue_ids.get(ticket, ""), "state": state}
        for ref, state, key, ticket in rows
    }


class StoriesQaSource:
    """Stories & QA as `jira_integration.contracts.StorySource` asks for it."""

    def projects_for(self, user: Any) -> Sequence[ProjectInfo]:
        if user is None or not user.is_authenticated or not user.is_active:
            return []
        return [_info(project) for project in models.Project.objects.filter(memberships__user_id=user.pk)]

    def projects(self) -> Sequence[ProjectInfo]:
        return [_info(project) for project in models.Project.objects.all()]

    def project(self, key: str) -> ProjectInfo | None:
        found = project_with(key=key)
        return None if found is None else _info(found)

    def project_by_ref(self, ref: str) -> ProjectInfo | None:
        found = project_with(ref=ref)
        return None if found is None else _info(found)

    def may(self, user: Any, project_ref: str, act: Act) -> bool:
        project = project_with(ref=project_ref)
        return project is not None and access.may(user, project, act)

    def who_may(self, project_ref: str, act: Act) -> Sequence[str]:
        project = project_with(ref=project_ref)
        return [] if project is None else access.who_may(project, act)

    def fields(self, project_ref: str, kind: Kind) -> Sequence[StoryField]:
        title = StoryField("title", _("Title"), FieldKind.TEXT)
        description = StoryField("description", _("Description"), FieldKind.RICH_TEXT)
        status = StoryField("status", _("Status"), FieldKind.STATUS, _choices(models.Status))
        labels = StoryField("labels", _("Labels"), FieldKind.LABELS)
        match kind:
            case Kind.EPIC:
                return [title, description, status, labels]
            case Kind.STORY:
                return [
                    title,
                    description,
                    StoryField("criteria", _("Acceptance criteria"), FieldKind.CRITERIA),
                    StoryField("tests", _("Test cases"), FieldKind.TESTS),
                    StoryField("priority", _("Priority"), FieldKind.CHOICE, _choices(models.Priority)),
                    StoryField("points", _("Story points"), FieldKind.NUMBER),
                    labels,
                    StoryField("assignee", _("Assignee"), FieldKind.PERSON),
                    status,
                    StoryField("parent", _("Epic"), FieldKind.PARENT),
                ]
            case Kind.TEST:
                return [
                    title,
                    StoryField("preconditions", _("Preconditions"), FieldKind.RICH_TEXT),
                    StoryField("tests", _("Steps and expected results"), FieldKind.TESTS),
                    StoryField("last_result", _("Last result"), FieldKind.CHOICE, _choices(models.LastResult)),
                ]

    def refs(self, project_ref: str, kind: Kind | None = None) -> Sequence[str]:
        kinds = list(Kind) if kind is None else [kind]
        found: list[str] = []
        for one in kinds:
            if one is Kind.STORY:
                project = project_with(ref=project_ref)
                found += [] if project is None else filter_stories(project, QueryDict()).values_list("ref", flat=True)
            else:
                rows = MODELS[one]._default_manager.filter(project__ref=project_ref)
                found += rows.order_by("position", "pk").values_list("ref", flat=True)
        return found

    def versions(self, project_ref: str, refs: Iterable[str]) -> Mapping[str, int]:
        return versions(project_ref, refs)

    def kin(self, project_ref: str, refs: Iterable[str]) -> Iterator[Kin]:
        for ref, kind, parent, tests in hanging(project_ref, refs):
            yield Kin(ref, Kind(kind), parent, tests)

    def snapshots(self, project_ref: str, refs: Iterable[str]) -> Iterator[StorySnapshot]:
        """At most seven queries, however many refs."""
        wanted = list(refs)
        project = project_with(ref=project_ref)
        if project is None or not wanted:
            return
        few = wanted if len(wanted) <= FEW else None
        made: dict[str, StorySnapshot] = {}
        kinds = {_kind(ref) for ref in wanted}
        if Kind.EPIC in kinds:
            for epic in _picked(models.Epic.objects.filter(project=project), few):
                values = {name: getattr(epic, name) for name in ("title", "description", "status", "labels")}
                made[epic.ref] = _snapshot(project, Kind.EPIC, epic, values, None)
        if kinds & {Kind.STORY, Kind.TEST}:
            tests = _tests(project, few)
        if Kind.STORY in kinds:
            criteria = _criteria(project, few)
            by_story: dict[str, list[TestCase]] = defaultdict(list)
            for row, case in tests:
                by_story[row.story_ref].append(case)
            stories = models.Story.objects.filter(project=project).select_related("assignee")
            for story in _picked(stories.annotate(epic_ref=F("epic__ref")), few):
                values = {
                    "title": story.title,
                    "description": story.description,
                    "criteria": criteria[story.pk],
                    "tests": by_story[story.ref],
                    "priority": story.priority,
                    "points": _number(story.points),
                    "labels": list(story.labels),
                    "assignee": _person(story),
                    "status": story.status,
                    "parent": story.epic_ref,
                }
                made[story.ref] = _snapshot(project, Kind.STORY, story, values, story.epic_ref)
        if Kind.TEST in kinds:
            for row, case in tests:
                values = {
                    "title": row.title,
                    "preconditions": row.preconditions,
                    "tests": [case],
                    "last_result": row.last_result,
                }
                made[row.ref] = _snapshot(project, Kind.TEST, row, values, row.story_ref)
        yield from (made[ref] for ref in wanted if ref in made)

    def matching(self, project_ref: str, query: str) -> Sequence[str]:
        project = project_with(ref=project_ref)
        return [] if project is None else list(filter_stories(project, QueryDict(query)).values_list("ref", flat=True))

    def sync_counts(self, project_ref: str) -> Mapping[str, int]:
        stories = with_sync(models.Story.objects.filter(project__ref=project_ref))
        return dict(stories.order_by().values_list("jira_state").annotate(Count("pk")))

    def resolve(self, project_ref: str, key: str) -> str | None:
        for model in MODELS.values():
            found = model._default_manager.filter(project__ref=project_ref, key__iexact=key.strip())
            ref = found.values_list("ref", flat=True).first()
            if ref is not None:
                return str(ref)
        return None

    def apply(self, ref: str, values: Mapping[str, Any], *, expected_version: int | None, actor: str) -> Applied:
        item = self._item(ref)
        columns = columns_of(item.project, values)
        try:
            version, changed = change(item, columns, expected_version=expected_version, by=actor)
        except VersionMoved as moved:
            raise StoryChanged(ref) from moved
        names = {"epic": "parent", "assignee_name": "assignee"}
        return Applied(version, tuple(dict.fromkeys(names.get(name, name) for name in changed)))

    def comments(self, refs: Iterable[str]) -> Iterator[StoryComment]:
        for row in models.Comment.objects.filter(ref__in=list(refs)).select_related("story"):
            told = {name: getattr(row, name) for name in ("ref", "body", "written_at", "edited_at", "place")}
            told |= {"story_ref": row.story.ref, "author": row.author_name, "deleted": row.deleted_at is not None}
            yield StoryComment(**told)

    def keep_comment(self, comment: StoryComment, *, expected: str | None = None) -> str:
        said = {name: value for name, value in vars(comment).items() if name not in ("story_ref", "ref", "body")}
        try:
            return comments.keep(comment.story_ref, comment.ref, comment.body, expected=expected, **said)
        except comments.BodyMoved as moved:
            raise StoryChanged(comment.ref) from moved

    def story_url(self, ref: str) -> str:
        return self._item(ref).get_absolute_url()

    def project_url(self, project_ref: str) -> str:
        project = project_with(ref=project_ref) or models.Project.objects.get(ref=project_ref)
        return project.get_absolute_url()

    def base_template(self, request: Any) -> str:
        return "base.html"

    def _item(self, ref: str) -> Item:
        kind = _kind(ref)
        item = None if kind is None else MODELS[kind]._default_manager.select_related("project").filter(ref=ref).first()
        if item is None:
            raise LookupError(ref)
        return item


def _kind(ref: str) -> Kind | None:
    kind = ref.partition(":")[0]
    return Kind(kind) if kind in set(Kind) else None


def _info(project: models.Project) -> ProjectInfo:
    return ProjectInfo(ref=project.ref, key=project.key, name=project.name)


def _choices(enum: Any) -> tuple[Choice, ...]:
    return tuple(Choice(value, str(label)) for value, label in enum.choices)


def _picked(rows: QuerySet[Any], refs: list[str] | None) -> QuerySet[Any]:
    return rows if refs is None else rows.filter(ref__in=refs)


def _number(points: Decimal | None) -> int | float | None:
    if points is None:
        return None
    return int(points) if points == points.to_integral_value() else float(points)


def _person(story: models.Story) -> Person | None:
    if story.assignee is not None:
        return Person(story.assignee.get_full_name() or story.assignee.get_username(), story.assignee.email)
    if story.assignee_name:
        return Person(story.assignee_name, story.assignee_name if "@" in story.assignee_name else "")
    return None


def _criteria(project: models.Project, refs: list[str] | None) -> dict[int, list[Criterion]]:
    rows = models.AcceptanceCriterion.objects.filter(story__project=project).order_by("story_id", "position", "pk")
    if refs is not None:
        rows = rows.filter(story__ref__in=refs)
    found: dict[int, list[Criterion]] = defaultdict(list)
    for story_id, text, given, when, then in rows.values_list("story_id", "text", "given", "when", "then"):
        found[story_id].append(Criterion(text, given, when, then))
    return found


def _tests(project: models.Project, refs: list[str] | None) -> list[tuple[Any, TestCase]]:
    """Test cases that are asked for, or whose story is; each row has `story_ref`."""
    rows = models.TestCase.objects.filter(project=project).annotate(story_ref=F("story__ref"))
    steps = models.TestStep.objects.filter(test_case__project=project).order_by("test_case_id", "position", "pk")
    if refs is not None:
        rows = rows.filter(Q(ref__in=refs) | Q(story__ref__in=refs))
        steps = steps.filter(Q(test_case__ref__in=refs) | Q(test_case__story__ref__in=refs))
    steps_of: dict[int, list[TestStep]] = defaultdict(list)
    for case_id, action, expected in steps.values_list("test_case_id", "action", "expected"):
        steps_of[case_id].append(TestStep(action, expected))
    return [
        (row, TestCase(row.ref, row.key, row.title, row.preconditions, tuple(steps_of[row.pk]), row.last_result))
        for row in rows.order_by("position", "pk")
    ]


def _snapshot(
    project: models.Project, kind: Kind, row: Any, values: dict[str, Any], parent_ref: str | None
) -> StorySnapshot:
    return StorySnapshot(
        ref=row.ref,
        kind=kind,
        key=row.key,
        version=row.version,
        values=values,
        url=reverse(PAGES[kind], args=[project.key, row.key]),
        updated_at=row.updated_at,
        parent_ref=parent_ref,
        sync_off=row.sync_off,
        updated_by=row.updated_by,
    )
