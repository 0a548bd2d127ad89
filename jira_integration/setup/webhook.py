"""Jira's webhook: where it should post, which events, for which issues, signed with which secret."""

from __future__ import annotations

import secrets

from django.urls import reverse

from jira_integration.conf import conf
from jira_integration.models import JiraConnection, ProjectMapping
from jira_integration.setup.connect import jira_client
from jira_integration.setup.discover import PERSON_WAITS_SECONDS

EVENTS = ("jira:issue_created", "jira:issue_updated", "jira:issue_deleted")
SECRET_BYTES = 32


def webhook_url(connection: JiraConnection, origin: str = "") -> str:
    """The address Jira posts to. `origin` (https://stories.example.com) is used where no public one is set; without
    either it is the path alone."""
    base = (conf.PUBLIC_URL or origin).rstrip("/")
    return base + reverse("jira_integration:webhook", args=[connection.uid])


def new_secret() -> str:
    """What deliveries are signed with; shown once."""
    return secrets.token_urlsafe(SECRET_BYTES)


def jql_of(connection: JiraConnection, also: ProjectMapping | None = None) -> str:
    """Issues of every Jira project that a backlog goes to over this connection, by id: keys can be renamed."""
    ids = set(connection.mappings.exclude(jira_project_id="").values_list("jira_project_id", flat=True))
    if also is not None and also.jira_project_id:
        ids.add(also.jira_project_id)
    return f"project in ({', '.join(sorted(ids))})" if ids else ""


async def register(connection: JiraConnection, url: str, jql: str, secret: str, name: str) -> str:
    """Create the admin webhook and return Jira's id of it. Raises JiraForbidden, or JiraRejected for an address that
    Jira does not take, when this account may not."""
    async with jira_client(connection, seconds=PERSON_WAITS_SECONDS, tries=1) as jira:
        made = await jira.create_webhook(name, url, EVENTS, jql, secret)
    return made.id
