"""JSON in the schema of docs/importing.md; what export_backlog writes comes back without loss."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from stories_qa.importers import words
from stories_qa.importers.json_lines import line_at
from stories_qa.importers.parsed import (
    BacklogUnreadable,
    Identities,
    ParsedBacklog,
    ParsedCriterion,
    ParsedEpic,
    ParsedStep,
    ParsedStory,
    ParsedTest,
    Problem,
)

Path = tuple[str | int, ...]
KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*-\d{1,9}")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
CRITERION_PARTS = ("text", "given", "when", "then")


class _Bad(Exception):
    """An entry that cannot come in: the sentence, and where."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(reason)
        self.path, self.reason = path, reason


def read_json(text: str, name: str) -> ParsedBacklog:
    text = text.lstrip("\ufeff")
    try:
        document = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as wrong:
        raise BacklogUnreadable(
            _("This is not JSON: line %(line)s, column %(column)s: %(why)s.")
            % {"line": wrong.lineno, "column": wrong.colno, "why": wrong.msg},
            "json",
            wrong.lineno,
        ) from wrong
    except (ValueError, RecursionError) as wrong:
        why = _("it is nested too deeply") if isinstance(wrong, RecursionError) else str(wrong)
        raise BacklogUnreadable(_("This JSON cannot be read: %(why)s.") % {"why": why[:200]}, "json") from wrong
    if isinstance(document, list):
        document = {"stories": document}
    if not isinstance(document, dict) or not any(isinstance(document.get(kind), list) for kind in KINDS):
        raise BacklogUnreadable(
            _("The JSON has no list “epics”, “stories” or “test_cases”. docs/importing.md shows the schema."), "schema"
        )
    return _Document(text, name, Identities(name)).backlog(document)


KINDS = ("epics", "stories", "test_cases")


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is not JSON")


@dataclass
class _Document:
    text: str
    file: str
    ids: Identities
    epics: list[ParsedEpic] = field(default_factory=list)
    stories: list[ParsedStory] = field(default_factory=list)
    tests: list[ParsedTest] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    called: dict[str, str] = field(default_factory=dict)  # key, external id or title of an epic → its external id

    def backlog(self, document: dict[str, Any]) -> ParsedBacklog:
        project = document.get("project")
        project = project if isinstance(project, dict) else {}
        last = project.get("last_number")
        nested: list[tuple[Path, Any, str]] = []
        for index, entry in enumerate(self._list(document, "epics", ())):
            path: Path = ("epics", index)
            epic = self._attempt(path, lambda entry=entry, path=path: self._epic(entry, path))
            if epic is not None:
                self.epics.append(epic)
                for alias in (epic.title, epic.external_id, epic.key, epic.external_id.lstrip("@")):
                    self.called.setdefault(alias.casefold(), epic.external_id)
                inside = self._list(entry, "stories", path) if isinstance(entry, dict) else []
                nested += [((*path, "stories", n), story, epic.external_id) for n, story in enumerate(inside)]
        stories = [(("stories", n), story, "") for n, story in enumerate(self._list(document, "stories", ()))]
        for place, entry, inside_of in [*nested, *stories]:
            story = self._attempt(place, lambda e=entry, p=place, i=inside_of: self._story(e, p, i))
            if story is not None:
                self.stories.append(story)
                if isinstance(entry, dict):
                    self._tests(self._list(entry, "test_cases", place), (*place, "test_cases"), story.external_id)
        self._tests(self._list(document, "test_cases", ()), ("test_cases",), "")
        return ParsedBacklog(
            file=self.file,
            format="json",
            epics=tuple(self.epics),
            stories=tuple(self.stories),
            tests=tuple(self.tests),
            problems=tuple(sorted(self.problems, key=lambda problem: problem.line)),
            project_key=str(project.get("key") or "")[:10],
            project_name=self._storable(str(project.get("name") or ""))[:120],
            last_number=last if isinstance(last, int) and 0 < last < 2**31 else 0,
        )

    def _list(self, holder: dict[str, Any], name: str, path: Path) -> list[Any]:
        value = holder.get(name)
        if value is not None and not isinstance(value, list):
            self._problem((*path, name), _("“%(name)s” is not a list.") % {"name": name})
            return []
        return value or []

    def _attempt(self, path: Path, make: Any) -> Any:
        try:
            return make()
        except _Bad as bad:
            self._problem(bad.path, bad.reason)
            return None

    def _problem(self, path: Path, reason: str, *, kept: bool = False) -> None:
        place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
        self.problems.append(Problem(self.file, line_at(self.text, path), f"{place}: {reason}", "entry", kept))

    def _tests(self, entries: list[Any], path: Path, story: str) -> None:
        for index, entry in enumerate(entries):
            place = (*path, index)
            test = self._attempt(place, lambda e=entry, p=place: self._test(e, p, story))
            if test is not None:
                self.tests.append(test)

    # One entry each. Everything a file leaves out stays None.

    def _common(self, entry: Any, path: Path, kind: str) -> dict[str, Any]:
        title = self._str(entry, "title", path)
        if title is None:
            title = self._str(entry, "summary", path)
        if title is None or not words.one_line(title):
            raise _Bad(path, _("There is no title."))
        cut, was_cut = words.cut_title(title)
        if was_cut:
            self._problem(path, _("The title is longer than 2,000 characters; it was cut."), kept=True)
        key = self._str(entry, "key", path) or ""
        if key and not (KEY.fullmatch(key) and len(key) <= 24):
            raise _Bad(path, _("The key “%(key)s” is not of the form US-142.") % {"key": key[:40]})
        external_id = self._str(entry, "external_id", path) or ""
        if len(external_id) > 200:
            raise _Bad(path, _("The external_id is longer than 200 characters."))
        # "@US-142": identified by its key alone, see stories_qa/store.py.
        identity = external_id or (f"@{key}" if key else self.ids.of(kind, words.one_line(title)))
        position = entry.get("position")
        return {
            "external_id": self.ids.numbered(identity) if not identity.startswith("@") else identity,
            "line": 0,
            "title": cut,
            "key": key,
            "position": position if isinstance(position, int) and 0 <= position < 2**31 else None,
            "sync_off": entry.get("sync_off") if isinstance(entry.get("sync_off"), bool) else None,
        }

    def _epic(self, entry: Any, path: Path) -> ParsedEpic:
        entry = self._object(entry, path)
        return ParsedEpic(
            **self._common(entry, path, "epic"),
            description=self._str(entry, "description", path),
            status=self._choice(entry, "status", words.STATUS_OF, path),
            labels=self._labels(entry, path),
        )

    def _story(self, entry: Any, path: Path, epic: str) -> ParsedStory:
        entry = self._object(entry, path)
        named = self._str(entry, "epic", path)
        criteria = entry.get("criteria", entry.get("acceptance_criteria"))
        return ParsedStory(
            **self._common(entry, path, "story"),
            description=self._str(entry, "description", path),
            status=self._choice(entry, "status", words.STATUS_OF, path),
            labels=self._labels(entry, path),
            priority=self._choice(entry, "priority", words.PRIORITY_OF, path),
            points=self._points(entry, path),
            says_points="points" in entry,
            assignee=(self._str(entry, "assignee", path) or "") if "assignee" in entry else None,
            epic=epic or (self.called.get((named or "").casefold(), named or "") if "epic" in entry else None),
            criteria=None if criteria is None else tuple(self._criteria(criteria, path)),
        )

    def _test(self, entry: Any, path: Path, story: str) -> ParsedTest:
        entry = self._object(entry, path)
        steps = entry.get("steps")
        return ParsedTest(
            **self._common(entry, path, "test"),
            preconditions=self._str(entry, "preconditions", path),
            steps=None if steps is None else tuple(self._steps(steps, path)),
            last_result=self._choice(entry, "last_result", words.RESULT_OF, path),
            story=story or self._str(entry, "story", path) or "",
        )

    def _object(self, entry: Any, path: Path) -> dict[str, Any]:
        if isinstance(entry, str):
            return {"title": entry}
        if not isinstance(entry, dict):
            raise _Bad(path, _("This is neither an object nor a text."))
        return entry

    def _storable(self, text: str) -> str:
        """JSON can write what no database stores: zero characters and half surrogates."""
        return UNSTORABLE.sub("\ufffd", text)

    def _str(self, entry: dict[str, Any], name: str, path: Path) -> str | None:
        value = entry.get(name)
        if value is None:
            return None
        if isinstance(value, bool | list | dict):
            raise _Bad((*path, name), _("“%(name)s” is not a text.") % {"name": name})
        return self._storable(str(value))

    def _choice(self, entry: dict[str, Any], name: str, table: dict[str, str], path: Path) -> str | None:
        word = self._str(entry, name, path)
        if not word:
            return None
        value = table.get(words.folded(word))
        if value is None:
            reason = _("“%(word)s” is not known as %(name)s; the default was taken.")
            self._problem((*path, name), reason % {"word": word[:80], "name": name}, kept=True)
        return value

    def _points(self, entry: dict[str, Any], path: Path) -> Decimal | None:
        written = self._str(entry, "points", path)
        points = words.number(written) if written else None
        if written and points is None:
            reason = _("“%(points)s” is not a number of story points from 0 to 9,999.9; it was left out.")
            self._problem((*path, "points"), reason % {"points": written[:40]}, kept=True)
        return points

    def _labels(self, entry: dict[str, Any], path: Path) -> tuple[str, ...] | None:
        labels = entry.get("labels")
        if labels is None:
            return None
        if isinstance(labels, str):
            return tuple(words.labels_in(self._storable(labels)))
        if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
            raise _Bad((*path, "labels"), _("“labels” is not a list of texts."))
        return tuple(self._storable(label)[:255] for label in labels)

    def _criteria(self, entries: Any, path: Path) -> Iterable[ParsedCriterion]:
        if not isinstance(entries, list):
            raise _Bad((*path, "criteria"), _("“criteria” is not a list."))
        for entry in entries:
            given = {"text": entry} if isinstance(entry, str) else entry
            if not isinstance(given, dict):
                raise _Bad((*path, "criteria"), _("A criterion is neither an object nor a text."))
            made = ParsedCriterion(**{part: self._str(given, part, path) or "" for part in CRITERION_PARTS})
            if made != ParsedCriterion():
                yield made

    def _steps(self, entries: Any, path: Path) -> Iterable[ParsedStep]:
        if not isinstance(entries, list):
            raise _Bad((*path, "steps"), _("“steps” is not a list."))
        for entry in entries:
            given = {"action": entry} if isinstance(entry, str) else entry
            if not isinstance(given, dict):
                raise _Bad((*path, "steps"), _("A step is neither an object nor a text."))
            yield ParsedStep(self._str(given, "action", path) or "", self._str(given, "expected", path) or "")
