"""The two sides of a schedule of two_ways: our story's values, and a Jira that remembers what it held."""

from __future__ import annotations

from typing import Any

from jira_integration.client.answers import Answer
from jira_integration.richtext import adf_to_markdown
from stories_qa.models import Story
from tests.chaos.virtual import clock
from tests.chaos.world import STATUSES, Issue, World, ok, status, wanted

OURS = {"1": "backlog", "2": "in_progress", "3": "done"}
THEIRS = {ours: theirs for theirs, ours in OURS.items()}
BASE = {"title": "Pay", "labels": ["api", "web"], "description": "one\n\ntwo\n\nthree", "status": "backlog"}


def values_of(story: Story) -> dict[str, Any]:
    return {name: getattr(story, name) for name in BASE}


def parts(name: str, value: Any) -> set[str]:
    """What of a value may get lost on its own: a label, a line, or the whole."""
    if name == "labels":
        return set(value or ())
    return set(filter(None, str(value or "").split("\n"))) if name == "description" else {str(value)}


def in_our_form(name: str, fields: dict[str, Any]) -> Any:
    match name:
        case "title":
            return fields.get("summary")
        case "labels":
            return sorted(fields.get("labels") or [])
        case "description":
            document = fields.get("description")
            return adf_to_markdown(document).value.strip() if document else ""
    return None


class Jira(World):
    """The world of the export's schedules with a free workflow, an index by time of change, and a memory."""

    def __init__(self, **columns: Any) -> None:
        super().__init__(**columns)
        self.game: Any = None  # the schedule, which is told of every write of ours
        self.indexed: dict[str, float] = {}

    def search(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        if "updated >=" not in body["jql"]:
            return super().search(body)
        minutes = int(body["jql"].partition('"-')[2].partition("m")[0])
        found = [
            one
            for one in self.issues.values()
            if one.updated_at + self.index_lag <= clock.seconds and one.updated_at >= clock.seconds - 60 * minutes
        ]
        return [self.shown(one, body) for one in found]

    def transitions(self, issue: Issue | None, body: dict[str, Any]) -> Answer:
        assert issue is not None
        if not body:
            return ok({"transitions": [{"id": one, "name": "Go", "to": status(one)} for one in STATUSES]})
        assert self.game is not None
        self.game.our_write("status", OURS[issue.status], OURS[body["transition"]["id"]])
        issue.status, issue.updated_at = body["transition"]["id"], clock.seconds
        self.game.remember_jira()
        return Answer(204, {}, b"")

    def edit(self, issue: Issue | None, body: dict[str, Any]) -> Answer:
        assert issue is not None
        assert self.game is not None
        fields = wanted(issue.fields, body)
        for name, theirs in (("title", "summary"), ("labels", "labels"), ("description", "description")):
            if theirs in fields:
                self.game.our_write(name, in_our_form(name, issue.fields), in_our_form(name, fields))
        answer = super().edit(issue, body)
        self.game.remember_jira()
        return answer


def values_equal(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    return all(parts(name, ours[name]) == parts(name, theirs[name]) for name in BASE)
