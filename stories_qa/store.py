"""From a parsed file to the database: what is new, what changed, what stays. Few queries, whatever the file's size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from stories_qa.importers import ParsedBacklog, ParsedEpic, ParsedStory, ParsedTest, Problem
from stories_qa.importers.parsed import ParsedItem, content_hash
from stories_qa.models import Epic, Project, Story, TestCase
from stories_qa.people import members_by_name
from stories_qa.report import ImportReport, ReportRow
from stories_qa.store_rows import CHILDREN, Row, Said, children_of, create, touch, update

KIND: dict[type[Row], str] = {Epic: "epic", Story: "story", TestCase: "test"}


def compare(project: Project, parsed: ParsedBacklog) -> ImportReport:
    """What `bring_in` would do now. Writes nothing."""
    return _Store(project, parsed, by="", write=False).run()


def bring_in(project: Project, parsed: ParsedBacklog, by: str) -> ImportReport:
    """Store the file, all of it or (when the database refuses) nothing. `by` is the name of who did it.

    An item is known again by its external id, else by its key where the file is of this project. A known one is
    written only when the file says something else than at its last import; then what the file says wins, and what it
    does not speak of stays. Nothing is deleted because a file no longer has it.
    """
    with transaction.atomic():
        locked = Project.objects.select_for_update().get(pk=project.pk)
        return _Store(locked, parsed, by=by, write=True).run()


class _Store:
    def __init__(self, project: Project, parsed: ParsedBacklog, *, by: str, write: bool) -> None:
        self.project, self.parsed, self.by, self.write = project, parsed, by[:150], write
        self.ours = parsed.project_key in {"", project.key}  # then the file's keys are keys here
        self.members = members_by_name(project)
        self.report = ImportReport(parsed.file, parsed.format, project.key, criteria=parsed.criteria_count)
        self.report.stored = write
        self.report.problems = list(parsed.problems)
        self.epics: dict[str, Epic] = {}  # external id in the file → row, and what else an epic goes by in the project
        self.stories: dict[str, Story] = {}
        self.new_stories: list[Row] = []
        self.unknown_people: dict[str, int] = {}
        self.touched: set[int] = set()  # stories with a test case that is new or changed

    def run(self) -> ImportReport:
        if self.write:
            self._raise_last_number()
        self._kind(Epic, self.parsed.epics, self.epics)
        self._kind(Story, self.parsed.stories, self.stories)
        self._kind(TestCase, self.parsed.tests, {})
        if self.write:
            touch(self.touched, by=self.by)
        for name, line in self.unknown_people.items():
            reason = _("Nobody in this project is called “%(name)s”; the name is kept with the stories.")
            self._note(line, reason % {"name": name}, "unknown_assignee", kept=True)
        self.report.problems.sort(key=lambda problem: problem.line)
        return self.report

    # One kind after the other, because stories need their epics' rows and tests their stories'.

    def _kind(self, model: type[Any], items: Sequence[ParsedItem], known: dict[str, Any]) -> None:
        rows: QuerySet[Any] = model._default_manager.filter(project=self.project)
        if model is Story:
            rows = rows.select_related("epic")
        by_external, by_key = {}, {}
        for row in rows:
            by_key[row.key] = row
            if row.external_id:
                by_external[row.external_id] = row
        for row in by_key.values():
            for name in (row.key, f"@{row.key}", row.external_id, row.external_id.removeprefix("key:")):
                known.setdefault(name, row)
        children = children_of(model, self.project)
        new: list[tuple[Row, Said]] = []
        changed: list[tuple[Row, Said]] = []
        first_line: dict[int, int] = {}
        for item in items:
            row = by_external.get(self._stored_id(item)) or (by_key.get(item.key) if self.ours and item.key else None)
            if row is not None and id(row) in first_line:
                reason = _("This is the same item as on line %(line)s; it was left out.")
                self._note(item.line, reason % {"line": first_line[id(row)]}, "twice")
                continue
            said = self._said(item)
            digest = content_hash(item)
            if row is None:
                row = self._new(model, item, said, digest, by_key)
                new.append((row, said))
                self._row(item, row, "new")
            else:
                different = {name for name, value in said.items() if self._differs(row, name, value, children)}
                moved_on = row.content_hash != digest
                change = ("changed" if moved_on else "kept") if different else "unchanged"
                if moved_on:
                    row.content_hash = digest
                    changed.append((row, {name: said[name] for name in different}))
                self._row(item, row, change, different)
            first_line[id(row)] = item.line
            known[item.external_id] = row
        if self.write:
            create(model, self.project, new)
            update(model, changed, by=self.by)
            if model is TestCase:
                fresh = {story.pk for story in self.new_stories}
                above = {getattr(row, "story_id", None) for row, said in [*new, *changed] if said}
                self.touched = {pk for pk in above - fresh if pk is not None}
            if model is Story:
                self.new_stories = [row for row, _said in new]

    def _stored_id(self, item: ParsedItem) -> str:
        if not item.external_id.startswith("@"):
            return item.external_id
        # The key is the identity; in another project than its own it needs that one's name before it.
        return "" if self.ours else f"{self.parsed.project_key}/{item.external_id[1:]}"

    def _said(self, item: ParsedItem) -> dict[str, Any]:
        """Column → value for everything the file speaks of."""
        said: dict[str, Any] = {"title": item.title}
        for name in ("description", "status", "priority", "preconditions", "last_result", "sync_off", "position"):
            value = getattr(item, name, None)
            if value is not None:
                said[name] = value
        match item:
            case ParsedEpic(labels=labels) if labels is not None:
                said["labels"] = list(labels)
            case ParsedStory():
                if item.labels is not None:
                    said["labels"] = list(item.labels)
                if item.says_points:
                    said["points"] = item.points
                if item.assignee is not None:
                    member = self.members.get(item.assignee.casefold())
                    said["assignee_id"] = None if member is None else member.pk
                    said["assignee_name"] = "" if member else item.assignee[:150]
                    if item.assignee and member is None:
                        self.unknown_people.setdefault(item.assignee, item.line)
                if item.epic is not None:
                    self._belongs(said, "epic", item, item.epic, self.epics)
                if item.criteria is not None:
                    said["criteria"] = [(one.text, one.given, one.when, one.then) for one in item.criteria]
            case ParsedTest():
                self._belongs(said, "story", item, item.story, self.stories)
                if item.steps is not None:
                    said["steps"] = [(step.action, step.expected) for step in item.steps]
        return said

    def _belongs(self, said: dict[str, Any], name: str, item: ParsedItem, ref: str, known: dict[str, Any]) -> None:
        if not ref:
            said[name] = None
        elif ref in known:
            said[name] = known[ref]
        else:
            reason = _("“%(ref)s” is neither in the file nor in the project; the item came in without it.")
            self._note(item.line, reason % {"ref": ref[:80]}, f"unknown_{name}", kept=True)

    def _differs(self, row: Row, name: str, value: Any, children: dict[int, list[tuple[str, ...]]]) -> bool:
        if name in CHILDREN:
            return bool(children.get(row.pk, []) != value)
        if name in {"epic", "story"}:
            # A row that is only planned has no pk yet, and differs from every stored one.
            return (
                getattr(row, f"{name}_id") != value.pk if value is not None else getattr(row, f"{name}_id") is not None
            )
        return bool(getattr(row, name) != value)

    def _new(
        self, model: type[Any], item: ParsedItem, said: dict[str, Any], digest: str, by_key: dict[str, Any]
    ) -> Any:
        row = model(project=self.project, external_id=self._stored_id(item), content_hash=digest, updated_by=self.by)
        for name in said.keys() - CHILDREN:
            setattr(row, name, said[name])
        if self.ours and item.key:
            row.key = item.key
            by_key[item.key] = row
        return row

    def _raise_last_number(self) -> None:
        """Keys that come with the file must not be given again."""
        if not self.ours:
            return
        items = (*self.parsed.epics, *self.parsed.stories, *self.parsed.tests)
        numbers = [int(item.key.rpartition("-")[2]) for item in items if item.key]
        highest = min(max([self.parsed.last_number, *numbers]), 2**31 - 1)
        if highest > self.project.last_number:
            self.project.last_number = highest
            self.project.save(update_fields=["last_number"])

    def _row(self, item: ParsedItem, row: Row, change: str, different: set[str] | None = None) -> None:
        epic = row.epic.title if isinstance(row, Story) and row.epic is not None else ""
        names = sorted(name.removesuffix("_id") for name in different or ())
        self.report.rows.append(
            ReportRow(
                KIND[type(row)], item.line, row.key if row.pk else item.key, item.title, change, epic, tuple(names)
            )
        )

    def _note(self, line: int, reason: str, code: str, *, kept: bool = False) -> None:
        self.report.problems.append(Problem(self.parsed.file, line, reason, code, kept))
