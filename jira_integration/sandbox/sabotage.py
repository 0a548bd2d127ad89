"""Named troubles of a whole site, one at a time: what a doctor should find. docs/sandbox.md lists them.

Each breaks one thing and leaves the rest as it is. Bad certificates are not among them: those are given at the start.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from jira_integration.sandbox.bucket import user_bucket
from jira_integration.sandbox.call import Jira
from jira_integration.sandbox.faults import read_rule
from jira_integration.sandbox.gate import Traffic
from jira_integration.sandbox.grants import end_access, withdraw
from jira_integration.sandbox.model import OnScreen, Project
from jira_integration.sandbox.settings import BadLogin, Flavour

Deed = Callable[[Jira, Traffic, Project], None]
_STORY, _EPIC = "10011", "10010"
_SHOP_WINDOW = "<!doctype html><html><head><title>Shoes</title></head><body><h1>Shoes, half price</h1></body></html>"
_OLD_SERVER = {
    "baseUrl": "http://jira.example.test", "version": "7.13.18", "versionNumbers": [7, 13, 18],
    "deploymentType": "Server", "buildNumber": 713_018, "serverTitle": "Jira",
}  # fmt: skip


@dataclass(frozen=True)
class Sabotage:
    """`words` for people; `only` names the flavour it makes sense on."""

    words: str
    do: Deed
    only: Flavour | None = None


def _rule(**given: Any) -> Deed:
    def do(jira: Jira, traffic: Traffic, project: Project) -> None:
        traffic.rules = [read_rule(given), *traffic.rules]

    return do


def _settings(**values: Any) -> Deed:
    def do(jira: Jira, traffic: Traffic, project: Project) -> None:
        jira.settings = replace(jira.settings, **values)
        traffic.user_bucket = user_bucket(jira.settings)

    return do


def _traffic(**values: Any) -> Deed:
    def do(jira: Jira, traffic: Traffic, project: Project) -> None:
        for name, value in values.items():
            setattr(traffic, name, value)

    return do


def _project(change: Callable[[Project], Project]) -> Deed:
    def do(jira: Jira, traffic: Traffic, project: Project) -> None:
        jira.site.projects[project.id] = change(jira.site.projects[project.id])

    return do


def _denied(*permissions: str) -> Deed:
    return _project(lambda p: replace(p, denied=p.denied | set(permissions)))


def _without_type(type_id: str) -> Deed:
    return _project(lambda p: replace(p, type_ids=tuple(t for t in p.type_ids if t != type_id)))


def _field_required(project: Project) -> Project:
    """A field that nobody fills becomes one that everybody must."""
    screen = tuple(p for p in project.screens[_STORY] if p.field_id != "customfield_10050")
    return replace(
        project, screens={**project.screens, _STORY: (*screen, OnScreen("customfield_10050", required=True))}
    )


def _off_screen(field_id: str) -> Deed:
    def change(project: Project) -> Project:
        screen = tuple(p for p in project.screens[_STORY] if p.field_id != field_id)
        return replace(project, screens={**project.screens, _STORY: screen})

    return _project(change)


def _no_way_to_done(jira: Jira, traffic: Traffic, project: Project) -> None:
    flow = project.workflow
    done = {s for s in flow.statuses if jira.site.statuses[s].category.key == "done"}
    steps = tuple(t for t in flow.transitions if t.target not in done)
    jira.site.projects[project.id] = replace(project, workflow=replace(flow, transitions=steps))


def _status_gone(jira: Jira, traffic: Traffic, project: Project) -> None:
    """The second status of the workflow, with every step that leads to it or from it."""
    flow = project.workflow
    gone = flow.statuses[1]
    steps = tuple(t for t in flow.transitions if t.target != gone and t.sources != (gone,))
    left = tuple(s for s in flow.statuses if s != gone)
    jira.site.projects[project.id] = replace(project, workflow=replace(flow, statuses=left, transitions=steps))


def _step_needs_resolution(project: Project) -> Project:
    flow = project.workflow
    screen = (OnScreen("resolution", required=True),)
    steps = tuple(replace(t, screen=screen) if t.screen else t for t in flow.transitions)
    return replace(project, workflow=replace(flow, transitions=steps))


def _captcha(jira: Jira, traffic: Traffic, project: Project) -> None:
    jira.settings = replace(jira.settings, captcha_after=1)
    jira.failed_logins[jira.settings.user] = 1


def _webhooks(change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Deed:
    """Change every webhook's body; None takes it away."""

    def do(jira: Jira, traffic: Traffic, project: Project) -> None:
        for row in jira.store.rows("SELECT id, body FROM webhook"):
            body = change(json.loads(row["body"]))
            if body is None:
                jira.store.write("DELETE FROM webhook WHERE id = ?", row["id"])
            else:
                jira.store.write("UPDATE webhook SET body = ? WHERE id = ?", json.dumps(body), row["id"])

    return do


def _expired(body: dict[str, Any]) -> dict[str, Any]:
    return body | {"app": body["app"] | {"expires": 0}} if "app" in body else body


def _scope_lost(jira: Jira, traffic: Traffic, project: Project) -> None:
    jira.store.write("UPDATE oauth_token SET scope = replace(scope, 'write:jira-work', '')")


def _withdrawn(jira: Jira, traffic: Traffic, project: Project) -> None:
    withdraw(jira, "")


def _access_ended(jira: Jira, traffic: Traffic, project: Project) -> None:
    end_access(jira)


_CLOUD, _SERVER = Flavour.CLOUD, Flavour.DATACENTER
SABOTAGES: dict[str, Sabotage] = {
    "not_jira": Sabotage("Another web site is at the address", _rule(kind="status", status=200, body=_SHOP_WINDOW)),
    "login_page": Sabotage("A proxy shows a login page", _rule(kind="login_page")),
    "sso_redirect": Sabotage("A proxy sends everybody to another host", _rule(kind="redirect")),
    "maintenance": Sabotage("Jira is being looked after", _rule(kind="unavailable", retry_after=120)),
    "bad_gateway": Sabotage("The gateway reaches no Jira", _rule(kind="bad_gateway")),
    "internal_error": Sabotage("Every request is an internal error", _rule(kind="server_error")),
    "silent": Sabotage("The connection opens and nothing is said", _rule(kind="stall")),
    "hangs_up": Sabotage("The connection is closed without a word", _rule(kind="close_before_write")),
    "cut_off": Sabotage("Answers end in the middle", _rule(kind="truncated")),
    "too_old": Sabotage("The Jira is older than what is supported",
                        _rule(path=".*/serverInfo", kind="status", status=200, body=_OLD_SERVER)),
    "clock_ahead": Sabotage("Jira's clock is an hour ahead", _traffic(date_skew_ms=3_600_000)),
    "clock_behind": Sabotage("Jira's clock is an hour behind", _traffic(date_skew_ms=-3_600_000)),
    "slow": Sabotage("Every answer takes four seconds", _traffic(latency_ms=4000)),
    "token_ended": Sabotage("The API token has run out", _settings(token_ended=True)),
    "anonymous": Sabotage("A token that ended is answered as nobody's",
                          _settings(token_ended=True, bad_login=BadLogin.ANONYMOUS), _CLOUD),
    "captcha": Sabotage("Jira wants a CAPTCHA solved", _captcha),
    "basic_off": Sabotage("Passwords are switched off", _settings(basic_auth=False), _SERVER),
    "no_browse": Sabotage("The bot does not see the project", _denied("BROWSE_PROJECTS")),
    "no_create": Sabotage("The bot may not create issues", _denied("CREATE_ISSUES")),
    "no_edit": Sabotage("The bot may not edit issues", _denied("EDIT_ISSUES")),
    "no_delete": Sabotage("The bot may not delete issues", _denied("DELETE_ISSUES")),
    "no_transition": Sabotage("The bot may not move issues along", _denied("TRANSITION_ISSUES")),
    "no_link": Sabotage("The bot may not link issues", _denied("LINK_ISSUES")),
    "no_assign": Sabotage("The bot may not assign issues", _denied("ASSIGN_ISSUES")),
    "no_comment": Sabotage("The bot may not comment", _denied("ADD_COMMENTS")),
    "no_bulk_change": Sabotage("The bot may not make bulk changes", _settings(may_bulk_change=False), _CLOUD),
    "not_admin": Sabotage("The bot is no Jira administrator", _settings(account_is_admin=False)),
    "project_archived": Sabotage("The project is archived", _project(lambda p: replace(p, archived=True))),
    "type_missing": Sabotage("The project has no Story any more", _without_type(_STORY)),
    "epic_type_missing": Sabotage("The project has no Epic any more", _without_type(_EPIC)),
    "field_required": Sabotage("A Story needs a Release note", _project(_field_required)),
    "field_hidden": Sabotage("Description is off the create screen", _off_screen("description")),
    "priority_hidden": Sabotage("Priority is off the create screen", _off_screen("priority")),
    "status_unreachable": Sabotage("No step leads to a done status", _no_way_to_done),
    "status_missing": Sabotage("A status is gone from the workflow", _status_gone),
    "resolution_required": Sabotage("The way to Done asks for a resolution", _project(_step_needs_resolution)),
    "webhook_missing": Sabotage("Every webhook was deleted", _webhooks(lambda body: None)),
    "webhook_disabled": Sabotage("Every webhook is switched off", _webhooks(lambda body: body | {"enabled": False})),
    "webhook_elsewhere": Sabotage("Every webhook points to another address",
                                  _webhooks(lambda body: body | {"url": "https://elsewhere.example.test/"})),
    "webhook_expired": Sabotage("The app's webhooks have run out", _webhooks(_expired), _CLOUD),
    "access_ended": Sabotage("Every access token has run out", _access_ended, _CLOUD),
    "scope_lost": Sabotage("The consent lacks write:jira-work", _scope_lost, _CLOUD),
    "consent_withdrawn": Sabotage("The consent was withdrawn", _withdrawn, _CLOUD),
    "rate_low": Sabotage("Little is left of the limit",
                         _rule(kind="headers", limit=100, remaining=4, near=True, reset_after=600), _CLOUD),
    "limit_low": Sabotage("A user has five requests, and one a second", _settings(user_limit=5, user_fill_rate=1),
                          _SERVER),
    "rate_limited": Sabotage("Every request is one too many", _rule(kind="rate_limited", retry_after=300)),
    "no_bulk_fetch": Sabotage("Reading many issues at once is gone",
                              _rule(path=".*/issue/bulkfetch", kind="status", status=410, body={
                                  "errorMessages": ["The requested API has been removed."], "errors": {}}), _CLOUD),
}  # fmt: skip


def commit(jira: Jira, traffic: Traffic, names: Iterable[str], project_key: str = "SHOP") -> None:
    """Do these, in place of those done before. Raises ValueError for a name or a project that is not there.

    What was done to webhooks, tokens and consents stays done; the rest is put back.
    """
    chosen = list(names)
    flavour = jira.settings.flavour
    if unknown := [name for name in chosen if name not in SABOTAGES]:
        raise ValueError(f"There is no sabotage {', '.join(unknown)}. There are: {', '.join(SABOTAGES)}.")
    if elsewhere := [name for name in chosen if SABOTAGES[name].only not in {None, flavour}]:
        raise ValueError(f"{', '.join(elsewhere)} cannot be on the flavour {flavour}.")
    project = jira.site.project_named(project_key)
    if project is None:
        raise ValueError("There is no such project.")
    mend(jira, traffic)
    if not chosen:
        return
    before = (
        jira.settings,
        dict(jira.site.projects),
        list(traffic.rules),
        traffic.latency_ms,
        dict(jira.failed_logins),
    )
    traffic.undo = before
    traffic.sabotage = chosen
    with jira.store.transaction():
        for name in chosen:
            SABOTAGES[name].do(jira, traffic, jira.site.projects[project.id])


def mend(jira: Jira, traffic: Traffic) -> None:
    """Put back what a sabotage changed."""
    traffic.sabotage, traffic.date_skew_ms = [], 0
    if traffic.undo is None:
        return
    jira.settings, projects, rules, traffic.latency_ms, failed = traffic.undo
    jira.site.projects = projects
    traffic.rules = rules
    jira.failed_logins.clear()
    jira.failed_logins.update(failed)
    traffic.user_bucket = user_bucket(jira.settings)
    traffic.undo = None
