"""The control page at /_sandbox/: faults, limits, clock and the request log, for people; plain forms only."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from jira_integration.sandbox.bucket import read_buckets
from jira_integration.sandbox.call import Jira
from jira_integration.sandbox.control import start_again
from jira_integration.sandbox.faults import KINDS, REASONS, FaultError, Rule, read_rule, rule_bean
from jira_integration.sandbox.gate import Entry, Traffic
from jira_integration.sandbox.grants import listed, withdraw
from jira_integration.sandbox.knobs import move_clock, turn
from jira_integration.sandbox.page import Html, fill, join, render, respond
from jira_integration.sandbox.people import PROJECT_PERMISSIONS
from jira_integration.sandbox.sabotage import SABOTAGES, commit
from jira_integration.sandbox.settings import BadLogin

Form = dict[str, str]
_Change = Callable[[Jira, Traffic, Form], None]
_TAIL = 50  # requests on the page
_TEXTS = ("path", "nth", "from", "times", "chance", "seed", "seconds", "retry_after", "more", "rate", "burst")
_PATHS = (".*/issue/bulk", ".*/issue/bulkfetch", ".*/search/jql", ".*/issue/[^/]+", ".*/transitions", ".*/myself")
_METHODS = (("*", "any"), ("GET", "GET"), ("POST", "POST"), ("PUT", "PUT"), ("DELETE", "DELETE"))
_PERS = {"site": "the whole site", "endpoint": "each endpoint", "issue": "writes to one issue"}
_NOT_HOW = {"kind", "method", "path", "nth", "first", "times", "chance", "seed", "id", "seen", "used"}


async def control_page(request: Request) -> Response:
    return _shown(request)


def _shown(request: Request, form: Form | None = None, problem: str = "") -> Response:
    """The page; with a problem, what was typed is still there."""
    jira, traffic, given = request.app.state.jira, request.app.state.traffic, form or {}
    clock, settings = jira.clock, jira.settings
    stopped = clock.stopped_at_ms is not None
    turned = {
        "latency_ms": traffic.latency_ms,
        "latency_per_issue_ms": traffic.latency_per_issue_ms,
        "index_lag_ms": jira.store.index_lag_ms,
        "key_gap": settings.key_gap,
        "captcha_after": settings.captcha_after,
    }
    page = render(
        "control",
        requests=len(traffic.log),
        writes=sum(entry.write for entry in traffic.log),
        problem=fill('<div class="problem" role="alert">$why</div>', why=problem) if problem else "",
        rules=_rules(traffic.rules),
        open_rule=Html("open") if problem and "kind" in given else "",
        kinds=_options(KINDS.items(), given.get("kind", "close_after_write")),
        methods=_options(_METHODS, given.get("method", "POST")),
        paths=join(fill('<option value="$path"></option>', path=path) for path in _PATHS),
        whens=_options((("before", "instead of the write"), ("after", "after the write")), given.get("when", "")),
        thens=_options((("answer", "the answer"), ("close", "the connection is closed")), given.get("then", "")),
        reasons=_options((("", "none"), *((r, r) for r in REASONS)), given.get("reason", "")),
        as_date=Html(" checked") if given.get("as_date") else "",
        bad_logins=_options(
            ((BadLogin.REFUSED, "is refused"), (BadLogin.ANONYMOUS, "is answered as nobody")),
            given.get("bad_login", settings.bad_login),
        ),
        buckets=_buckets(traffic),
        pers=_options(_PERS.items(), given.get("per", "")),
        bucket_reasons=_options(((r, r) for r in REASONS), given.get("reason", "")),
        now=f"{datetime.fromtimestamp(clock.now_ms() / 1000, tz=UTC):%Y-%m-%d %H:%M:%S} UTC",
        clock_state="It stands still." if stopped else "It is running.",
        clock_do="run" if stopped else "stop",
        clock_word="Let it run" if stopped else "Stop it",
        sabotages=_options(_sabotages(jira), next(iter(traffic.sabotage), "")),
        sabotage=", ".join(SABOTAGES[name].words for name in traffic.sabotage) or "Nothing is broken on purpose.",
        projects=_options(((p.key, p.name) for p in jira.site.projects.values()), given.get("project", "SHOP")),
        rights=_rights_now(jira),
        permissions=join(fill('<option value="$p"></option>', p=p) for p in sorted(PROJECT_PERMISSIONS)),
        consents=sum(not consent["withdrawn"] for consent in listed(jira)),
        log=_log(traffic.log),
        **{name: given.get(name, "") for name in _TEXTS},
        **{name: given.get(name, value) for name, value in turned.items()},
    )  # fmt: skip
    trail = fill('<a href="/">Projects</a>')
    return respond("Faults and clock", page, trail=trail, status=400 if problem else 200)


def _options(choices: Iterable[tuple[str, str]], chosen: str) -> Html:
    return join(
        fill('<option value="$value"$chosen>$word</option>', value=str(value), word=word,
             chosen=Html(" selected") if str(value) == chosen else "")
        for value, word in choices
    )  # fmt: skip


def _sabotages(jira: Jira) -> list[tuple[str, str]]:
    known = [(name, one.words) for name, one in SABOTAGES.items() if one.only in {None, jira.settings.flavour}]
    return [("", "nothing"), *known]


def _rights_now(jira: Jira) -> Html:
    said = [
        fill("<li>$name: $what</li>", name=p.name, what=", ".join([*sorted(p.denied), *["archived"] * p.archived]))
        for p in jira.site.projects.values()
        if p.denied or p.archived
    ]
    return fill("<ul>$said</ul>", said=join(said)) if said else Html("")


def _rules(rules: list[Rule]) -> Html:
    if not rules:
        return Html('<p class="muted">Nothing: every request is answered as Jira would.</p>')
    rows = join(
        render(
            "rule", id=rule.id, what=KINDS[rule.kind], method="" if rule.method == "*" else rule.method,
            path=rule.path, which=_which(rule), how=_how(rule), used=rule.used, seen=rule.seen,
        )
        for rule in rules
    )  # fmt: skip
    return render("rules", rows=rows)


def _which(rule: Rule) -> str:
    said = []
    if rule.nth:
        said.append("number " + ", ".join(str(n) for n in sorted(rule.nth)))
    if rule.first > 1:
        said.append(f"from number {rule.first} on")
    if rule.chance is not None:
        said.append(f"{rule.chance:.0%} of them (seed {rule.seed})")
    if rule.times is not None:
        said.append(f"at most {rule.times}")
    return "; ".join(said) or "every one"


def _how(rule: Rule) -> str:
    usual = rule_bean(Rule(rule.kind))
    told = {k: v for k, v in rule_bean(rule).items() if k not in _NOT_HOW and v != usual[k]}
    return json.dumps(told, ensure_ascii=False)[1:-1]


def _buckets(traffic: Traffic) -> Html:
    rows = join(
        render(
            "bucket", number=number, rate=f"{one.rate:g}", burst=one.burst, per=_PERS[one.per],
            reason=one.reason, refused=one.refused,
        )
        for number, one in enumerate(traffic.buckets)
    )  # fmt: skip
    if not rows:
        return Html('<p class="muted">No limit.</p>')
    return fill('<ul class="limits">$rows</ul>', rows=rows)


def _log(log: list[Entry]) -> Html:
    if not log:
        return Html('<p class="muted">Nobody has asked anything yet.</p>')
    return render("log", rows=join(_log_row(entry) for entry in reversed(log[-_TAIL:])))


def _log_row(entry: Entry) -> Html:
    ended = "" if entry.done else "under way"
    return render(
        "log_row",
        n=entry.n,
        at=f"{datetime.fromtimestamp(entry.at, tz=UTC):%H:%M:%S}",
        method=entry.method,
        path=entry.path + (f"?{entry.query}" if entry.query else ""),
        issues="" if entry.issues is None else entry.issues,
        status=entry.status or ended or "no answer",
        took=round((entry.done - entry.at) * 1000) if entry.done else "",
        fault=KINDS.get(entry.fault, "Over the limit" if entry.fault else ""),
    )


def _form(change: _Change) -> Callable[[Request], Awaitable[Response]]:
    """A POST: make the change, then show the page; on a mistake show it with the reason."""

    async def serve(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        try:
            change(request.app.state.jira, request.app.state.traffic, form)
        except (ValueError, TypeError) as trouble:
            return _shown(request, form, str(trouble))
        return RedirectResponse("/_sandbox/", status_code=303)

    return serve


def _add_rule(jira: Jira, traffic: Traffic, form: Form) -> None:
    given: dict[str, Any] = {
        k: form[k].strip() for k in ("kind", "method", "path", "when", "then", "reason") if form.get(k)
    }
    given |= {name: _number(form[name], whole=True) for name in ("from", "times") if form.get(name)}
    given |= {name: _number(form[name]) for name in ("chance", "seconds", "retry_after") if form.get(name)}
    if form.get("nth"):
        given["nth"] = [_number(part, whole=True) for part in re.split(r"[,\s]+", form["nth"].strip())]
    if form.get("seed"):
        given["seed"] = form["seed"]
    if form.get("as_date"):
        given["as_date"] = True
    more = json.loads(form.get("more", "").strip() or "{}")
    if not isinstance(more, dict):
        raise FaultError("Further keys are a JSON object.")
    traffic.rules = [*traffic.rules, read_rule(given | more)]


def _number(text: str, *, whole: bool = False) -> float:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        raise FaultError(f"{text!r} is not a {'whole ' if whole else ''}number.") from None


def _remove_rule(jira: Jira, traffic: Traffic, form: Form) -> None:
    traffic.rules = [rule for rule in traffic.rules if str(rule.id) != form.get("id")]


def _remove_rules(jira: Jira, traffic: Traffic, form: Form) -> None:
    traffic.rules = []


def _add_bucket(jira: Jira, traffic: Traffic, form: Form) -> None:
    given: dict[str, Any] = {"rate": _number(form.get("rate", "")), "per": form.get("per", "site")}
    if form.get("burst"):
        given["burst"] = _number(form["burst"], whole=True)
    if form.get("reason"):
        given["reason"] = form["reason"]
    traffic.buckets = traffic.buckets + read_buckets(given)


def _remove_bucket(jira: Jira, traffic: Traffic, form: Form) -> None:
    traffic.buckets = [b for number, b in enumerate(traffic.buckets) if str(number) != form.get("number")]


def _settings(jira: Jira, traffic: Traffic, form: Form) -> None:
    turn(jira, traffic, form)


def _clock(jira: Jira, traffic: Traffic, form: Form) -> None:
    move_clock(jira, form)


def _sabotage(jira: Jira, traffic: Traffic, form: Form) -> None:
    commit(jira, traffic, [form["name"]] if form.get("name") else [], form.get("project") or "SHOP")


def _withdraw(jira: Jira, traffic: Traffic, form: Form) -> None:
    with jira.store.transaction():
        withdraw(jira, "")


def _rights(jira: Jira, traffic: Traffic, form: Form) -> None:
    """Permissions by name, and whether the project is archived."""
    project = jira.site.project_named(form.get("project", ""))
    if project is None:
        raise ValueError("There is no such project.")
    denied = frozenset(re.split(r"[,\s]+", form.get("denied", "").strip())) - {""}
    if strange := sorted(denied - PROJECT_PERMISSIONS):
        raise ValueError(f"No project permission is named {', '.join(strange)}.")
    jira.site.projects[project.id] = replace(project, denied=denied, archived=bool(form.get("archived")))


def _forget(jira: Jira, traffic: Traffic, form: Form) -> None:
    traffic.log.clear()


def _start_again(jira: Jira, traffic: Traffic, form: Form) -> None:
    start_again(jira, traffic)


def control_page_routes() -> list[Route]:
    forms: dict[str, _Change] = {
        "rule": _add_rule,
        "rule/remove": _remove_rule,
        "rules/remove": _remove_rules,
        "bucket": _add_bucket,
        "bucket/remove": _remove_bucket,
        "settings": _settings,
        "clock": _clock,
        "sabotage": _sabotage,
        "withdraw": _withdraw,
        "rights": _rights,
        "log": _forget,
        "reset": _start_again,
    }
    return [
        Route("/_sandbox/", control_page, methods=["GET"]),
        *(Route(f"/_sandbox/page/{path}", _form(change), methods=["POST"]) for path, change in forms.items()),
    ]
