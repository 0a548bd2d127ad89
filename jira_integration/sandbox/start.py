"""The state of a sandbox that has none yet, and the way back to it."""

from __future__ import annotations

import json
from typing import Any

from starlette.datastructures import QueryParams

from jira_integration.sandbox.call import Call, Jira
from jira_integration.sandbox.issues import create
from jira_integration.sandbox.seed import build_site
from jira_integration.sandbox.settings import JONAS_ACCOUNT
from jira_integration.sandbox.texts import typed
from jira_integration.sandbox.webhooks import EVENTS, register
from jira_integration.sandbox.workflow import carry_out

# Issues that were there before anybody exported anything.
_BEFORE: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("10012", "Basket forgets the voucher after sign-in", ()),
    ("10013", "Renew the certificate of the image server", ("11", "31")),
    ("10012", "Price filter ignores the upper bound", ("11",)),
)


def acting_as(jira: Jira, user: str, base: str = "http://127.0.0.1") -> Call:
    """A call that no REST request made: the web face, the control page, the first start."""
    return Call(jira, user, base, {}, QueryParams(""), None)


def first_state(jira: Jira) -> None:
    """Seed issues and the webhook of the command line; does nothing to a state file that holds them already."""
    settings = jira.settings
    call = acting_as(jira, JONAS_ACCOUNT, settings.base_url or "http://127.0.0.1:8001")
    with jira.store.transaction():
        if settings.seed_issues and jira.store.row("SELECT 1 FROM meta WHERE name = 'seeded'") is None:
            jira.store.write("INSERT INTO meta VALUES ('seeded', 'yes')")
            _seed_issues(call)
        if settings.webhook_url:
            _register_once(call)


def _register_once(call: Call) -> None:
    """The webhook of the command line; at the next start its secret may be another."""
    settings = call.jira.settings
    for row in call.store.rows("SELECT id, body FROM webhook"):
        if json.loads(row["body"])["url"] == settings.webhook_url:
            call.store.write("UPDATE webhook SET secret = ? WHERE id = ?", settings.webhook_secret, row["id"])
            return
    hook: dict[str, Any] = {"url": settings.webhook_url, "events": list(EVENTS), "name": "From the command line"}
    register(call, hook | {"secret": settings.webhook_secret})


def _seed_issues(call: Call) -> None:
    for type_id, summary, steps in _BEFORE:
        fields: dict[str, Any] = {"project": {"id": "10000"}, "issuetype": {"id": type_id}, "summary": summary}
        fields["description"] = typed(call.site, "Was here before the first export.")
        issue = create(call, {"fields": fields}).issue
        for step in steps:
            carry_out(call, issue, step, {})


def reset(jira: Jira) -> None:
    """Back to the first start: issues, webhooks, counters and changed projects gone, the clock running again."""
    jira.settings = jira.first_settings or jira.settings
    jira.site = build_site(jira.settings)
    jira.store.index_lag_ms = jira.settings.index_lag_ms
    with jira.store.transaction():
        jira.store.wipe()
    jira.clock.stopped_at_ms, jira.clock.offset_ms = None, 0
    jira.failed_logins.clear()
    jira.sessions.clear()
    first_state(jira)
