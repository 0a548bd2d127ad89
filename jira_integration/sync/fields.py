"""What Jira's news say of each field of one story: changed here, there, on both sides, and what can be made of it.

Judged in Jira's own form on the two bases; only what is to be taken in is converted, and what would lose something on
the way stays in Jira and is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from jira_integration.contracts import FieldKind, StoryField
from jira_integration.mapping.jira_form import in_words
from jira_integration.mapping.metadata import JiraField
from jira_integration.mapping.values import NotPossible, as_label, from_jira
from jira_integration.merge import Direction, Verdict, judge, merge_sets, settle
from jira_integration.models import FieldMapping
from jira_integration.sync.news import Looking, News
from jira_integration.sync.texts import of_criteria_field, of_description

PARENT = StoryField("parent", "", FieldKind.PARENT)


def news_of(looking: Looking) -> Iterator[News]:
    """Every mapped field that changed in Jira, judged; fields that Jira did not tell of are left out."""
    told = looking.told
    for mapping in looking.builder.mappings:
        jira_field = looking.builder.issue_type.field(mapping.jira_field)
        if mapping.jira_field in told and jira_field is not None and mapping.jira_field != "parent":
            yield from _mapped(looking, mapping, jira_field)
    # Jira leaves "parent" out of an issue that has none; a real reading always has a status.
    if "status" in told and "parent" in looking.builder.story_fields and looking.changed_there("parent"):
        yield _parent(looking)


def _mapped(looking: Looking, mapping: FieldMapping, jira_field: JiraField) -> Iterator[News]:
    name = jira_field.id
    story_field = looking.builder.story_fields.get(mapping.story_field)
    if mapping.direction == Direction.FROM_JIRA:
        if story_field is not None:
            yield from _follow(looking, mapping, jira_field, story_field)
        return
    if not looking.changed_there(name):
        return
    told = looking.told.get(name)
    if story_field is None or mapping.template or mapping.fixed_value is not None:
        composed = StoryField(mapping.story_field or name, jira_field.name, FieldKind.TEXT)
        verdict = settle(judge(looking.sides(name)), Direction.TO_JIRA, mapping.policy)
        yield News(composed, name, jira_field.name, verdict, told)
        return
    if story_field.kind is FieldKind.RICH_TEXT and jira_field.system == "description":
        yield from of_description(looking, mapping, jira_field, story_field)
        return
    if story_field.kind is FieldKind.CRITERIA:
        yield of_criteria_field(looking, mapping, jira_field, story_field)
        return
    yield _judged(looking, mapping, jira_field, story_field)


def _judged(looking: Looking, mapping: FieldMapping, jira_field: JiraField, story_field: StoryField) -> News:
    name, sides = jira_field.id, looking.sides(jira_field.id)
    ours, told = looking.snapshot.values.get(story_field.key), looking.told.get(jira_field.id)

    def read(value: Any) -> Any:
        return from_jira(
            value,
            story_field,
            jira_field,
            value_map=mapping.value_map,
            people=looking.builder.people,
            ours=ours,
            labels=looking.builder.labels,
        )

    verdict, theirs = judge(sides), read(told)
    news = News(
        story_field, name, jira_field.name, verdict, told, ours=ours, base=read(looking.ticket.base_sent.get(name))
    )
    if verdict in (Verdict.SAME, Verdict.EQUAL):
        return news
    if looking.was_cut and story_field.kind in (FieldKind.TEXT, FieldKind.RICH_TEXT):
        theirs = NotPossible("text_not_read_back", {"field": jira_field.name, "lost": _("what was cut before")})
    if isinstance(theirs, NotPossible):
        return _stays_there(news, mapping, theirs)
    news = replace(news, theirs=theirs, value=theirs)
    if verdict is Verdict.CONFLICT and mapping.direction == Direction.BOTH and story_field.kind is FieldKind.LABELS:
        together = merge_sets(sides.given or [], [as_label(one) for one in ours or ()], sides.theirs or [])
        return replace(news, verdict=Verdict.MERGED, value=read(together))
    return replace(news, verdict=settle(verdict, mapping.direction, mapping.policy))


def _stays_there(news: News, mapping: FieldMapping, why: NotPossible) -> News:
    """Jira's value cannot become one of ours: it is shown, and asked about once ours changed as well."""
    verdict = Verdict.SHOWN if news.verdict is Verdict.THEIRS else news.verdict
    if verdict is Verdict.CONFLICT and mapping.policy == FieldMapping.Policy.OURS:
        verdict = Verdict.OURS
    base = None if isinstance(news.base, NotPossible) else news.base
    return replace(news, verdict=verdict, not_possible=why, base=base)


def _follow(looking: Looking, mapping: FieldMapping, jira_field: JiraField, story_field: StoryField) -> Iterator[News]:
    """From Jira only: whatever Jira holds is ours, too, also when somebody changed it here."""
    told, ours = looking.told.get(jira_field.id), looking.snapshot.values.get(story_field.key)
    theirs = from_jira(
        told, story_field, jira_field, value_map=mapping.value_map, people=looking.builder.people, ours=ours
    )
    if isinstance(theirs, NotPossible):
        if looking.changed_there(jira_field.id):
            yield News(story_field, jira_field.id, jira_field.name, Verdict.SHOWN, told, not_possible=theirs)
    elif theirs != ours:
        yield News(story_field, jira_field.id, jira_field.name, Verdict.THEIRS, told, theirs, ours, None, theirs)
    elif looking.changed_there(jira_field.id):
        yield News(story_field, jira_field.id, jira_field.name, Verdict.EQUAL, told, ours=ours)


def _parent(looking: Looking) -> News:
    """The epic: an issue of Jira's that is one of ours, or nobody's we know."""
    mapping = next((one for one in looking.builder.mappings if one.jira_field == "parent"), None)
    direction = mapping.direction if mapping else Direction.BOTH  # the export sends it without a mapping, too
    policy = mapping.policy if mapping else FieldMapping.Policy.ASK
    told, sides = looking.told.get("parent"), looking.sides("parent")
    ours = looking.snapshot.parent_ref
    story_field = looking.builder.story_fields.get("parent", PARENT)
    sent = (sides.sent or {}).get("id", "")
    news = News(story_field, "parent", _("Parent"), judge(sides), told, ours=ours, base=looking.epics.ref_of.get(sent))
    if news.verdict in (Verdict.SAME, Verdict.EQUAL):
        return news
    issue_id = (sides.theirs or {}).get("id", "")
    if issue_id and issue_id not in looking.epics.ref_of:
        why = NotPossible("epic_unknown_here", {"field": _("Parent"), "value": in_words(told)})
        verdict = Verdict.SHOWN if news.verdict is Verdict.THEIRS else news.verdict
        return replace(news, verdict=verdict, not_possible=why)
    theirs = looking.epics.ref_of.get(issue_id)
    return replace(news, theirs=theirs, value=theirs, verdict=settle(news.verdict, direction, policy))
