"""What the stories list shows for a query string. The page, "Select all" and the export of a filter share this, so
that they can never mean different stories."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.db.models.expressions import OrderBy
from django.db.models.functions import Coalesce, Length
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from stories_qa.models import AcceptanceCriterion, LastResult, Priority, Project, Status, Story, TestCase

NOT_DONE = "not-done"  # status=not-done: everything but Done
NONE = "none"  # epic=none, assignee=none, tests=none: the ones without
TESTS = {
    "none": _("No test cases"),
    "some": _("With test cases"),
    "failing": _("A failing test"),
    "passing": _("All tests pass"),
    "not_run": _("A test not run"),
}


def _rank(field: str, values: list[Any]) -> Case:
    whens = [When(**{field: value}, then=Value(rank)) for rank, value in enumerate(values)]
    return Case(*whens, default=Value(-1), output_field=IntegerField())


SORTS: dict[str, list[str | OrderBy]] = {
    # Databases disagree where NULLs go; stories without an epic or points come last on all of them.
    "": [F("epic__position").asc(nulls_last=True), "epic_id", "position", "pk"],
    "key": [Length("key").asc(), "key"],  # US-9 before US-10
    "-key": [Length("key").desc(), "-key"],
    "title": ["title", "pk"],
    "updated": ["updated_at", "pk"],
    "-updated": ["-updated_at", "-pk"],
    "priority": [_rank("priority", list(Priority)).desc(), "position", "pk"],
    "points": [F("points").desc(nulls_last=True), "position", "pk"],
    "status": [_rank("status", list(Status)).asc(), "position", "pk"],
}


def filter_stories(project: Project, params: QueryDict) -> QuerySet[Story]:
    """The stories of a project for `?q=&status=&epic=&assignee=&tests=&jira=&sort=`, ordered as the list shows them.

    q: every word must occur in key, title, description or a criterion. status: repeatable, or "not-done". epic: an
    epic's key, repeatable, or "none". assignee: a user name, repeatable, or "none". tests: a key of TESTS. jira: a sync
    state's code, repeatable. sort: a key of SORTS. An empty value filters nothing; one that nobody knows finds
    nothing, except an unknown sort, which is the backlog's order.
    """
    stories = Story.objects.filter(project=project)
    for word in params.get("q", "").split():
        stories = stories.filter(_holds(word))
    statuses = _given(params, "status")
    if statuses:
        wanted = {value for value in statuses if value != NOT_DONE}
        if NOT_DONE in statuses:
            wanted |= {status.value for status in Status if status != Status.DONE}
        stories = stories.filter(status__in=wanted)
    epics = _given(params, "epic")
    if epics:
        stories = stories.filter(Q(epic__key__in=epics) | (Q(epic=None) if NONE in epics else Q(pk__in=[])))
    people = _given(params, "assignee")
    if people:
        nobody = Q(assignee=None, assignee_name="") if NONE in people else Q(pk__in=[])
        stories = stories.filter(Q(assignee__username__in=people) | Q(assignee_name__in=people) | nobody)
    for tests in _given(params, "tests"):
        stories = stories.filter(_tested(tests))
    states = _given(params, "jira")
    if states:
        # Imported here: jira_source answers "select all" with this very function.
        from stories_qa.jira_source import with_sync

        stories = with_sync(stories).filter(jira_state__in=states)
    return stories.order_by(*SORTS.get(params.get("sort", ""), SORTS[""]))


def with_counts(stories: QuerySet[Story]) -> QuerySet[Story]:
    """Adds `criteria_count`, `tests_count` and `tests_passed`, counted by subqueries so that they do not multiply."""
    criteria = AcceptanceCriterion.objects.filter(story=OuterRef("pk")).order_by().values("story")
    tests = TestCase.objects.filter(story=OuterRef("pk")).order_by().values("story")
    passed = tests.filter(last_result=LastResult.PASSED)
    return stories.annotate(
        criteria_count=Coalesce(criteria.annotate(n=Count("pk")).values("n"), 0, output_field=IntegerField()),
        tests_count=Coalesce(tests.annotate(n=Count("pk")).values("n"), 0, output_field=IntegerField()),
        tests_passed=Coalesce(passed.annotate(n=Count("pk")).values("n"), 0, output_field=IntegerField()),
    )


def _given(params: QueryDict, name: str) -> list[str]:
    return [value for value in params.getlist(name) if value]


def _holds(word: str) -> Q:
    criteria = AcceptanceCriterion.objects.filter(story=OuterRef("pk")).filter(
        Q(text__icontains=word) | Q(given__icontains=word) | Q(when__icontains=word) | Q(then__icontains=word)
    )
    return Q(key__icontains=word) | Q(title__icontains=word) | Q(description__icontains=word) | Q(Exists(criteria))


def _tested(what: str) -> Q:
    tests = TestCase.objects.filter(story=OuterRef("pk"))
    match what:
        case "none":
            return ~Q(Exists(tests))
        case "some":
            return Q(Exists(tests))
        case "failing":
            return Q(Exists(tests.filter(last_result__in=[LastResult.FAILED, LastResult.BLOCKED])))
        case "passing":
            return Q(Exists(tests)) & ~Q(Exists(tests.exclude(last_result=LastResult.PASSED)))
        case "not_run":
            return Q(Exists(tests.filter(last_result=LastResult.NOT_RUN)))
        case _:
            return Q(pk__in=[])
