"""What every step of the set-up shares: the stepper, who is asking, saving, two people at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from jira_integration import audit
from jira_integration.catalogue import Explained
from jira_integration.contracts import ProjectInfo
from jira_integration.mapping import versions
from jira_integration.models import JiraConnection, ProjectMapping
from jira_integration.views.access import page

STEPS: dict[str, str | Promise] = {
    "site": gettext_lazy("Jira site"),
    "sign-in": gettext_lazy("Sign-in"),
    "project": gettext_lazy("Project and types"),
    "fields": gettext_lazy("Fields"),
    "statuses": gettext_lazy("Statuses"),
    "webhook": gettext_lazy("Webhook"),
    "review": gettext_lazy("Review and turn on"),
}
# The same within a sentence: "Save and continue to …", "Back to …".
IN_SENTENCE: dict[str, str | Promise] = {
    "site": gettext_lazy("the Jira site"),
    "sign-in": gettext_lazy("sign-in"),
    "project": gettext_lazy("project and types"),
    "fields": gettext_lazy("fields"),
    "statuses": gettext_lazy("statuses"),
    "webhook": gettext_lazy("webhook"),
    "review": gettext_lazy("review"),
}
ORDER = tuple(STEPS)
# Audit codes of what several backlogs share.
SHARED = {
    "connection_changed",
    "certificates_changed",
    "login_made",
    "login_replaced",
    "login_forgotten",
    "webhook_made",
    "webhook_secret_made",
}


@dataclass(frozen=True)
class StepMark:
    """One entry of the stepper. `state` is done, now, open (may be visited) or later."""

    number: int
    slug: str
    label: str
    state: str
    url: str
    note: str = ""
    done: bool = False

    @property
    def in_sentence(self) -> str:
        return str(IN_SENTENCE[self.slug])


@dataclass(frozen=True)
class Problem:
    """A line of the error summary; `anchor` is the control's id."""

    text: str
    anchor: str = ""


@dataclass
class Wizard:
    """One visit to a step. `mapping` is None before the first save, `connection` too on the very first page."""

    request: HttpRequest
    project: ProjectInfo
    slug: str
    connection: JiraConnection | None = None
    mapping: ProjectMapping | None = None
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def number(self) -> int:
        return ORDER.index(self.slug) + 1

    @property
    def site(self) -> JiraConnection:
        """The connection, for steps that come after the first."""
        assert self.connection is not None
        return self.connection

    @property
    def map(self) -> ProjectMapping:
        assert self.mapping is not None
        return self.mapping

    def is_done(self, slug: str) -> bool:
        if self.connection is None:
            return False
        if slug == "site":
            return True
        if slug == "sign-in":
            return bool(self.connection.account_id) and self.connection.has_login
        return self.mapping is not None and slug in self.mapping.steps_done

    def first_open(self) -> str:
        """The first step that is not done: none after it can be visited."""
        return next((slug for slug in ORDER if not self.is_done(slug)), ORDER[-1])

    def reachable(self, slug: str) -> bool:
        return ORDER.index(slug) <= ORDER.index(self.first_open())

    def url(self, slug: str, **query: str) -> str:
        asked = urlencode({"project": self.project.key, **query})
        if self.connection is None:
            return f"{reverse('jira_integration:connection_new')}?{asked}"
        return f"{reverse('jira_integration:setup_step', args=[self.connection.pk, slug])}?{asked}"

    def go(self, slug: str, **query: str) -> HttpResponse:
        response = HttpResponseRedirect(self.url(slug, **query))
        response.status_code = 303
        return response

    def after(self, slug: str) -> str:
        return ORDER[min(ORDER.index(slug) + 1, len(ORDER) - 1)]

    def onward(self, slug: str) -> HttpResponse:
        """To the next step, or to the list of connections when the person wants to finish later."""
        if "later" in self.request.POST:
            response = HttpResponseRedirect(reverse("jira_integration:connections") + f"?project={self.project.key}")
            response.status_code = 303
            return response
        return self.go(self.after(slug))

    def marks(self) -> list[StepMark]:
        found = []
        for number, (slug, label) in enumerate(STEPS.items(), start=1):
            done = self.is_done(slug)
            state = "now" if slug == self.slug else "done" if done else "open" if self.reachable(slug) else "later"
            note = self.notes.get(slug) or (self._note(slug) if done else "")
            found.append(StepMark(number, slug, str(label), state, self.url(slug), note, done))
        return found

    def _note(self, slug: str) -> str:
        mapping, connection = self.mapping, self.site
        match slug:
            case "site":
                return connection.host
            case "sign-in":
                if connection.secret_ends_on:
                    day = date_format(connection.secret_ends_on, "j M")
                    return _("%(account)s · ends %(day)s") % {"account": connection.account_name, "day": day}
                return connection.account_name
            case "project" if mapping is not None:
                return f"{mapping.jira_project_key} · {mapping.jira_project_name}"
            case "fields" if mapping is not None:
                count = mapping.fields.count()
                return ngettext("%(count)d field", "%(count)d fields", count) % {"count": count}
            case "statuses" if mapping is not None:
                count = mapping.statuses.filter(incoming=False).count()
                return ngettext("%(count)d of ours", "%(count)d of ours", count) % {"count": count}
            case "webhook" if mapping is not None:
                return _("Set") if connection.webhook_secret is not None else _("Skipped")
        return ""

    def render(
        self,
        template: str,
        context: Mapping[str, Any] | None = None,
        *,
        problems: Sequence[Problem] = (),
        explained: Explained | None = None,
        status: int | None = None,
    ) -> HttpResponse:
        """A step's page; 422 when there are problems. `explained` is an entry of the catalogue, shown on top."""
        marks = self.marks()
        frame = {
            "wizard": self,
            "steps": marks,
            "step": marks[self.number - 1],
            "back": marks[self.number - 2] if self.number > 1 else None,
            "forward": marks[self.number] if self.number < len(marks) else None,
            "connection": self.connection,
            "mapping": self.mapping,
            "problems": list(problems),
            "explained": explained,
            "way_out": self._way_out(explained),
            "page_error": bool(problems or (explained and explained.tone == "danger")),
            **(context or {}),
        }
        return page(
            self.request,
            f"setup/{template}.html",
            frame,
            project=self.project,
            status=status or (422 if problems else 200),
        )

    def _way_out(self, explained: Explained | None) -> str:
        """Where the button of an error leads; on this very page to the control alone, so that nothing typed is lost."""
        if explained is None or explained.action is None:
            return ""
        url = explained.action.url
        return (
            f"#{explained.action.anchor}"
            if url.partition("?")[0] == self.request.path and explained.action.anchor
            else url
        )

    # ---- saving ---------------------------------------------------------------------------------------------------

    def person(self) -> str:
        user = self.request.user
        return (user.get_full_name() or user.get_username()) if user.is_authenticated else ""

    def mapping_row(self) -> ProjectMapping:
        """The backlog's mapping, made on the first save of anything."""
        if self.mapping is None:
            self.mapping = ProjectMapping(connection=self.site, project_ref=self.project.ref)
        return self.mapping

    def changing(self) -> AbstractContextManager[None]:
        """The transaction of a change to the mapping: what it was, and what it became, are kept as versions."""
        return versions.kept(self.mapping)

    def save_step(self, slug: str, *, changed: bool = True) -> ProjectMapping:
        """Mark a step as done and save the mapping; a change to what a plan relies on raises its version."""
        mapping = self.mapping_row()
        done = {*mapping.steps_done, slug} | {one for one in ("site", "sign-in") if self.is_done(one)}
        mapping.steps_done = [one for one in ORDER if one in done]
        mapping.saved_by = self.person()
        if changed and mapping.pk:
            mapping.version += 1
        mapping.save()
        return mapping

    def record(self, code: str, **values: Any) -> None:
        """One sentence in this backlog's trail; what concerns the connection, in that of every backlog it serves."""
        about = {"project": self.project.key, **({"site": self.connection.host} if self.connection else {})}
        refs = {self.project.ref}
        if code in SHARED and self.connection is not None:
            refs |= set(self.connection.mappings.values_list("project_ref", flat=True))
        for ref in sorted(refs):
            audit.record(code, {**about, **values}, user=self.request.user, project_ref=ref)

    def overtaken(self) -> str:
        """What to say when somebody else saved the mapping since this page was made; "" when nobody did."""
        seen = self.request.POST.get("version", "")
        if self.mapping is None or not seen or seen == str(self.mapping.version):
            return ""
        if self.mapping.saved_by == self.person():
            return _("You saved this in another window %(ago)s. What you chose here is below.") % {
                "ago": _ago(self.mapping)
            }
        return _("%(who)s saved this %(ago)s. What you chose is below; saving replaces that.") % {
            "who": self.mapping.saved_by or _("Someone"),
            "ago": _ago(self.mapping),
        }


def _ago(mapping: ProjectMapping) -> str:
    minutes = int((timezone.now() - mapping.saved_at).total_seconds() // 60)
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return _("%(minutes)d min ago") % {"minutes": minutes}
    return _("on %(day)s") % {"day": date_format(timezone.localtime(mapping.saved_at), "j M H:i")}
