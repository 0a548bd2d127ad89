"""Values as Jira gave them, in the form in which Jira takes them again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jira_integration.mapping.jira_form import is_document

NAMES = ("accountId", "id", "name", "key", "value")  # what identifies a value, the best first


def put_back_value(value: Any) -> Any:
    """`{"self": …, "id": "2", "name": "High"}` → `{"id": "2"}`; people by account, on Data Center by name; texts,
    documents, numbers and labels as they are."""
    if isinstance(value, list):
        return [put_back_value(one) for one in value]
    if not isinstance(value, Mapping) or is_document(value):
        return value
    name = next((name for name in NAMES if value.get(name)), None)
    if name is None:
        return None
    kept = {name: value[name]}
    if isinstance(value.get("child"), Mapping):
        kept["child"] = put_back_value(value["child"])
    return kept
