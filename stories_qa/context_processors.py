"""What every page's frame shows: the person's projects, the one that is open, and what may be done in it."""

from __future__ import annotations

from functools import cached_property

from django.http import HttpRequest

from stories_qa.access import allows
from stories_qa.models import Membership, Project, Role
from stories_qa.remembered import memberships_of

THEMES = ("", "light", "dark")  # "" follows the system
SHEETS = [
    *(
        f"jira_integration/css/{name}.css"
        for name in ("tokens", "base", "controls", "badges", "lists", "messages", "wizard", "plan", "run", "conflict")
    ),
    "css/shell.css",
    "css/pages.css",
    "jira_integration/css/small.css",
]


class Workspace:
    """Read lazily: an answer to htmx that shows no frame asks the database nothing."""

    stylesheets = SHEETS

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def memberships(self) -> list[Membership]:
        user = getattr(self.request, "user", None)
        if user is None or not user.is_authenticated:
            return []
        return memberships_of(user.pk)

    @cached_property
    def projects(self) -> list[Project]:
        return [membership.project for membership in self.memberships]

    @cached_property
    def membership(self) -> Membership | None:
        """The one of the open project: named by the address, or the first."""
        match = self.request.resolver_match
        asked = (match.kwargs.get("project") if match else None) or self.request.GET.get("project")
        named = [membership for membership in self.memberships if membership.project.key == asked]
        return next(iter(named or self.memberships), None)

    @property
    def project(self) -> Project | None:
        return self.membership.project if self.membership else None

    @property
    def role(self) -> Role | None:
        return Role(self.membership.role) if self.membership else None

    @property
    def may_edit(self) -> bool:
        return allows(self.role, "edit")

    @property
    def may_export(self) -> bool:
        return allows(self.role, "export")

    @property
    def may_admin(self) -> bool:
        return allows(self.role, "admin")

    @cached_property
    def counts(self) -> dict[str, int]:
        shown = self.membership
        return {name: getattr(shown, name) for name in ("stories", "epics", "tests")} if shown else {}

    @property
    def section(self) -> str:
        """Which entry of the sidebar is lit: "stories", "epics", "test_cases", "upload", "people", "settings" or ""."""
        match = self.request.resolver_match
        if match is None or match.namespace != "stories_qa":
            return ""
        name = match.url_name or ""
        sections = {"story": "stories", "selection": "stories", "epic": "epics", "test": "test_cases"}
        return next((section for start, section in sections.items() if name.startswith(start)), name.split("_")[0])

    @property
    def theme(self) -> str:
        """ "light", "dark", or "" to follow the system; the server writes it into the page, so nothing flashes."""
        chosen = self.request.COOKIES.get("sq-theme", "")
        return chosen if chosen in THEMES else ""

    @property
    def next_theme(self) -> str:
        return THEMES[(THEMES.index(self.theme) + 1) % len(THEMES)] or "system"

    @property
    def keys_off(self) -> bool:
        return self.request.COOKIES.get("sq-keys") == "off"


def workspace(request: HttpRequest) -> dict[str, Workspace]:
    return {"workspace": Workspace(request)}
