"""Try it with one story: choose, look, send, see what Jira made of it, take it back or keep it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from jira_integration import progress
from jira_integration.badges import SIGNS, Sign
from jira_integration.catalogue import Explained, explain
from jira_integration.conf import story_source
from jira_integration.contracts import Kind, StorySnapshot
from jira_integration.export import trial as trials
from jira_integration.export.line import CannotDo
from jira_integration.export.runs import confirm
from jira_integration.forms.value_controls import in_words
from jira_integration.mapping.jira_form import reduced
from jira_integration.mapping.metadata import JiraField, ProjectMetadata
from jira_integration.mapping.people import known_people
from jira_integration.models import ExportedTicket, ExportPlan, ExportRun, RunItem, Trial
from jira_integration.planview import PlanView
from jira_integration.setup.connect import jira_client
from jira_integration.setup.discover import PERSON_WAITS_SECONDS
from jira_integration.starting import start
from jira_integration.tasks import build_plan, export_run
from jira_integration.views.access import for_connections
from jira_integration.views.setup import answer
from jira_integration.views.setup_frame import Problem, Wizard
from jira_integration.views.setup_open import opened
from jira_integration.views.setup_project import metadata_of

LOOKED_AT = 200  # stories of the backlog among which one is suggested
OFFERED = 50


@require_http_methods(["GET", "POST"])
@for_connections
def setup_trial(request: HttpRequest, pk: int) -> HttpResponse:
    """The trial of a backlog's mapping, wherever it stands. The buttons: start, export, undo, keep, again."""
    wizard = opened(request, pk, "review")
    return wizard if isinstance(wizard, HttpResponse) else answer(wizard, step)


def step(wizard: Wizard) -> HttpResponse:
    posted = wizard.request.POST
    found = latest(wizard)
    if wizard.request.method != "POST":
        return show(wizard, found)
    if "start" in posted or "again" in posted:
        return begin(wizard, found)
    if found is None or str(found.plan_id) != posted.get("plan", ""):
        return go(wizard)  # an older page of a trial that is over
    if "export" in posted:
        return send(wizard, found)
    if "undo" in posted:
        return take_back(wizard, found)
    if "keep" in posted:
        trials.keep(found, wizard.request.user)
        messages.success(wizard.request, _("%(story)s stays in Jira.") % {"story": found.story_key})
    return go(wizard)


def latest(wizard: Wizard) -> Trial | None:
    return Trial.objects.filter(plan__mapping=wizard.map).select_related("plan__mapping__connection").first()


def address(wizard: Wizard) -> str:
    url = reverse("jira_integration:setup_trial", args=[wizard.site.pk])
    return f"{url}?{urlencode({'project': wizard.project.key})}"


def go(wizard: Wizard) -> HttpResponse:
    response = HttpResponse(status=303)
    response["Location"] = address(wizard)
    return response


def begin(wizard: Wizard, found: Trial | None) -> HttpResponse:
    """A new plan for the story that was chosen, or again for the one of the trial that did not go."""
    source = story_source()
    key = wizard.request.POST.get("story", found.story_key if found is not None else "")
    ref = source.resolve(wizard.project.ref, key)
    if ref is None or ref not in source.refs(wizard.project.ref, Kind.STORY):
        return show(wizard, found, problems=[Problem(_("Choose a story to try."), "story")])
    if found is not None and not found.ended and trials.made_by(found):
        text = _("Take %(story)s back or keep it before you try another.") % {"story": found.story_key}
        return show(wizard, found, problems=[Problem(text, "trial-end")])
    with transaction.atomic():
        made = trials.begin(wizard.map, ref, key, wizard.request.user)
        start(build_plan, made.plan_id)
    return go(wizard)


def send(wizard: Wizard, found: Trial) -> HttpResponse:
    try:
        with transaction.atomic():
            run = confirm(found.plan, wizard.request.user)
            start(export_run, run.pk)
    except CannotDo as refused:
        values = {"project": wizard.project.name, "project_key": wizard.project.key, "connection_id": wizard.site.pk}
        return show(wizard, found, problems=[Problem(str(explain(refused.code, values)), "trial")])
    return go(wizard)


def take_back(wizard: Wizard, found: Trial) -> HttpResponse:
    async def ask() -> list[trials.Touched]:
        async with jira_client(wizard.site, seconds=PERSON_WAITS_SECONDS / 2, tries=1) as jira:
            return await trials.take_back(found, jira, wizard.request.user)

    try:
        touched = async_to_sync(ask)()
    except CannotDo:
        return go(wizard)  # somebody else took it back meanwhile
    if touched:
        metadata = metadata_of(wizard)
        names = {"status": _("Status"), "comment": _("Comment")}
        problems = [
            Problem(
                _("%(key)s was changed in Jira since: %(what)s. It stays; take it back in Jira, or keep it.")
                % {
                    "key": one.key,
                    "what": ", ".join(names.get(name) or metadata.field_name(name) for name in one.what),
                },
                "trial-end",
            )
            for one in touched
        ]
        return show(wizard, found, problems=problems)
    for ticket in ExportedTicket.objects.filter(pk__in=found.plan.run.items.values("ticket")):
        progress.publish_ticket(ticket)
    return go(wizard)


@dataclass(frozen=True)
class Line:
    """One Jira field: what was sent and what Jira holds, in words."""

    label: str
    sent: str
    held: str
    same: bool


@dataclass(frozen=True)
class Outcome:
    """What became of one item."""

    item: RunItem
    lines: list[Line]
    explained: Explained | None

    @property
    def sign(self) -> Sign:
        return SIGNS[self.item.state]


class TrialView:
    """Where a trial stands. `state`: choose, building, failed, ready, blocked, running, ended."""

    def __init__(self, wizard: Wizard, trial: Trial | None) -> None:
        self.wizard, self.trial = wizard, trial

    @cached_property
    def run(self) -> ExportRun | None:
        return ExportRun.objects.filter(plan=self.trial.plan).first() if self.trial is not None else None

    @cached_property
    def state(self) -> str:
        if self.trial is None or self.trial.ended:
            return "choose"
        plan = self.trial.plan
        if self.run is not None:
            return "ended" if self.run.state in ExportRun.ENDED else "running"
        if plan.state == ExportPlan.State.BUILDING:
            return "building"
        if plan.state == ExportPlan.State.READY:
            return "ready" if plan.sendable else "blocked"
        return "failed" if plan.state == ExportPlan.State.FAILED else "choose"

    @property
    def moving(self) -> bool:
        return self.state in ("building", "running")

    @cached_property
    def trouble(self) -> Explained | None:
        """Why the plan could not be made."""
        if self.state != "failed" or self.trial is None:
            return None
        facts = {"connection_id": self.wizard.site.pk, "project_key": self.wizard.project.key}
        return explain(self.trial.plan.error_code, {**facts, **self.trial.plan.error_values})

    @cached_property
    def outcomes(self) -> list[Outcome]:
        if self.run is None:
            return []
        items = list(self.run.items.select_related("ticket__connection").order_by("position"))
        metadata = metadata_of(self.wizard)
        people = {one.account_id: one.name for one in self._people}
        issues = {item.issue_id: item.issue_key for item in items}
        facts = {
            "connection_id": self.wizard.site.pk,
            "project_key": self.wizard.project.key,
            "jira_project": self.wizard.map.jira_project_key,
        }
        made = []
        for item in items:
            lines = lines_of(item, metadata, self.wizard, people, issues)
            values = {**facts, "story": item.story_key, "issue": item.issue_key, **item.error_values}
            made.append(Outcome(item, lines, explain(item.error_code, values) if item.error_code else None))
        return made

    @cached_property
    def _people(self) -> list[Any]:
        return list(known_people(self.wizard.site, self.wizard.map.jira_project_id).accounts.values())

    @property
    def can_end(self) -> bool:
        """Whether the trial made something that can be taken back or kept."""
        return self.state == "ended" and self.trial is not None and bool(trials.made_by(self.trial))

    @cached_property
    def stories(self) -> list[StorySnapshot]:
        """Stories that are not in Jira, the one that shows most of the mapping first."""
        source = story_source()
        refs = list(source.refs(self.wizard.project.ref, Kind.STORY))[: LOOKED_AT * 5]
        linked = ExportedTicket.objects.filter(connection=self.wizard.site, unlinked_at=None, story_ref__in=refs)
        there = set(linked.values_list("story_ref", flat=True))
        found = list(source.snapshots(self.wizard.project.ref, [ref for ref in refs if ref not in there][:LOOKED_AT]))
        found = [one for one in found if not one.sync_off]
        best = trials.suggested(found, self.wizard.map)
        return [best, *(one for one in found if one is not best)][:OFFERED] if best is not None else []


def lines_of(
    item: RunItem, metadata: ProjectMetadata, wizard: Wizard, people: Mapping[str, str], issues: Mapping[str, str]
) -> list[Line]:
    """Every field that was sent beside what Jira gave back for it."""
    ticket = item.ticket
    if ticket is None:
        return []
    issue_type = metadata.type(wizard.map.type_id(item.kind))
    lines = []
    for name, sent in ticket.base_sent.items():
        known = issue_type.field(name) if issue_type is not None else None
        jira_field = known or JiraField(name, metadata.field_name(name), "")
        held = ticket.base_jira.get(name)

        def words(value: Any, field: JiraField = jira_field) -> str:
            if value in (None, "", []):
                return ""
            if field.id == "parent" and isinstance(value, Mapping):
                return issues.get(str(value.get("id", "")), str(value.get("id", "")))
            return in_words(field, value, people)

        lines.append(Line(jira_field.name, words(sent), words(held), reduced(sent) == held))
    return lines


def show(wizard: Wizard, found: Trial | None, *, problems: list[Problem] | None = None) -> HttpResponse:
    view = TrialView(wizard, found)
    context: dict[str, Any] = {"trial": found, "view": view, "url": address(wizard)}
    if found is not None and view.state in ("ready", "blocked"):
        planned = PlanView(found.plan, wizard.project)
        rows = list(found.plan.items.order_by("position"))
        context |= {"plan": found.plan, "items": planned.shown(rows, first_page=True), "may_export": True}
    return wizard.render("trial", context, problems=problems or ())
