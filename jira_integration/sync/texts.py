"""The description: one document in Jira, several fields of ours. Its parts are judged apart, and merged line by line.

The criteria come back only while their heading and form are as we write them; test cases and anything that has no
counterpart here stay in Jira. The document moves as a whole: as long as one part cannot be taken in, Jira's is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jira_integration.contracts import Criterion, StoryField
from jira_integration.mapping.jira_form import is_document, reduced
from jira_integration.mapping.metadata import JiraField
from jira_integration.mapping.values import NotPossible
from jira_integration.merge import Direction, Sides, Verdict, judge, merge_text, settle
from jira_integration.models import FieldMapping
from jira_integration.richtext import Note, adf_to_markdown, markdown_to_adf
from jira_integration.richtext.adf_tidy import children
from jira_integration.richtext.compose import Criterion as Written
from jira_integration.richtext.compose import Labels, blocks
from jira_integration.richtext.sections import Section, read_criteria, split_sections
from jira_integration.sync.news import Looking, News

OTHER_FORM = gettext_lazy("acceptance criteria that are not written as we write them")


@dataclass(frozen=True)
class Parts:
    """A description taken apart. `criteria` is None where they are not as we write them; `tests` is their text."""

    body: str
    criteria: tuple[Written, ...] | None
    tests: str
    notes: tuple[Note, ...]  # what the body would lose here

    @classmethod
    def of(cls, document: Any, labels: Labels) -> Parts:
        if not is_document(document):
            return cls("", (), "", ())
        found = split_sections(document, labels=labels)
        body = adf_to_markdown(found.body)
        return cls(body.value.strip(), _criteria(found.criteria), _text(found.tests), body.notes)


def _criteria(section: Section | None) -> tuple[Written, ...] | None:
    if section is None:
        return ()
    # A tick says more than a criterion of ours can hold.
    read = read_criteria(section.nodes) if section.intact else None
    return None if read is None or any(one.done for one in read) else read


def _text(section: Section | None) -> str:
    return "" if section is None else adf_to_markdown({"type": "doc", "content": list(section.nodes)}).value.strip()


@dataclass(frozen=True)
class Four:
    """The four documents of one judgement."""

    sent: Parts
    given: Parts
    ours: Parts
    theirs: Parts

    @classmethod
    def of(cls, looking: Looking, name: str) -> Four:
        labels = looking.builder.labels
        sent, given = looking.ticket.base_sent.get(name), looking.ticket.base_jira.get(name)
        # Jira's answer is kept as text; where it was what we had sent, that is the better copy.
        before = sent if reduced(sent) == given else _document((given or {}).get("doc", ""))
        four = (sent, before, looking.wanted(name), looking.told.get(name))
        return cls(*(Parts.of(document, labels) for document in four))


def _document(text: str) -> dict[str, Any]:
    return {"version": 1, "type": "doc", "content": blocks(text)}


def of_description(
    looking: Looking, mapping: FieldMapping, jira_field: JiraField, story_field: StoryField
) -> Iterator[News]:
    """The body and the criteria, each judged on its own."""
    name, told = jira_field.id, looking.told.get(jira_field.id)
    whole = looking.sides(name)
    news = News(
        story_field, name, jira_field.name, judge(whole), told, ours=looking.snapshot.values.get(story_field.key)
    )
    if news.verdict in (Verdict.SAME, Verdict.EQUAL):
        yield news
        return
    four = Four.of(looking, name)
    why = _stays(looking, jira_field, four)
    if why is not None or mapping.direction == Direction.TO_JIRA:
        # Asked as a whole: a part that nobody can take in must not be overwritten by the others.
        base, theirs = four.given.body, None if why else four.theirs.body
        verdict = settle(news.verdict, Direction.TO_JIRA, mapping.policy)
        yield replace(news, verdict=verdict, not_possible=why, base=base, theirs=theirs)
        return
    yield _body(news, mapping, four)
    criteria = looking.builder.story_fields.get("criteria")
    if criteria is not None and not any(one.story_field == "criteria" for one in looking.builder.mappings):
        yield _of_criteria(replace(news, story_field=criteria), looking, mapping, four)


def _stays(looking: Looking, jira_field: JiraField, four: Four) -> NotPossible | None:
    """Why Jira's document cannot become ours without a loss."""
    lost = [str(note) for note in four.theirs.notes]
    if four.theirs.criteria is None:
        lost.append(str(OTHER_FORM))
    if four.theirs.tests != four.given.tests:
        lost.append(_("the test cases were changed"))
    if looking.was_cut:
        lost.append(_("what was cut before"))
    return NotPossible("text_not_read_back", {"field": jira_field.name, "lost": "; ".join(lost)}) if lost else None


def _body(news: News, mapping: FieldMapping, four: Four) -> News:
    sides = Sides(four.sent.body, four.given.body, four.ours.body, four.theirs.body)
    news = replace(news, verdict=judge(sides), base=four.given.body, theirs=four.theirs.body, value=four.theirs.body)
    if news.verdict is not Verdict.CONFLICT:
        return replace(news, verdict=settle(news.verdict, mapping.direction, mapping.policy))
    merged = merge_text(four.given.body, four.ours.body, four.theirs.body)
    keeps_all = four.sent.body == four.given.body and not markdown_to_adf(str(news.ours or ""), limit=None).notes
    if merged.clean and keeps_all:
        return replace(news, verdict=Verdict.MERGED, value=merged.text, merged=merged)
    return replace(news, verdict=settle(news.verdict, mapping.direction, mapping.policy), merged=merged)


def _of_criteria(news: News, looking: Looking, mapping: FieldMapping, four: Four) -> News:
    sides = Sides(four.sent.criteria, four.given.criteria, four.ours.criteria, four.theirs.criteria)
    theirs = criteria_of_ours(four.theirs.criteria or ())
    return replace(
        news,
        verdict=settle(judge(sides), mapping.direction, mapping.policy),
        ours=looking.snapshot.values.get("criteria"),
        base=criteria_of_ours(four.given.criteria or ()),
        theirs=theirs,
        value=theirs,
    )


def of_criteria_field(looking: Looking, mapping: FieldMapping, jira_field: JiraField, story_field: StoryField) -> News:
    """Criteria in a field of their own: the same form as in a description, without the heading."""
    name = jira_field.id
    told, ours = looking.told.get(name), looking.snapshot.values.get(story_field.key)
    news = News(story_field, name, jira_field.name, judge(looking.sides(name)), told, ours=ours)
    if news.verdict in (Verdict.SAME, Verdict.EQUAL):
        return news
    base, theirs = (_criteria(_whole(one)) for one in (looking.ticket.base_sent.get(name), told))
    news = replace(news, base=criteria_of_ours(base or ()))
    if theirs is None or looking.was_cut:
        why = NotPossible("text_not_read_back", {"field": jira_field.name, "lost": str(OTHER_FORM)})
        verdict = settle(news.verdict, Direction.TO_JIRA, mapping.policy)
        return replace(news, verdict=verdict, not_possible=why)
    value = criteria_of_ours(theirs)
    return replace(news, theirs=value, value=value, verdict=settle(news.verdict, mapping.direction, mapping.policy))


def _whole(document: Any) -> Section | None:
    return Section(tuple(children(document)), intact=True) if is_document(document) else None


def criteria_of_ours(written: Sequence[Written]) -> list[Criterion]:
    """Criteria as a description holds them → as the host does. "And" and "But" go on with the step before them."""
    made = []
    for one in written:
        steps: dict[str, str] = {}
        last = "given"
        for step in one.steps:
            part = step.keyword.lower()
            if part in ("given", "when", "then") and part not in steps:
                last, text = part, step.text
            else:
                text = "\n".join([*filter(None, [steps.get(last, "")]), f"{step.keyword} {step.text}"])
            steps[last] = text
        made.append(Criterion(one.text, **steps))
    return made
