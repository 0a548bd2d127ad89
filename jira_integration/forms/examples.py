"""What a real story will send, in a few words: the last column of the mapping table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jira_integration.contracts import FieldKind, StoryField, StorySnapshot
from jira_integration.mapping.metadata import JiraField

LONG = 60  # characters; the column is narrow
NOTHING = "–"


def example_of(
    snapshot: StorySnapshot, story_field: StoryField, jira_field: JiraField, value_map: Mapping[str, str]
) -> str:
    """The story's own value as it would go to Jira; a dash when it has none."""
    value = snapshot.values.get(story_field.key)
    if value in (None, "", [], ()):
        return NOTHING
    match story_field.kind:
        case FieldKind.CHOICE:
            return _choice(value, story_field, jira_field, value_map)
        case FieldKind.LABELS:
            return short(", ".join("-".join(str(label).split()) for label in value))
        case FieldKind.CRITERIA:
            first = value[0].text or f"{value[0].given} {value[0].when} {value[0].then}"
            count = ngettext("%(count)d criterion", "%(count)d criteria", len(value)) % {"count": len(value)}
            return short(f"{count}: {first.strip()}")
        case FieldKind.PARENT:
            return _("The key of its epic")
        case _:
            return short(str(value))


def _choice(value: Any, story_field: StoryField, jira_field: JiraField, value_map: Mapping[str, str]) -> str:
    ours = next((one.label for one in story_field.choices if one.value == value), str(value))
    target = value_map.get(str(value))
    if target is None:
        return _("%(ours)s: not decided yet") % {"ours": ours}
    theirs = next((one.name for one in jira_field.allowed if one.id == target), NOTHING)
    return f"{ours} → {theirs}"


def short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONG else line[: LONG - 1].rstrip() + "…"
