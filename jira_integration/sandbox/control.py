"""The control endpoints under /_sandbox: what tests ask and command. No login: the program listens on loopback."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from jira_integration.sandbox.bucket import bucket_bean, user_bucket
from jira_integration.sandbox.call import Jira
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.faults import FaultError, read_faults, rule_bean
from jira_integration.sandbox.gate import Traffic
from jira_integration.sandbox.grants import end_access, listed, withdraw
from jira_integration.sandbox.issue_bean import issue_bean
from jira_integration.sandbox.knobs import command, move_clock, turn
from jira_integration.sandbox.model import OnScreen
from jira_integration.sandbox.people import PROJECT_PERMISSIONS
from jira_integration.sandbox.places import move, set_archived
from jira_integration.sandbox.sabotage import SABOTAGES, commit, mend
from jira_integration.sandbox.settings import JONAS_ACCOUNT
from jira_integration.sandbox.start import acting_as, reset
from jira_integration.sandbox.store import issue_of


def _jira(request: Request) -> Jira:
    jira: Jira = request.app.state.jira
    return jira


def _traffic(request: Request) -> Traffic:
    traffic: Traffic = request.app.state.traffic
    return traffic


async def _object(request: Request) -> dict[str, Any]:
    try:
        given = json.loads(await request.body() or b"{}")
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise FaultError("The body must be a JSON object.")
    return given


def _no(message: str) -> Response:
    return JSONResponse({"error": message}, status_code=400)


async def get_log(request: Request) -> Response:
    """`{"requests": [...], "total", "writes"}`; `?since=N` leaves out the first N."""
    log = _traffic(request).log
    since = int(request.query_params.get("since", "0") or 0)
    writes = sum(1 for e in log if e.write)
    return JSONResponse({"requests": [asdict(e) for e in log[since:]], "total": len(log), "writes": writes})


async def clear_log(request: Request) -> Response:
    _traffic(request).log.clear()
    return JSONResponse({})


async def get_faults(request: Request) -> Response:
    """`{"rules": [...], "buckets": [...]}` with their counts."""
    traffic = _traffic(request)
    rules, buckets = [rule_bean(r) for r in traffic.rules], [bucket_bean(b) for b in traffic.buckets]
    return JSONResponse({"rules": rules, "buckets": buckets})


async def post_faults(request: Request) -> Response:
    """Replace all rules and buckets; an empty list takes every fault away."""
    try:
        command(_jira(request), _traffic(request), read_faults(json.loads(await request.body() or b"[]")))
    except (ValueError, TypeError) as trouble:
        return _no(str(trouble))
    return await get_faults(request)


async def post_reset(request: Request) -> Response:
    """Everything as at the first start, and no faults."""
    start_again(_jira(request), _traffic(request))
    return JSONResponse({})


def start_again(jira: Jira, traffic: Traffic) -> None:
    mend(jira, traffic)
    reset(jira)
    traffic.log.clear()
    traffic.rules, traffic.buckets = [], []
    traffic.user_bucket = user_bucket(jira.settings)
    traffic.latency_ms, traffic.latency_per_issue_ms = jira.settings.latency_ms, jira.settings.latency_per_issue_ms


async def post_clock(request: Request) -> Response:
    """`{"advance_seconds": 60}`, `{"stop": true}`, `{"stop_at": "2026-01-31T10:00:00+00:00"}`, `{"run": true}`."""
    try:
        move_clock(_jira(request), await _object(request))
    except (ValueError, TypeError) as trouble:
        return _no(str(trouble))
    return JSONResponse({"now_ms": _jira(request).clock.now_ms()})


async def post_settings(request: Request) -> Response:
    """Change what can change while running: latencies, index lag, key gaps, the answer to a bad login."""
    try:
        turn(_jira(request), _traffic(request), await _object(request))
    except (ValueError, TypeError) as trouble:
        return _no(str(trouble))
    return JSONResponse({})


async def post_project(request: Request) -> Response:
    """Change a Jira project as its admin would: `{"project": "SHOP", "key"?, "name"?, "archived"?, "read_only"?,
    "denied"?: [permissions], "required"?: {issue type id: [field ids]}, "hidden"?: {issue type id: [field ids]}}`."""
    jira = _jira(request)
    given = await _object(request)
    project = jira.site.project_named(str(given.pop("project", "")))
    if project is None:
        return _no("There is no such project.")
    screens = dict(project.screens)
    for type_id, field_ids in given.pop("required", {}).items():
        kept = tuple(p for p in screens[type_id] if p.field_id not in field_ids)
        screens[type_id] = kept + tuple(OnScreen(f, required=True) for f in field_ids)
    for type_id, field_ids in given.pop("hidden", {}).items():
        screens[type_id] = tuple(p for p in screens[type_id] if p.field_id not in field_ids)
    if unknown := sorted(set(given) - {"key", "name", "archived", "read_only", "denied"}):
        return _no(f"Unknown keys: {', '.join(unknown)}.")
    if "denied" in given:
        if strange := sorted(set(given["denied"]) - PROJECT_PERMISSIONS):
            return _no(f"No project permission is named {', '.join(strange)}.")
        given["denied"] = frozenset(given["denied"])
    changed = replace(project, screens=screens, **given)
    jira.site.projects[project.id] = changed
    if changed.key != project.key:
        _rename_keys(jira, project.id, changed.key)
    return JSONResponse({"id": changed.id, "key": changed.key})


def _rename_keys(jira: Jira, project_id: str, key: str) -> None:
    with jira.store.transaction():
        for row in jira.store.rows("SELECT * FROM issue WHERE project_id = ?", project_id):
            issue = issue_of(row)
            jira.store.write("INSERT OR REPLACE INTO old_key VALUES (?, ?)", issue.key, issue.id)
            issue.key = f"{key}-{issue.number}"
            jira.store.save(issue)


async def post_move(request: Request) -> Response:
    """`{"issue": "SHOP-1", "project": "MOB"}`: a new key, the id stays."""
    jira = _jira(request)
    given = await _object(request)
    call = acting_as(jira, JONAS_ACCOUNT, str(request.base_url))
    try:
        with jira.store.transaction():
            issue = call.issue(str(given.get("issue", "")))
            move(call, issue, call.project(str(given.get("project", ""))))
    except JiraProblem as problem:
        return JSONResponse(problem.body, status_code=problem.status)
    jira.deliveries_due.set()
    return JSONResponse({"id": str(issue.id), "key": issue.key})


async def post_archive(request: Request) -> Response:
    """`{"issue": "SHOP-1", "archived": true}`: archive an issue with its sub-tasks, or restore it."""
    jira = _jira(request)
    given = await _object(request)
    call = acting_as(jira, JONAS_ACCOUNT, str(request.base_url))
    try:
        with jira.store.transaction():
            changed = set_archived(call, call.issue(str(given.get("issue", ""))), archived=bool(given.get("archived")))
    except JiraProblem as problem:
        return JSONResponse(problem.body, status_code=problem.status)
    jira.deliveries_due.set()
    return JSONResponse({"changed": changed})


async def get_oauth(request: Request) -> Response:
    """The consents, and how many tokens came of each; never the tokens."""
    return JSONResponse(listed(_jira(request)))


async def post_oauth(request: Request) -> Response:
    """`{"withdraw": true}` (or an account id) ends consents, `{"end_access": true}` every access token's hour."""
    jira = _jira(request)
    given = await _object(request)
    with jira.store.transaction():
        if wanted := given.get("withdraw"):
            withdraw(jira, wanted if isinstance(wanted, str) else "")
        if given.get("end_access"):
            end_access(jira)
    return await get_oauth(request)


async def get_sabotage(request: Request) -> Response:
    """`{"done": [names], "known": {name: words}}` of this flavour."""
    flavour = _jira(request).settings.flavour
    known = {name: one.words for name, one in SABOTAGES.items() if one.only in {None, flavour}}
    return JSONResponse({"done": _traffic(request).sabotage, "known": known})


async def post_sabotage(request: Request) -> Response:
    """`{"names": ["captcha"], "project"?: "SHOP"}`: these in place of those before; none mends."""
    try:
        given = await _object(request)
        names = given.get("names", [])
        if not isinstance(names, list):
            raise TypeError("names is a list.")
        commit(_jira(request), _traffic(request), map(str, names), str(given.get("project", "SHOP")))
    except (ValueError, TypeError) as trouble:
        return _no(str(trouble))
    return await get_sabotage(request)


async def get_issues(request: Request) -> Response:
    """Every issue with all fields and properties, by id: the truth, index or not."""
    jira = _jira(request)
    beans = jira.beans(str(request.base_url))
    rows = jira.store.rows("SELECT * FROM issue ORDER BY id")
    return JSONResponse([issue_bean(beans, issue_of(r), ["*all"], ["*all"]) for r in rows])


async def get_deliveries(request: Request) -> Response:
    """What became of each webhook message."""
    rows = _jira(request).store.rows(
        "SELECT id, webhook_id, identifier, event, attempts, outcome FROM delivery ORDER BY id"
    )
    return JSONResponse([dict(r) for r in rows])


def control_routes() -> list[Route]:
    return [
        Route("/_sandbox/log", get_log, methods=["GET"]),
        Route("/_sandbox/log", clear_log, methods=["DELETE"]),
        Route("/_sandbox/faults", get_faults, methods=["GET"]),
        Route("/_sandbox/faults", post_faults, methods=["POST", "PUT"]),
        Route("/_sandbox/reset", post_reset, methods=["POST"]),
        Route("/_sandbox/clock", post_clock, methods=["POST"]),
        Route("/_sandbox/settings", post_settings, methods=["POST"]),
        Route("/_sandbox/project", post_project, methods=["POST"]),
        Route("/_sandbox/move", post_move, methods=["POST"]),
        Route("/_sandbox/archive", post_archive, methods=["POST"]),
        Route("/_sandbox/oauth", get_oauth, methods=["GET"]),
        Route("/_sandbox/oauth", post_oauth, methods=["POST"]),
        Route("/_sandbox/sabotage", get_sabotage, methods=["GET"]),
        Route("/_sandbox/sabotage", post_sabotage, methods=["POST"]),
        Route("/_sandbox/issues", get_issues, methods=["GET"]),
        Route("/_sandbox/deliveries", get_deliveries, methods=["GET"]),
    ]
