"""Conflicts of every kind, for the pages that show them."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone

from jira_integration.models import Conflict, ExportedTicket
from stories_qa.models import Story

LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnung, עברית, and on it goes " * 3


def the_conflicts(stories: list[Story]) -> None:
    """Every kind of field in conflict on one story, Jira's value out of reach in two of them; a second story whose
    issue is missing; a third with one field."""
    plain, crowded, missing = (ExportedTicket.objects.get(story_key=stories[place].key) for place in (0, 3, 5))
    steps = [{"text": "Works", "given": "", "when": "", "then": ""}]
    more = [*steps, {"text": "", "given": "a cart", "when": "I pay", "then": "it is empty"}]
    person = {"name": "Jonas Ortiz", "email": ""}
    values: dict[str, tuple[str, Any, Any, Any]] = {
        "title": ("text", "Old words", LONG, "Old words, renamed in Jira"),
        "description": ("rich_text", "One\n\nTwo", "One here\n\nTwo", "One there\n\nTwo"),
        "criteria": ("criteria", steps, more, []),
        "priority": ("choice", "medium", "high", "urgent"),
        "points": ("number", 3, 5, None),
        "labels": ("labels", ["a"], ["a", "l" * 120], ["b"]),
        "assignee": ("person", None, person, None),
        "status": ("status", "draft", "done", None),
        "summary": ("text", None, None, None),
    }
    now = timezone.now()
    for name, (kind, base, ours, theirs) in values.items():
        Conflict.objects.create(
            ticket=crowded,
            field=name,
            jira_field=f"jira_{name}",
            jira_name=name.capitalize(),
            kind=kind,
            reason="unknown_status" if name == "status" else "",
            base=base,
            ours=ours,
            ours_by="Ana Lindqvist",
            ours_at=now,
            theirs=theirs,
            theirs_words=str(theirs or "Waiting for the bank"),
            theirs_by="Jonas Ortiz",
            theirs_at=now,
        )
    for ticket in (missing, plain):
        Conflict.objects.create(
            ticket=ticket, field="title", jira_field="summary", jira_name="Summary", kind="text", ours="A", theirs="B"
        )


def pages_of_conflicts() -> dict[str, list[str]]:
    """URL name → addresses, as `every_state.every_page` gives them."""

    def jira(name: str, *keys: object) -> str:
        return reverse(f"jira_integration:{name}", args=["SHOP", *keys])

    crowded, missing, plain = (
        ExportedTicket.objects.get(conflicts__field=field, sync=sync).pk
        for field, sync in (("labels", "conflict"), ("title", "missing"), ("title", "in_sync"))
    )
    chosen = [f"{jira('conflict', crowded)}?choose={choice}" for choice in ("ours", "theirs", "merged")]
    both = f"conflict={crowded}&conflict={plain}"
    return {
        "jira_integration:conflicts": [jira("conflicts"), "/p/NEW/jira/conflicts/"],
        "jira_integration:conflict": [*(jira("conflict", one) for one in (crowded, missing, plain)), *chosen],
        "jira_integration:conflicts_preview": [
            f"{jira('conflicts_preview')}?take={choice}&{both}" for choice in ("ours", "theirs")
        ],
    }
