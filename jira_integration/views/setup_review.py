"""Step 7: everything at a glance, and the switch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jira_integration.catalogue import explain
from jira_integration.catalogue.recognise import about
from jira_integration.conf import story_source
from jira_integration.contracts import Kind
from jira_integration.forms.fields_table import incomplete
from jira_integration.mapping.metadata import ProjectMetadata
from jira_integration.models import FieldMapping, ProjectMapping
from jira_integration.views.setup_fields import KIND_LABELS
from jira_integration.views.setup_frame import STEPS, Problem, Wizard
from jira_integration.views.setup_project import metadata_of
from jira_integration.views.setup_statuses import our_statuses
from jira_integration.views.setup_webhook import poll_minutes


@dataclass
class Part:
    """One block of the review: what a step decided, with the way back to it."""

    slug: str
    label: str
    url: str
    lines: list[str] = field(default_factory=list)


def step(wizard: Wizard) -> HttpResponse:
    metadata = metadata_of(wizard)
    if wizard.request.method != "POST":
        return show(wizard, metadata)
    problems = standing_in_the_way(wizard, metadata)
    if problems:
        return show(wizard, metadata, problems=problems)
    if overtaken := wizard.overtaken():
        return show(wizard, metadata, overtaken=overtaken)
    with transaction.atomic():
        first_time = not wizard.map.live
        wizard.map.live = True
        wizard.save_step("review", changed=False)
        if first_time:
            wizard.record("turned_on", jira_project=wizard.map.jira_project_key)
    messages.success(
        wizard.request,
        _("Jira is on for %(project)s. Choose stories and preview the first export.")
        % {"project": wizard.project.name},
    )
    response = HttpResponse(status=303)
    response["Location"] = story_source().project_url(wizard.project.ref)
    return response


def standing_in_the_way(wizard: Wizard, metadata: ProjectMetadata) -> list[Problem]:
    """What changed in Jira since the steps were saved and would make every item fail."""
    values = {**about(wizard.site, wizard.mapping), "project_key": wizard.project.key}
    found = []
    if not metadata.permissions.get("CREATE_ISSUES"):
        found.append(Problem(str(explain("no_create_permission", values)), "review-project"))
    for kind in Kind:
        type_id = wizard.map.type_id(kind)
        if not type_id:
            continue
        issue_type = metadata.type(type_id)
        if issue_type is None:
            text = str(explain("issue_type_gone", {**values, "issue_type": KIND_LABELS[kind]}))
            found.append(Problem(text, "review-project"))
        elif incomplete(issue_type, wizard.map.fields.filter(kind=kind.value)):
            text = _("A field that Jira requires for %(kind)s is not filled.") % {"kind": KIND_LABELS[kind]}
            found.append(Problem(text, "review-fields"))
    return found


def parts(wizard: Wizard, metadata: ProjectMetadata) -> list[Part]:
    found = {slug: Part(slug, str(STEPS[slug]), wizard.url(slug)) for slug in STEPS if slug != "review"}
    site, mapping = wizard.site, wizard.map
    found["site"].lines = [f"{site.get_deployment_display()}, {site.server_title or site.name}", site.site_url]
    ends = _("no end date given")
    if site.secret_ends_on:
        ends = _("valid until %(day)s") % {"day": date_format(site.secret_ends_on, "j F Y")}
    found["sign-in"].lines = [f"{site.account_name} ({site.user_name})", f"{site.get_login_display()}, {ends}"]
    found["project"].lines = [f"{mapping.jira_project_key} · {mapping.jira_project_name}", *_types(wizard, metadata)]
    for kind in Kind:
        if mapping.type_id(kind):
            found["fields"].lines.append(_fields(wizard, kind))
    labels = {one.value: one.label for one in our_statuses(wizard.project.ref)}
    going = [one for one in mapping.statuses.all() if not one.incoming]
    found["statuses"].lines = [f"{labels.get(one.status, one.status)} → {one.jira_status_name}" for one in going] or [
        _("None is mapped: every issue stays in the status that Jira starts with.")
    ]
    found["webhook"].lines = [
        _("Jira tells us at once.")
        if site.webhook_secret is not None
        else _("No webhook: we ask Jira every %(minutes)s min.") % {"minutes": poll_minutes()}
    ]
    return list(found.values())


def _types(wizard: Wizard, metadata: ProjectMetadata) -> list[str]:
    lines = []
    for kind in Kind:
        issue_type = metadata.type(wizard.map.type_id(kind))
        name = issue_type.name if issue_type is not None else _("stay here")
        lines.append(f"{KIND_LABELS[kind]} → {name}")
    return lines


def _fields(wizard: Wizard, kind: Kind) -> str:
    labels = {one.key: one.label for one in story_source().fields(wizard.project.ref, kind)}
    rows: list[FieldMapping] = list(wizard.map.fields.filter(kind=kind.value))
    count = ngettext("%(count)d field", "%(count)d fields", len(rows)) % {"count": len(rows)}
    names = ", ".join(labels.get(one.story_field, one.jira_name) for one in rows)
    return f"{KIND_LABELS[kind]}: {count} ({names})"


def show(
    wizard: Wizard, metadata: ProjectMetadata, *, problems: list[Problem] | None = None, overtaken: str = ""
) -> HttpResponse:
    context: dict[str, Any] = {"parts": parts(wizard, metadata), "overtaken": overtaken}
    context["comment_ways"] = ProjectMapping.Comments.choices
    return wizard.render("review", context, problems=problems or (), status=409 if overtaken else None)
