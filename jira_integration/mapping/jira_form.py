"""Values in Jira's own form, cut down to what can be compared: what we send and what Jira gives back look different.

Jira answers `{"self": …, "id": "2", "name": "High", "iconUrl": …}` where `{"id": "2"}` was sent, sorts labels, adds
attributes to documents. Two values are equal when their reduced forms are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jira_integration.richtext import adf_to_markdown

IDENTIFIED = ("accountId", "id", "key", "name", "value")


def is_document(value: Any) -> bool:
    """Whether a value is an ADF document."""
    return isinstance(value, Mapping) and value.get("type") == "doc" and "content" in value


def reduced(value: Any) -> Any:
    """The part of a field's value that says what it is. Empty text, empty lists and null are all None."""
    if is_document(value):
        text = adf_to_markdown(value).value.strip()
        return {"doc": text} if text else None
    if isinstance(value, Mapping):
        name = next((name for name in IDENTIFIED if value.get(name) not in (None, "")), None)
        if name is None:
            return None
        kept: dict[str, Any] = {name: str(value[name])}
        if isinstance(value.get("child"), Mapping):
            kept["child"] = reduced(value["child"])
        return kept
    if isinstance(value, list | tuple):
        members = [reduced(member) for member in value]
        return sorted(members, key=str) or None
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str):
        return value.replace("\r\n", "\n").strip() or None
    return None


def in_words(value: Any) -> str:
    """A field's value as a person reads it, in a preview or a conflict."""
    if value is None:
        return ""
    if is_document(value):
        return adf_to_markdown(value).value.strip()
    if isinstance(value, Mapping):
        for name in ("displayName", "name", "value", "key", "id"):
            if value.get(name):
                child = in_words(value["child"]) if isinstance(value.get("child"), Mapping) else ""
                return f"{value[name]} \u203a {child}" if child else str(value[name])
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(in_words(member) for member in value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
