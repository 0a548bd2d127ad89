"""Former versions of a mapping: what each changed, and the way back to one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from jira_integration.conf import story_source
from jira_integration.contracts import Kind
from jira_integration.forms.version_words import Names, differences
from jira_integration.mapping import versions
from jira_integration.mapping.metadata import stored
from jira_integration.models import MappingVersion
from jira_integration.views.access import for_connections
from jira_integration.views.setup_frame import Problem, Wizard
from jira_integration.views.setup_open import opened

SHOWN = 50  # versions on the page, the newest first
STEP = "fields"  # the step of the set-up whose page this is an extra of


@dataclass(frozen=True)
class Saved:
    """One version as the page lists it. `lines` say what it changed; `usable` when it can be used again."""

    row: MappingVersion
    now: bool
    lines: list[str]
    first: bool
    usable: bool


@require_GET
@for_connections
def mapping_versions(request: HttpRequest, pk: int) -> HttpResponse:
    """The list; with `?from=3&to=7` the difference between two versions on top."""
    wizard = opened(request, pk, STEP)
    return wizard if isinstance(wizard, HttpResponse) else show(wizard)


@require_POST
@for_connections
def mapping_use_again(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """Make a former version the current one, as a new version; then look at the list."""
    wizard = opened(request, pk, STEP)
    if isinstance(wizard, HttpResponse):
        return wizard
    mapping = wizard.map
    former = get_object_or_404(MappingVersion, mapping=mapping, number=number)
    if overtaken := wizard.overtaken():
        return show(wizard, overtaken=overtaken)
    if not versions.same_project(mapping, former.snapshot):
        text = _("Version %(number)d was made for another Jira project. Its fields mean nothing in %(key)s.")
        values = {"number": number, "key": mapping.jira_project_key}
        return show(wizard, problems=[Problem(text % values, f"version-{number}")])
    versions.use_again(mapping, former.snapshot, saved_by=wizard.person())
    wizard.record("mapping_version_used", number=number, jira_project=mapping.jira_project_key)
    messages.success(
        request,
        _("Version %(number)d is used again, as version %(now)d.")
        % {
            "number": number,
            "now": mapping.version,
        },
    )
    response = HttpResponse(status=303)
    response["Location"] = address(wizard)
    return response


def address(wizard: Wizard) -> str:
    url = reverse("jira_integration:mapping_versions", args=[wizard.site.pk])
    return f"{url}?{urlencode({'project': wizard.project.key})}"


def names_of(wizard: Wizard) -> Names:
    source, mapping = story_source(), wizard.map
    known = stored(wizard.site, mapping.jira_project_id)
    return Names(
        {kind: {one.key: one for one in source.fields(wizard.project.ref, kind)} for kind in Kind},
        {kind: mapping.type_id(kind) for kind in Kind},
        known[0] if known is not None else None,
    )


def show(wizard: Wizard, *, problems: list[Problem] | None = None, overtaken: str = "") -> HttpResponse:
    rows = list(wizard.map.versions.all()[: SHOWN + 1])
    names = names_of(wizard)
    saved = []
    for row, before in pairwise([*rows, None]):
        assert row is not None
        lines = differences(before.snapshot, row.snapshot, names) if before is not None else []
        now = row.number == wizard.map.version
        usable = not now and versions.same_project(wizard.map, row.snapshot)
        saved.append(Saved(row, now, lines, before is None, usable))
    context = {
        "saved": saved[:SHOWN],
        "compared": compared(wizard, names),
        "overtaken": overtaken,
        "url": address(wizard),
    }
    return wizard.render("versions", context, problems=problems or (), status=409 if overtaken else None)


@dataclass(frozen=True)
class Compared:
    before: MappingVersion
    after: MappingVersion
    lines: list[str]


def compared(wizard: Wizard, names: Names) -> Compared | None:
    """The two versions that were asked for, the older first; None when they are not two."""
    asked = wizard.request.GET
    numbers = sorted({int(value) for value in (asked.get("from", ""), asked.get("to", "")) if value.isdecimal()})
    found = list(wizard.map.versions.filter(number__in=numbers).order_by("number")) if len(numbers) == 2 else []
    if len(found) != 2:
        return None
    return Compared(found[0], found[1], differences(found[0].snapshot, found[1].snapshot, names))
