"""Whether Jira takes a value, as far as its own list of fields tells: for fixed values, defaults and what we made.

Limits and forms are those of Jira Cloud; docs/what-jira-refuses.md lists them with the sentence Jira says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from jira_integration.mapping.findings import Finding
from jira_integration.mapping.metadata import AllowedValue, JiraField
from jira_integration.mapping.shapes import LISTED, MANY, Shape, shape_of

LINE_MAX = 255  # characters of a summary, a text field, a label
ADDRESS = re.compile(r"(?i)^(https?|ftp)://[^\s/?#]+\.?[^\s]*$")
MOMENT = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?(Z|[+-]\d{2}:?\d{2})$")
ESTIMATE = re.compile(r"^\s*(\d+(\.\d+)?[wdhm]\s*)+$")
NAMED = 12  # allowed values a finding lists


def refusal(jira_field: JiraField, value: Any) -> Finding | None:
    """Why Jira would not take this value for this field; None when nothing speaks against it."""
    shape = shape_of(jira_field)
    about = {"field": jira_field.name, "field_id": jira_field.id}
    if shape in LISTED:
        return _not_listed(jira_field, value, shape, about)
    if shape in MANY and not isinstance(value, list | tuple):
        return Finding("value_malformed", {**about, "value": _short(value)}, blocking=True)
    fine = True
    match shape:
        case Shape.LINE:
            fine = isinstance(value, str) and len(value) <= LINE_MAX and not re.search(r"[\r\n]", value)
        case Shape.URL:
            fine = isinstance(value, str) and is_address(value)
        case Shape.NUMBER:
            fine = isinstance(value, int | float) and not isinstance(value, bool)
        case Shape.DATE:
            fine = is_date(value)
        case Shape.DATETIME:
            fine = is_moment(value)
        case Shape.LABELS:
            fine = all(isinstance(one, str) and 0 < len(one) <= LINE_MAX and not re.search(r"\s", one) for one in value)
        case Shape.USER:
            fine = _names_somebody(value)
        case Shape.USERS:
            fine = all(_names_somebody(one) for one in value)
        case Shape.TIME:
            fine = isinstance(value, Mapping) and all(ESTIMATE.match(str(one)) for one in value.values())
        case Shape.SPRINT:
            fine = isinstance(value, int) and not isinstance(value, bool)
    return None if fine else Finding("value_malformed", {**about, "value": _short(value)}, blocking=True)


def _not_listed(jira_field: JiraField, value: Any, shape: Shape, about: Mapping[str, Any]) -> Finding | None:
    parts = value if isinstance(value, list | tuple) else [value]
    if (shape in MANY) != isinstance(value, list | tuple):
        return Finding("value_malformed", {**about, "value": _short(value)}, blocking=True)
    offered = {one.id: one for one in jira_field.allowed if not one.off}
    for part in parts:
        found = offered.get(str(part.get("id", ""))) if isinstance(part, Mapping) else None
        child = part.get("child") if isinstance(part, Mapping) else None
        if found is None or (child is not None and str(child.get("id", "")) not in _on(found.children)):
            code = "priority_not_allowed" if jira_field.system == "priority" else "value_not_allowed"
            return Finding(code, {**about, "value": word_of(jira_field, part), "allowed": names_of(jira_field)}, True)
    return None


def _on(values: tuple[AllowedValue, ...]) -> set[str]:
    return {one.id for one in values if not one.off}


def names_of(jira_field: JiraField) -> str:
    """The values Jira offers, the first few of them."""
    names = [one.name for one in jira_field.allowed if not one.off]
    return ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")


def word_of(jira_field: JiraField, part: Any) -> str:
    """What people call one value sent: the names behind its ids."""
    if not isinstance(part, Mapping):
        return _short(part)
    found = next((one for one in jira_field.allowed if one.id == str(part.get("id", ""))), None)
    word = found.name if found else str(part.get("id") or part.get("name") or part.get("value") or "")
    child = part.get("child")
    if isinstance(child, Mapping):
        under = found.children if found else ()
        word += " \u203a " + next((one.name for one in under if one.id == str(child.get("id"))), str(child.get("id")))
    return word


def is_address(text: str) -> bool:
    return bool(ADDRESS.match(text))


def is_date(value: Any) -> bool:
    try:
        return bool(date.fromisoformat(value)) and len(value) == len("2026-11-30")
    except (TypeError, ValueError):
        return False


def is_moment(value: Any) -> bool:
    if not isinstance(value, str) or not MOMENT.match(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _names_somebody(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value.get("accountId") or value.get("id") or value.get("name"))


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:79] + "…"
