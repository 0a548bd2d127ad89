"""The memberships of whoever looks at a page, read once for it: every part of a page asks for projects and roles.

Only while a page is read (GET): what changes something asks the database each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from stories_qa.models import Epic, Membership, Project, Story, TestCase


class Reader:
    """The person who reads a page, and their memberships with each project and its counts; one query."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def memberships(self) -> list[Membership]:
        user = getattr(self._request, "user", None)
        return [] if user is None or not user.is_authenticated else list(memberships_with_counts(user.pk))


_reader: ContextVar[Reader | None] = ContextVar("reader", default=None)


@contextmanager
def reading(request: HttpRequest) -> Iterator[None]:
    token = _reader.set(Reader(request))
    try:
        yield
    finally:
        _reader.reset(token)


def memberships_with_counts(user_id: int) -> QuerySet[Membership]:
    """By the project's name; each with `stories`, `epics` and `tests`, the numbers of the sidebar."""
    counts = {}
    for name, model in (("stories", Story), ("epics", Epic), ("tests", TestCase)):
        rows = model._default_manager.filter(project=OuterRef("project")).order_by().values("project")
        counted = Subquery(rows.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
        counts[name] = Coalesce(counted, 0)
    found = Membership.objects.filter(user_id=user_id).select_related("project")
    return found.annotate(**counts).order_by("project__name")


def memberships_of(user_id: int) -> list[Membership]:
    reader = _reader.get()
    if reader is not None and (mine := reader.memberships) and mine[0].user_id == user_id:
        return mine
    return list(memberships_with_counts(user_id))


def remembered_role(user_id: int, project: Project) -> str | None:
    """This person's role; read with everything else when they are the one who reads the page."""
    reader = _reader.get()
    if reader is not None and (mine := reader.memberships) and mine[0].user_id == user_id:
        return next((one.role for one in mine if one.project_id == project.pk), None)
    return Membership.objects.filter(project=project, user_id=user_id).values_list("role", flat=True).first()


def project_with(**wanted: str) -> Project | None:
    """The project with this `key` or `ref`."""
    reader = _reader.get()
    for one in reader.memberships if reader is not None else ():
        if all(getattr(one.project, name) == value for name, value in wanted.items()):
            return one.project
    return Project.objects.filter(**wanted).first()
