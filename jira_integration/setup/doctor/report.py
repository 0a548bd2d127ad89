"""The checks' names, and what each found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from jira_integration.catalogue import explain, from_error
from jira_integration.client.exceptions import JiraError
from jira_integration.models import JiraConnection
from jira_integration.setup.check import Result

# In the order they are asked: this installation, the way to Jira, Jira, the sign-in.
CHECKS: dict[str, Promise] = {
    "key": _("Encryption key"),
    "queue": _("Queue"),
    "worker": _("Worker and schedule"),
    "public_url": _("Address of this site"),
    "address": _("Address of Jira"),
    "dns": _("Name of Jira's host"),
    "answers": _("Jira's host answers"),
    "certificate": _("Certificate"),
    "jira": _("Jira answers there"),
    "clock": _("Clocks agree"),
    "kind": _("Kind and version of Jira"),
    "sign_in": _("Sign-in"),
    "captcha": _("No CAPTCHA"),
    "token_end": _("End of the token"),
    "account": _("Account"),
    "interfaces": _("Interfaces we use"),
    "limits": _("Room under Jira's limits"),
    "webhook": _("Webhook"),
    "news": _("Looked for news"),
}
# The same for each backlog that goes to this site.
OF_A_BACKLOG: dict[str, Promise] = {
    "project": _("Jira project"),
    "permissions": _("Permissions"),
    "types": _("Issue types"),
    "required": _("Required fields"),
    "statuses": _("Statuses"),
}


@dataclass(frozen=True)
class Finding:
    """One check's outcome. `about` is the Jira project's key where it is about one; `url` leads to what mends it."""

    slug: str
    about: str = ""
    result: Result = Result.NOT_RUN
    why: str = ""
    todo: str = ""
    url: str = ""

    @property
    def label(self) -> str:
        return str(CHECKS.get(self.slug) or OF_A_BACKLOG[self.slug])

    @property
    def word(self) -> str:
        words = {
            "ok": _now("OK"),
            "failed": _now("Failed"),
            "warning": _now("Look at this"),
            "not_run": _now("Not run"),
        }
        return words[self.result.value]

    def as_json(self) -> dict[str, str]:
        return {
            "check": self.slug,
            "about": self.about,
            "result": self.result.value,
            "why": self.why,
            "todo": self.todo,
        }


class Report:
    """Findings by check; a check that nobody answered is "not run"."""

    def __init__(self, connection: JiraConnection) -> None:
        self.connection = connection
        self._found: dict[tuple[str, str], Finding] = {(slug, ""): Finding(slug) for slug in CHECKS}

    def about(self, keys: Iterable[str]) -> None:
        """Open the checks of these Jira projects."""
        for key in keys:
            for slug in OF_A_BACKLOG:
                self._found.setdefault((slug, key), Finding(slug, key))

    @property
    def findings(self) -> list[Finding]:
        return list(self._found.values())

    def of(self, slug: str, about: str = "") -> Finding:
        return self._found[slug, about]

    @property
    def worst(self) -> Result:
        order = (Result.FAILED, Result.WARNING)
        return next((one for one in order if any(found.result is one for found in self.findings)), Result.OK)

    def ok(self, slug: str, why: str = "", about: str = "") -> None:
        self._put(Finding(slug, about, Result.OK, why))

    def warn(self, slug: str, why: str, todo: str = "", about: str = "", url: str = "") -> None:
        self._put(Finding(slug, about, Result.WARNING, why, todo, url))

    def fail(self, slug: str, why: str, todo: str = "", about: str = "", url: str = "") -> None:
        self._put(Finding(slug, about, Result.FAILED, why, todo, url))

    def because(self, slug: str, code: str, values: Mapping[str, Any] | None = None, about: str = "") -> None:
        """A failure in the words of the catalogue."""
        known = {"site": self.connection.host, "connection_id": self.connection.pk, **(values or {})}
        said = explain(code, known)
        why = " ".join(part for part in (said.title, said.why) if part)
        self.fail(slug, why, said.todo, about, said.action.url if said.action else "")

    def trouble(self, slug: str, error: JiraError, about: str = "") -> None:
        self.because(slug, *from_error(error, self.connection), about=about)

    def _put(self, finding: Finding) -> None:
        self._found[finding.slug, finding.about] = finding
