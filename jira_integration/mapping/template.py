"""Texts composed from a story: `{{ story.key }}: {{ story.title }}`.

Looks like Django's templates and is not one: names are put in, and nothing else happens. There are no tags, filters,
attributes or calls, so a mapping can show nothing of the site but the story it is for
(docs/decisions/0010-composed-texts.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from jira_integration.contracts import Criterion, FieldKind, Person, StoryField, StorySnapshot, TestCase

PLACEHOLDER = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)
ALWAYS = ("story.key", "story.url", "project.key", "project.name")
LONGEST = 4_000  # characters of a template


def names(story_fields: Iterable[StoryField]) -> tuple[str, ...]:
    """Every placeholder that may be used, for the page's help and its check."""
    known = [f"story.{one.key}" for one in story_fields if one.kind is not FieldKind.PARENT]
    return (*ALWAYS, "story.epic", *known)


def problem(template: str, story_fields: Sequence[StoryField]) -> str:
    """Why a template cannot be saved; "" when it can."""
    if len(template) > LONGEST:
        return _("Keep it under %(count)d characters.") % {"count": LONGEST}
    used = PLACEHOLDER.findall(template)
    unknown = [one for one in used if one not in names(story_fields)]
    if unknown:
        return _("There is no “%(name)s”. Known: %(names)s.") % {
            "name": unknown[0],
            "names": ", ".join(names(story_fields)),
        }
    rest = PLACEHOLDER.sub("", template)
    if "{{" in rest or "}}" in rest or "{%" in rest:
        return _("Write placeholders as {{ story.key }}; nothing else in braces is understood.")
    if not used:
        return _("Use at least one placeholder, or choose a fixed value.")
    return ""


def composed(template: str, values: Mapping[str, str]) -> str:
    """The text with its placeholders filled. "" when none of them has a value: words around nothing say nothing."""
    used = PLACEHOLDER.findall(template)
    if not any(values.get(name) for name in used):
        return ""
    return PLACEHOLDER.sub(lambda match: values.get(match[1], ""), template)


def values_of(
    snapshot: StorySnapshot,
    story_fields: Mapping[str, StoryField],
    *,
    url: str,
    project: tuple[str, str] = ("", ""),
    epic: str = "",
) -> dict[str, str]:
    """Placeholder → text for one story. `url` is its absolute address, `project` its backlog's key and name."""
    found = {
        "story.key": snapshot.key,
        "story.url": url,
        "story.epic": epic,
        "project.key": project[0],
        "project.name": project[1],
    }
    for name, story_field in story_fields.items():
        found[f"story.{name}"] = in_text(snapshot.values.get(name), story_field)
    return found


def in_text(value: Any, story_field: StoryField) -> str:
    """A value of ours as people read it; Markdown where it was Markdown."""
    match value:
        case None:
            return ""
        case Person():
            return value.name or value.email
        case float() if value.is_integer():
            return str(int(value))
        case list() | tuple():
            listed = story_field.kind in (FieldKind.CRITERIA, FieldKind.TESTS)
            return "\n".join(f"- {_line(one)}" for one in value) if listed else ", ".join(map(str, value))
    word = next((one.label for one in story_field.choices if one.value == value), value)
    return str(word)


def _line(value: Any) -> str:
    match value:
        case Criterion(text=text) if text:
            return text
        case Criterion(given=given, when=when, then=then):
            words = (("Given", given), ("When", when), ("Then", then))
            return ", ".join(f"{word} {part}" for word, part in words if part)
        case TestCase(key=key, title=title):
            return f"{key} {title}"
    return str(value)
