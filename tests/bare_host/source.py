"""Stories in a dictionary: the smallest StorySource."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from jira_integration.contracts import (
    Act,
    Applied,
    Choice,
    FieldKind,
    Kin,
    Kind,
    ProjectInfo,
    StoryChanged,
    StoryComment,
    StoryField,
    StorySnapshot,
)

NOTES = ProjectInfo(ref="notebook", key="NOTES", name="Notebook")
WRITTEN = datetime(2026, 1, 2, tzinfo=UTC)
STATUSES = (Choice("open", "Open"), Choice("done", "Done"))
STORIES: dict[str, dict[str, Any]] = {
    "note:1": {"title": "Water the plants", "description": "Twice a week.", "status": "open", "version": 1},
    "note:2": {"title": "Call the landlord", "description": "", "status": "done", "version": 3},
}


class Notebook:
    """Everybody who is signed in may look; staff may do the rest."""

    def projects_for(self, user: Any) -> Sequence[ProjectInfo]:
        return [NOTES] if self.may(user, NOTES.ref, Act.VIEW) else []

    def projects(self) -> Sequence[ProjectInfo]:
        return [NOTES]

    def project(self, key: str) -> ProjectInfo | None:
        return NOTES if key == NOTES.key else None

    def project_by_ref(self, ref: str) -> ProjectInfo | None:
        return NOTES if ref == NOTES.ref else None

    def may(self, user: Any, project_ref: str, act: Act) -> bool:
        known = bool(user and user.is_authenticated and user.is_active) and project_ref == NOTES.ref
        return known and (act == Act.VIEW or user.is_staff)

    def who_may(self, project_ref: str, act: Act) -> Sequence[str]:
        return ["the landlady"]

    def fields(self, project_ref: str, kind: Kind) -> Sequence[StoryField]:
        return [
            StoryField("title", "Title", FieldKind.TEXT),
            StoryField("description", "Text", FieldKind.RICH_TEXT),
            StoryField("status", "Status", FieldKind.STATUS, STATUSES),
        ]

    def refs(self, project_ref: str, kind: Kind | None = None) -> Sequence[str]:
        return list(STORIES) if kind in (None, Kind.STORY) else []

    def snapshots(self, project_ref: str, refs: Iterable[str]) -> Iterator[StorySnapshot]:
        for ref in refs:
            if ref in STORIES:
                note = dict(STORIES[ref])
                version = note.pop("version")
                number = ref.partition(":")[2]
                yield StorySnapshot(ref, Kind.STORY, f"N-{number}", version, note, self.story_url(ref), WRITTEN)

    def kin(self, project_ref: str, refs: Iterable[str]) -> Iterator[Kin]:
        return (Kin(ref, Kind.STORY) for ref in refs if ref in STORIES)

    def versions(self, project_ref: str, refs: Iterable[str]) -> Mapping[str, int]:
        return {ref: int(STORIES[ref]["version"]) for ref in refs if ref in STORIES}

    def matching(self, project_ref: str, query: str) -> Sequence[str]:
        return list(STORIES)

    def sync_counts(self, project_ref: str) -> Mapping[str, int]:
        return {"not_exported": len(STORIES)}

    def resolve(self, project_ref: str, key: str) -> str | None:
        ref = key.replace("N-", "note:")
        return ref if ref in STORIES else None

    def apply(self, ref: str, values: Mapping[str, Any], *, expected_version: int | None, actor: str) -> Applied:
        note = STORIES[ref]
        if expected_version not in (None, note["version"]):
            raise StoryChanged(ref)
        note.update(values)
        note["version"] += 1
        return Applied(note["version"], tuple(values))

    def comments(self, refs: Iterable[str]) -> Iterator[StoryComment]:
        return iter(())

    def keep_comment(self, comment: StoryComment, *, expected: str | None = None) -> str:
        return ""

    def story_url(self, ref: str) -> str:
        return f"/notes/#{ref}"

    def project_url(self, project_ref: str) -> str:
        return "/notes/"

    def base_template(self, request: Any) -> str:
        return "bare/base.html"
