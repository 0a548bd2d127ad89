"""What can be turned while the sandbox runs: settings, clock, faults. For the JSON doors, the page and the file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from jira_integration.sandbox.bucket import user_bucket
from jira_integration.sandbox.bulk import ENDS
from jira_integration.sandbox.call import Jira
from jira_integration.sandbox.faults import Faults
from jira_integration.sandbox.gate import Traffic
from jira_integration.sandbox.settings import BadLogin

_COUNTS = {"latency_ms", "latency_per_issue_ms", "index_lag_ms", "key_gap", "captcha_after", "bulk_ms_per_issue"} | {
    "access_seconds", "refresh_leeway_seconds", "ended_access_status",
}  # fmt: skip
_LIMITS = {"user_limit", "user_fill_rate"}
_SWITCHES = ("account_is_admin", "may_bulk_change", "basic_auth", "token_ended")
_TEXTS = ("token", "password", "bulk_ends", "oauth_client_secret", "scoped_token", "scoped_to")
_KINDS: dict[str, type] = dict.fromkeys(_SWITCHES, bool) | dict.fromkeys(_TEXTS, str)


def turn(jira: Jira, traffic: Traffic, given: Mapping[str, Any]) -> None:
    """Latencies, index lag, key gaps, the answer to a bad login; nothing is changed when one of them is wrong.

    Raises ValueError or TypeError saying what is wrong.
    """
    values = dict(given)
    if unknown := sorted(set(values) - _COUNTS - _LIMITS - set(_KINDS) - {"bad_login", "webhook_retry_scale"}):
        raise ValueError(f"These cannot be changed while it runs: {', '.join(unknown)}.")
    for name in (_COUNTS | _LIMITS) & set(values):
        values[name] = _count(name, values[name])
    for name, kind in _KINDS.items():
        if name in values and not isinstance(values[name], kind):
            raise TypeError(f"{name} cannot be {values[name]!r}.")
    if "bad_login" in values:
        values["bad_login"] = BadLogin(values["bad_login"])
    if values.get("bulk_ends", "COMPLETE") not in ENDS:
        raise ValueError(f"bulk_ends is one of {', '.join(ENDS)}.")
    if "webhook_retry_scale" in values:
        values["webhook_retry_scale"] = float(values["webhook_retry_scale"])
    traffic.latency_ms = values.pop("latency_ms", traffic.latency_ms)
    traffic.latency_per_issue_ms = values.pop("latency_per_issue_ms", traffic.latency_per_issue_ms)
    jira.store.index_lag_ms = values.pop("index_lag_ms", jira.store.index_lag_ms)
    jira.settings = replace(jira.settings, **values)
    if _LIMITS & set(values):
        traffic.user_bucket = user_bucket(jira.settings)


def _count(name: str, value: Any) -> int:
    number = int(value)
    if not 0 <= number < 10**9:
        raise ValueError(f"{name} is a whole number from 0.")
    return number


def move_clock(jira: Jira, given: Mapping[str, Any]) -> None:
    """`advance_seconds`, `stop`, `stop_at` (ISO 8601), `run`. Raises ValueError or TypeError."""
    clock = jira.clock
    if unknown := sorted(set(given) - {"advance_seconds", "stop", "stop_at", "run"}):
        raise ValueError(f"The clock knows nothing of {', '.join(unknown)}.")
    step = int(float(given.get("advance_seconds", 0)) * 1000)
    if abs(step) > 10**12:
        raise ValueError("The clock moves by at most thirty years at a time.")
    if given.get("stop_at"):
        moment = datetime.fromisoformat(given["stop_at"])
        clock.stop(int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000))
    if given.get("stop"):
        clock.stop()
    if given.get("run"):
        clock.run()
    clock.advance(step)


def command(jira: Jira, traffic: Traffic, faults: Faults) -> None:
    """Take these rules and buckets in place of the old, and turn what they ask to be turned. Raises ValueError."""
    try:
        turn(jira, traffic, faults.settings)
        move_clock(jira, faults.clock)
    except TypeError as trouble:  # a list where a number belongs
        raise ValueError(str(trouble)) from None
    traffic.rules, traffic.buckets = faults.rules, faults.buckets
