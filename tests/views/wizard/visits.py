"""A person who goes through the set-up with a browser that has no scripts: the form on a page, filled and sent."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse
from django.test import Client

from tests.sandbox_server import RunningSandbox


class Forms(HTMLParser):
    """The controls of the form with an id, as a browser would send them."""

    def __init__(self, form_id: str) -> None:
        super().__init__()
        self.form_id, self.inside = form_id, False
        self.values: list[tuple[str, str]] = []
        self.select: str | None = None
        self.first: str | None = None
        self.picked: str | None = None
        self.area: str | None = None
        self.written = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = given.get("id") == self.form_id
        if not self.inside:
            return
        name = given.get("name", "")
        if tag == "input" and name:
            if given.get("type") in ("radio", "checkbox") and "checked" not in given:
                return
            self.values.append((name, given.get("value", "")))
        elif tag == "textarea":
            self.area, self.written = name, ""
        elif tag == "select":
            self.select, self.first, self.picked = name, None, None
        elif tag == "option" and self.select is not None:
            value = given.get("value", "")
            self.first = value if self.first is None else self.first
            if "selected" in given:
                self.picked = value

    def handle_data(self, data: str) -> None:
        if self.area is not None:
            self.written += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.area is not None:
            if self.inside:
                self.values.append((self.area, self.written))
            self.area = None
        if tag == "form":
            self.inside = False
        if tag == "select" and self.select is not None:
            if self.inside:
                self.values.append((self.select, self.picked if self.picked is not None else self.first or ""))
            self.select = None


def form_values(response: HttpResponse, form_id: str = "step-form") -> dict[str, list[str]]:
    parser = Forms(form_id)
    parser.feed(response.content.decode())
    found: dict[str, list[str]] = {}
    for name, value in parser.values:
        found.setdefault(name, []).append(value)
    return found


def text_of(response: HttpResponse) -> str:
    """The words of a page's main part, one space between them."""
    main = re.search(r"<main.*?</main>", response.content.decode(), re.DOTALL)
    plain = re.sub(r"<[^>]+>", " ", main[0] if main else response.content.decode())
    return " ".join(html.unescape(plain).split())


@dataclass
class Visitor:
    """Everything the pages said is kept in `pages`, so that a test can look for what must never be in them."""

    client: Client
    project: str = "SHOP"
    pages: list[str] = field(default_factory=list)

    def get(self, url: str, **more: Any) -> HttpResponse:
        response = self.client.get(url, **more)
        self.pages.append(response.content.decode())
        return response

    def post(self, url: str, data: dict[str, Any], **more: Any) -> HttpResponse:
        response = self.client.post(url, data, **more)
        self.pages.append(response.content.decode())
        return response

    def send(self, url: str, button: str = "save", **changes: Any) -> HttpResponse:
        """Open a step, change some controls of its form, press a button."""
        data: dict[str, Any] = form_values(self.get(url))
        data |= {name.replace("__", "-"): value for name, value in changes.items()}
        return self.post(url, {**data, button: "1"})

    def step(self, connection: int, slug: str) -> str:
        return f"/jira/connections/{connection}/setup/{slug}/?project={self.project}"

    def connect(self, sandbox: RunningSandbox) -> int:
        """Steps 1 and 2 in one go; returns the connection's id."""
        from jira_integration.models import JiraConnection

        answer = self.send(f"/jira/connections/new/?project={self.project}", site_url=sandbox.url)
        assert answer.status_code == 303, text_of(answer)
        connection = JiraConnection.objects.get(site_url=sandbox.url)
        answer = self.send(
            self.step(connection.pk, "sign-in"), user_name=sandbox.user, token=sandbox.token, login="api_token"
        )
        assert answer.status_code == 303, text_of(answer)
        return connection.pk

    def choose(self, connection: int, jira_project: str) -> HttpResponse:
        """Step 3 with what is suggested; `jira_project` is Jira's id (10000 is SHOP, 10001 MOB)."""
        return self.send(f"{self.step(connection, 'project')}&jira_project={jira_project}")
