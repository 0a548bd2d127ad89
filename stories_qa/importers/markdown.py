"""Markdown: epics, stories and test cases as headings, stories also as list items, paragraphs and table rows."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from stories_qa.importers import markdown_words as says
from stories_qa.importers.columns import column_of
from stories_qa.importers.criteria import ITEM, gherkin_criteria, without_marker
from stories_qa.importers.csv_rows import Row
from stories_qa.importers.markdown_drafts import ITEM_LEVEL, Draft
from stories_qa.importers.markdown_outline import announced
from stories_qa.importers.parsed import BacklogUnreadable, Identities, ParsedBacklog, ParsedStep, Problem, lines_of

MOST_LINES = 200  # that belong to one list item
SENTENCE_LINES = 12  # that one "As a … I want …" is spread over
OURS = re.compile(r"<!-- Stories & QA backlog: (?P<key>[A-Z][A-Z0-9]{1,9}) -->")


def read_markdown(text: str, name: str) -> ParsedBacklog:
    ours = OURS.search(text[:500])
    reader = _Reader(lines_of(text.lstrip("\ufeff")), name, ours["key"] if ours else "")
    reader.run()
    return reader.backlog()


class _Reader:
    """Goes down the lines; what is open (epic, story, test) decides where a line belongs."""

    def __init__(self, lines: list[str], file: str, project_key: str) -> None:
        self.lines = lines
        self.project_key = project_key  # of our own export; "" for anybody else's file
        self.file = file
        self.headings = announced(lines)  # line index → what that heading announces
        self.drafts: list[Draft] = []
        self.epic: Draft | None = None
        self.story: Draft | None = None
        self.test: Draft | None = None
        self.in_criteria = False
        self.in_scenarios = False
        self.in_stories = False  # below a heading such as "Stories:", where every item is one
        self.before: list[str] = []  # lines that belong to no item, before and after the first story
        self.after: list[str] = []
        self.stray: list[int] = []

    def run(self) -> None:
        index = 0
        while index < len(self.lines):
            line = self.lines[index]
            fence = says.FENCE.match(line)
            if fence:
                index = self._fence(index, fence["fence"], fence["info"].strip())
            elif index in self.headings:
                self._heading(index)
                index += 1
            elif index + 1 < len(self.lines) and "|" in line and says.is_table_rule(self.lines[index + 1]):
                index = self._table(index)
            else:
                index = self._text(index)

    def _fence(self, start: int, mark: str, info: str) -> int:
        end = start + 1
        while end < len(self.lines) and not re.match(rf"^\s*{re.escape(mark)}[`~]*\s*$", self.lines[end]):
            end += 1
        block = self.lines[start + 1 : end]
        steps = re.match(r"\s*(?:Scenario|Given|Feature)\b", "\n".join(block), re.IGNORECASE)
        gherkin = info.split(" ")[0].lower() in {"gherkin", "cucumber", "feature"} or (not info and steps)
        if self.story and gherkin:
            self.story.close_criteria()
            self.story.criteria += gherkin_criteria("\n".join(block))
            self.story.says_criteria = True
        else:
            self.in_criteria = False
            self._keep(start, self.lines[start : end + 1])
        return end + 1

    def _heading(self, index: int) -> None:
        level, said = self.headings[index]
        if said.kind in {"criteria", "scenarios"} and self.story:
            self.test = None
            self.in_criteria, self.in_scenarios = said.kind == "criteria", said.kind == "scenarios"
            self.story.says_criteria |= said.kind == "criteria"
            return
        self.in_criteria = self.in_scenarios = False
        if said.kind == "test" and (self.story is None or level > self.story.level):
            self.test = self._open("test", index, level, said, self.story)
            return
        if self.test and level > self.test.level and not said.kind:
            self._keep(index, [self.lines[index]])
            return
        self.test = None
        if said.kind == "epic":
            self.in_stories = False
            self.story = None
            self.epic = self._open("epic", index, level, said, None)
        elif said.kind == "story":
            self.in_stories = False
            self.story = self._open("story", index, level, said, self.epic)
        else:
            if self.story and level <= self.story.level:
                self.story = None
            if self.epic and level <= self.epic.level:
                self.epic = None
            self.in_stories = said.kind == "stories" and self.story is None
            if not self.in_stories:
                self._keep(index, [self.lines[index]])

    def _open(self, kind: str, index: int, level: int, said: says.Heading, above: Draft | None) -> Draft:
        title, points = said.title, says.POINTS_AT_END.search(said.title)
        draft = Draft(kind, index + 1, level, title, said.id, said.status or None, above=above)
        if points and kind == "story":
            draft.title, draft.meta["points"] = title[: points.start()], points["points"]
        self.drafts.append(draft)
        return draft

    def _table(self, start: int) -> int:
        end = start + 2
        while end < len(self.lines) and "|" in self.lines[end] and self.lines[end].strip():
            end += 1
        head = says.table_cells(self.lines[start])
        columns = [column_of(says.plain(cell)) for cell in head]
        rows = [(n, says.table_cells(self.lines[n])) for n in range(start + 2, end)]
        if self.test is not None and len(head) in {2, 3}:
            self.test.steps += [ParsedStep(*(row[-2:] if len(row) > 1 else [row[0]])) for _n, row in rows]
        elif self.story is None and ("title" in columns or "want" in columns):
            for number, cells in rows:
                self._table_row(number, Row.of(number + 1, [says.plain(cell) for cell in cells], columns))
        else:
            self.in_criteria = False
            self._keep(start, self.lines[start:end])
        return end

    def _table_row(self, index: int, row: Row) -> None:
        if not row.title:
            return
        id = row.one("key") or row.one("id")
        draft = self._open("story", index, ITEM_LEVEL, says.Heading("story", row.title, id), self.epic)
        for column in ("status", "labels", "priority", "points", "assignee"):
            if row.one(column):
                draft.meta[column] = row.one(column)
        draft.body = [row.one("description")]
        if row.has("criteria"):
            draft.criteria_lines = row.one("criteria").split("\n")

    def _text(self, index: int) -> int:
        line = self.lines[index]
        if not line.strip():
            self._keep(index, [line])
            return index + 1
        if says.RULE.match(line):
            self.in_criteria = False
            return index + 1
        if says.OURS_ONLY.match(line):
            return index + 1
        item = ITEM.match(line)
        label = says.label_of(line)
        if label and not (item and self.in_criteria) and self._label(index, *label):
            return index + 1
        if self.story is None or self.story.level == ITEM_LEVEL:
            taken = self._item_story(index) if item else self._paragraph_story(index)
            if taken:
                return taken
        if self.in_criteria and self.story:
            return self._criterion(index)
        self._keep(index, [line])
        return index + 1

    def _label(self, index: int, name: str, value: str) -> bool:
        """Whether the line was a label of the open item, and is used up."""
        draft = self.test or self.story or self.epic
        words = name.replace("_", " ")
        if self.story and not self.test and says.CRITERIA_NAMES.match(words):
            self.in_criteria = self.story.says_criteria = True
            if value:
                self.story.criteria_lines.append(value)
            return True
        if self.story and says.SCENARIO_NAMES.match(words) and not value:
            return True
        if says.STORIES_NAMES.search(words) and not value and self.story is None:
            self.in_stories = True
            return True
        self.in_criteria = False
        if not value:
            self.in_stories = False  # "**Risks:**" begins something else
        if draft is None:
            return False
        if draft.take(name, value) or (self.project_key and name == "jira"):
            return True
        if name in says.DROPPED_NAMES:
            if value:
                self._keep(index, [value])
            return True
        return False

    def _criterion(self, index: int) -> int:
        """Items, their continuations and the first paragraph belong to the criteria; a paragraph after them ends it."""
        assert self.story is not None
        line = self.lines[index]
        item = bool(ITEM.match(line)) or line.startswith((" ", "\t"))
        after_blank = index > 0 and not self.lines[index - 1].strip()
        if not item and self.story.has_items and after_blank:
            self.in_criteria = False
            self._keep(index, [line])
        else:
            self.story.criteria_lines.append(line)
            self.story.has_items |= item
        return index + 1

    def _item_story(self, index: int) -> int:
        """A list item that is a story, with the deeper lines below it; 0 when it is none."""
        line = self.lines[index]
        indent = len(line) - len(line.lstrip())
        end = index + 1
        while end < min(len(self.lines), index + MOST_LINES) and end not in self.headings:
            below = self.lines[end]
            deeper = len(below) - len(below.lstrip()) > indent
            if below.strip() and not deeper and (ITEM.match(below) or not self.lines[end - 1].strip()):
                break
            if not below.strip() and not any(
                after.startswith(" " * (indent + 1)) for after in self.lines[end + 1 : end + 2]
            ):
                break
            end += 1
        flow = self.lines[index + 1 : end]
        lead = [part.strip() for part in flow if part.strip() and not ITEM.match(part)]
        text = " ".join([without_marker(line), *lead[: next((n for n, p in enumerate(flow) if ITEM.match(p)), None)]])
        said = says.classify(without_marker(line))
        if not (self.in_stories or says.is_narrative(text)) or (indent and not says.is_narrative(text)):
            return 0
        if says.is_narrative(text):
            id = said.id
            said = says.Heading("story", says.plain(said.title if id else text), id)
        elif said.kind != "story":
            said = says.Heading("story", says.plain(without_marker(line)))
        draft = self._open("story", index, ITEM_LEVEL, said, self.epic)
        self.story = draft
        nested = [part for part in flow if ITEM.match(part)]
        draft.criteria_lines = [part for part in nested if not self._nested_label(draft, part)]
        draft.body = [] if says.is_narrative(text) else lead
        self.test = None
        self.story = None if self.in_stories else draft
        return end

    def _nested_label(self, draft: Draft, part: str) -> bool:
        label = says.label_of(part)
        return label is not None and (draft.take(*label) or bool(says.CRITERIA_NAMES.match(label[0].replace("_", " "))))

    def _paragraph_story(self, index: int) -> int:
        """A paragraph "As a … I want …" that stands in no story; 0 when the lines here are none."""
        if not says.STARTS.match(self.lines[index]) and says.classify(self.lines[index]).kind != "story":
            return 0
        end = index
        while end < min(len(self.lines), index + SENTENCE_LINES) and end not in self.headings:
            line = self.lines[end]
            begins_anew = ITEM.match(line) or says.FENCE.match(line) or says.RULE.match(line) or line.startswith("|")
            if not line.strip() or (end > index and (begins_anew or says.label_of(line) or says.is_narrative(line))):
                break
            end += 1
        paragraph = [line.strip().rstrip("\\").rstrip() for line in self.lines[index:end]]
        text = " ".join(paragraph)
        said = says.classify(text)
        if not says.is_narrative(said.title if said.kind == "story" else text):
            return 0
        said = says.Heading("story", says.plain(said.title or text), said.id)
        self.story = self._open("story", index, ITEM_LEVEL, said, self.epic)
        self.test = None
        return end

    def _keep(self, index: int, lines: list[str]) -> None:
        """Lines that are nothing special: the description of what is open, else of nothing."""
        draft = self.test or self.story or self.epic
        if draft is not None:
            if self.in_criteria and self.story and not any(line.strip() for line in lines):
                self.story.criteria_lines += lines
            else:
                draft.body += lines
            return
        if self.project_key and not self.drafts:
            return  # the project's name
        (self.after if self.drafts else self.before).extend(lines)
        if any(line.strip() for line in lines):
            self.stray.append(index + 1)

    def backlog(self) -> ParsedBacklog:
        stories = [draft for draft in self.drafts if draft.kind == "story"]
        alone = len(stories) == 1 and not any(draft.kind == "epic" for draft in self.drafts)
        if alone:
            # One file, one story: everything around it is about it.
            stories[0].body = [*stories[0].body, "", *self.before, "", *self.after]
        ids = Identities(self.file)
        settled = [draft for draft in self.drafts if draft.settle(ids, self.file)]
        if not settled:
            raise BacklogUnreadable(
                _(
                    "No epic and no story was found. Write them as headings (“## Epic: …”, “### Story: …”) or as "
                    "“As a … I want …”; docs/importing.md shows more ways."
                ),
                "nothing_found",
            )
        made = {"epic": [], "story": [], "test": []}  # type: dict[str, list[object]]
        for draft in settled:
            key = draft.id if self.project_key and re.fullmatch(r"[A-Z]+-\d+", draft.id) else ""
            made[draft.kind].append(getattr(draft, draft.kind)(self.file, key))
        problems = [problem for draft in self.drafts for problem in draft.problems]
        if self.stray and not alone:
            reason = _("%(count)s lines belong to no epic or story and were left out, the first of them here.")
            said = reason % {"count": len(self.stray)}
            problems.append(Problem(self.file, self.stray[0], said, "lines_left_out", kept=True))
        return ParsedBacklog(
            file=self.file,
            format="markdown",
            epics=tuple(made["epic"]),  # type: ignore[arg-type]
            stories=tuple(made["story"]),  # type: ignore[arg-type]
            tests=tuple(made["test"]),  # type: ignore[arg-type]
            problems=tuple(sorted(problems, key=lambda problem: problem.line)),
            project_key=self.project_key,
        )
