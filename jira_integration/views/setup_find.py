"""Type-ahead over what is too much for a select: options of a Jira field, and people. One list, answered as HTML.

Without scripts the same search is a button of the form it stands in (forms/value_controls.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from asgiref.sync import async_to_sync
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from jira_integration.catalogue import explain, from_error
from jira_integration.client.exceptions import JiraError
from jira_integration.contracts import Kind
from jira_integration.forms.value_controls import FOUND, PEOPLE, matching
from jira_integration.forms.value_maps import targets
from jira_integration.mapping.metadata import JiraField, stored
from jira_integration.mapping.people import PICKED, Account, offered
from jira_integration.mapping.shapes import shape_of
from jira_integration.models import JiraPerson
from jira_integration.setup.connect import jira_client
from jira_integration.setup.discover import PERSON_WAITS_SECONDS
from jira_integration.views.access import for_connections
from jira_integration.views.setup_frame import Wizard
from jira_integration.views.setup_open import opened


@dataclass(frozen=True)
class Found:
    """What a search shows. `trouble` says why there is nothing."""

    options: list[tuple[str, str]]
    trouble: str = ""


@require_GET
@for_connections
def setup_find(request: HttpRequest, pk: int) -> HttpResponse:
    """The list under a type-ahead: `kind`, `field`, the control's `name`, and what was typed in `find-<name>`."""
    wizard = opened(request, pk, "fields")
    if isinstance(wizard, HttpResponse):
        return wizard
    name = request.GET.get("name", "")[:100]
    query = request.GET.get(f"find-{name}", "").strip()[:100]
    jira_field = field_asked(wizard)
    if shape_of(jira_field) in PEOPLE:
        found = people(wizard, query)
    else:
        options = [(one.id, one.name) for one in jira_field.allowed if not one.off]
        if name.startswith("map-"):
            options = [(one.value, one.label) for group in targets(jira_field) for one in group.options]
        found = Found(matching(options, query))
    context = {"name": name, "query": query, "found": found, "most": FOUND}
    return render(request, "jira_integration/setup/_found.html", context)


def field_asked(wizard: Wizard) -> JiraField:
    """The field a search is for. Raises Http404 for one the issue type does not have."""
    asked = wizard.request.GET
    known = stored(wizard.site, wizard.map.jira_project_id)
    if known is not None and asked.get("kind", "") in Kind.__members__.values():
        issue_type = known[0].type(wizard.map.type_id(asked["kind"]))
        found = issue_type.field(asked.get("field", "")) if issue_type is not None else None
        if found is not None:
            return found
    raise Http404


def people(wizard: Wizard, query: str) -> Found:
    """Whom issues of the Jira project may be given to; what Jira said when it did not answer."""
    try:
        found = async_to_sync(_ask)(wizard, query)
    except JiraError as trouble:
        code, values = from_error(trouble, wizard.site)
        return Found([], explain(code, values).title)
    for one in found:
        JiraPerson.objects.update_or_create(
            connection=wizard.site,
            jira_project_id=wizard.map.jira_project_id,
            asked=f"{PICKED}{one.account_id}"[:254],
            defaults={
                "account_id": one.account_id,
                "name": one.name[:200],
                "assignable": True,
                "read_at": timezone.now(),
            },
        )
    return Found([(one.account_id, one.name or one.account_id) for one in found])


async def _ask(wizard: Wizard, query: str) -> list[Account]:
    async with jira_client(wizard.site, seconds=PERSON_WAITS_SECONDS / 2, tries=1) as jira:
        return await offered(jira, wizard.map.jira_project_key, query)


def people_found(wizard: Wizard, query: str) -> list[tuple[str, str]]:
    """The same for a form without scripts."""
    return people(wizard, query).options


def names_of_people(wizard: Wizard) -> dict[str, str]:
    """What the accounts known here are called."""
    rows = JiraPerson.objects.filter(connection=wizard.site, jira_project_id=wizard.map.jira_project_id)
    return dict(rows.exclude(account_id="").values_list("account_id", "name"))
