"""What to send to somebody who helps: the report, versions, settings and counts, as JSON without a secret.

Nothing secret is put in, rather than taken out: every value is named here, and addresses lose what may be a login.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.db import connection as database
from django.db.models import Count
from django.utils import timezone

from jira_integration.conf import JiraSettings, conf
from jira_integration.models import ExportedTicket, ExportRun, JiraConnection, WebhookDelivery
from jira_integration.setup.doctor.report import Report

PACKAGES = ("django", "celery", "redis", "channels", "requests", "pydantic", "cryptography", "markdown-it-py", "nh3")
# Settings that hold a secret, or may.
NEVER = ("SECRET", "TOKEN", "PASSWORD", "KEY")
LAST_RUNS = 20


def support_bundle(report: Report) -> dict[str, Any]:
    """Synchronous; asks the database only."""
    connection = report.connection
    return {
        "made_at": timezone.now().isoformat(),
        "checks": [finding.as_json() for finding in report.findings],
        "connection": _connection(connection),
        "versions": {"python": platform.python_version(), "database": database.vendor, **dict(_versions(PACKAGES))},
        "settings": dict(_settings()),
        "tickets": _counted(ExportedTicket.objects.filter(connection=connection, unlinked_at=None), "sync"),
        "deliveries": _counted(WebhookDelivery.objects.filter(connection=connection), "state"),
        "runs": [
            {
                "run": run.pk,
                "state": run.state,
                "reason": run.reason_code,
                "requests": run.requests,
                "started_at": run.started_at and run.started_at.isoformat(),
                "finished_at": run.finished_at and run.finished_at.isoformat(),
                "items": _counted(run.items.all(), "state"),
                "errors": _counted(run.items.exclude(error_code=""), "error_code"),
            }
            for run in ExportRun.objects.filter(connection=connection)[:LAST_RUNS]
        ],
    }


def _connection(connection: JiraConnection) -> dict[str, Any]:
    return {
        "site": without_login(connection.site_url),
        "deployment": connection.deployment,
        "login": connection.login,
        "has_secret": connection.secret is not None,
        "secret_ends_on": connection.secret_ends_on and connection.secret_ends_on.isoformat(),
        "has_webhook_secret": connection.webhook_secret is not None,
        "state": connection.state,
        "state_code": connection.state_code,
        "state_since": connection.state_since.isoformat(),
        "checked_at": connection.checked_at and connection.checked_at.isoformat(),
        "webhook_seen_at": connection.webhook_seen_at and connection.webhook_seen_at.isoformat(),
        "mappings": [
            {
                "jira_project": mapping.jira_project_key,
                "team_managed": mapping.team_managed,
                "live": mapping.live,
                "mode": mapping.mode,
                "version": mapping.version,
                "fields": list(mapping.fields.values_list("kind", "jira_field", "story_field", "direction")),
            }
            for mapping in connection.mappings.all()
        ],
    }


def _versions(packages: Iterable[str]) -> Iterable[tuple[str, str]]:
    for package in packages:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            yield package, ""


def _settings() -> Iterable[tuple[str, Any]]:
    for name in vars(JiraSettings):
        if name.isupper():
            hidden = any(word in name for word in NEVER) and name != "PROPERTY_KEY"
            value = getattr(conf, name)
            yield name, "(set)" if hidden and value else without_login(value) if isinstance(value, str) else value


def without_login(address: str) -> str:
    """The address without user name, password, query and fragment."""
    if "://" not in address:
        return address
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def _counted(rows: Any, column: str) -> dict[str, int]:
    return dict(rows.order_by(column).values_list(column).annotate(n=Count("pk")))
