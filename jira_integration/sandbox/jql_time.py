"""Times in JQL."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from jira_integration.sandbox.clock import zone
from jira_integration.sandbox.jql import Clause, Function, JqlError, Value

_MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10_080}
_RELATIVE = re.compile(r"([+-]?)(\d{1,6})([mhdw])")
_DATES = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")


def moment(clause: Clause, value: Value | Function, now_ms: int, account_zone: str) -> int:
    """Epoch ms: relative to now, or a minute in the zone of the caller's profile, which answers are not in.

    Raises JqlError for what is no time.
    """
    here = zone(account_zone)
    now = datetime.fromtimestamp(now_ms / 1000, tz=UTC).astimezone(here)
    if isinstance(value, Function):
        if value.name == "now":
            return now_ms
        if value.name == "startofday":
            return int(now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)
        raise JqlError(f"Unable to find JQL function '{value.name}()'.")
    if relative := _RELATIVE.fullmatch(value.text.strip()):
        sign, count, unit = relative.groups()
        minutes = int(count) * _MINUTES[unit] * (-1 if sign == "-" else 1)
        return now_ms + minutes * 60_000
    for form in _DATES:
        try:
            naive = datetime.strptime(value.text, form)
        except ValueError:
            continue
        return int(naive.replace(tzinfo=here).timestamp() * 1000)
    raise JqlError(
        f"Date value '{value.text}' for field '{clause.field}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
        "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
    )
