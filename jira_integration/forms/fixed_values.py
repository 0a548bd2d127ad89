"""A Jira field that always gets the same value: how it is typed, stored in Jira's form, and shown again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from jira_integration.mapping.metadata import JiraField
from jira_integration.mapping.shapes import Shape, shape_of
from jira_integration.models import FieldMapping

ALWAYS, FROM = "always", "from"  # "always:<id>", "always" with a typed text, "from:<story field>"


def fixed_value(jira_field: JiraField, option_id: str, text: str) -> tuple[Any, str]:
    """(value in Jira's form, error) of what was chosen or typed."""
    text = text.strip()
    match shape_of(jira_field):
        case Shape.CHOICE:
            if option_id in {one.id for one in jira_field.allowed}:
                return {"id": option_id}, ""
            return None, _("%(field)s has no such value any more. Choose another.") % {"field": jira_field.name}
        case Shape.NUMBER:
            try:
                return float(text.replace(",", ".")), ""
            except ValueError:
                return None, _("Write a number for %(field)s.") % {"field": jira_field.name}
        case Shape.LABELS:
            labels = text.replace(",", " ").split()
            return (labels, "") if labels else (None, _("Write at least one label."))
        case Shape.LINE if text:
            return " ".join(text.split())[:255], ""
    return None, _("Write the value for %(field)s.") % {"field": jira_field.name}


def in_words(jira_field: JiraField, value: Any) -> str:
    if isinstance(value, Mapping):
        return next((one.name for one in jira_field.allowed if one.id == value.get("id")), str(value.get("id", "")))
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def fill_of(saved: FieldMapping | None) -> str:
    if saved is None:
        return ""
    if saved.story_field:
        return f"{FROM}:{saved.story_field}"
    return f"{ALWAYS}:{saved.fixed_value['id']}" if isinstance(saved.fixed_value, Mapping) else ALWAYS


def text_of(saved: FieldMapping | None) -> str:
    if saved is None or saved.fixed_value is None or isinstance(saved.fixed_value, Mapping):
        return ""
    return ", ".join(saved.fixed_value) if isinstance(saved.fixed_value, list) else f"{saved.fixed_value}"
