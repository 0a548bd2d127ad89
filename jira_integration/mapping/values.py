"""The values of every shape, both ways: ours → Jira's own form (`to_jira`), and back (`from_jira`).

Pure. What cannot be carried over is said: going out by findings, coming in by `NotPossible`. Texts composed from
several parts of a story (the description with its criteria) are written by `payload.Builder`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from jira_integration.contracts import FieldKind, Person, StoryField
from jira_integration.mapping.accepted import LINE_MAX, is_address, names_of, refusal
from jira_integration.mapping.findings import Finding
from jira_integration.mapping.metadata import JiraField
from jira_integration.mapping.people import People, asked_for
from jira_integration.mapping.shapes import LISTED, Shape, shape_of
from jira_integration.richtext import adf_to_markdown, wiki_to_adf
from jira_integration.richtext.compose import LABELS, Labels
from jira_integration.richtext.sections import split_sections
from jira_integration.untrusted import one_line

CASCADE_MARK = "/"  # "10010/10011" in a value map: the option and the one under it
NOBODY = People()


@dataclass(frozen=True)
class Sent:
    """A value in Jira's own form, None where nothing is sent, and what to say about it; `words` say the value to
    people where that takes more than looking at it."""

    value: Any = None
    findings: tuple[Finding, ...] = ()
    words: str | None = None


@dataclass(frozen=True)
class NotPossible:
    """Why a value of Jira's cannot become one of ours; `code` and `values` are the catalogue's."""

    code: str
    values: Mapping[str, Any] = field(default_factory=dict)


def to_jira(
    value: Any,
    story_field: StoryField,
    jira_field: JiraField,
    *,
    value_map: Mapping[str, str] | None = None,
    people: People = NOBODY,
    jira_key: str = "",
) -> Sent:
    """One value of a story for one field of Jira's. `value_map` is FieldMapping's, `jira_key` the Jira project's."""
    if value in (None, "", [], ()):
        return Sent()
    about = {"field": jira_field.name, "field_id": jira_field.id, "jira_project": jira_key}
    shape = shape_of(jira_field)
    match shape, value:
        case Shape.LINE, _:
            return line(str(value), about)
        case Shape.URL, _:
            text = str(value).strip()
            return Sent(text) if is_address(text) else _left_out("not_an_address", about, text)
        case Shape.NUMBER, int() | float():
            return Sent(value)
        case Shape.DATE, datetime() | date():
            return Sent((value.date() if isinstance(value, datetime) else value).isoformat())
        case Shape.DATETIME, datetime():
            return Sent(moment(value))
        case Shape.LABELS, _:
            return labels(value)
        case ((Shape.USER | Shape.USERS), Person()):
            return _account(value, shape, about, value_map or {}, people)
        case ((Shape.CHOICE | Shape.CHOICES | Shape.CASCADE), str()):
            return _choice(value, story_field, jira_field, shape, about, value_map or {})
        case _ if shape in LISTED:
            return _by_name(value, jira_field, about, value_map or {})
    return _left_out("value_not_carried", about, value)


def line(text: str, about: Mapping[str, Any]) -> Sent:
    """One line of at most 255 characters; a longer one is cut, and that is said."""
    made = one_line(text)
    if len(made) <= LINE_MAX:
        return Sent(made or None)
    return Sent(made[: LINE_MAX - 1].rstrip() + "…", (Finding("text_cut", {**about, "length": len(made)}),))


def labels(found: Iterable[Any]) -> Sent:
    """Jira's labels hold no white space: it becomes a hyphen, the same way each time."""
    sent: dict[str, None] = {}
    findings = []
    for label in found:
        made = as_label(str(label))
        if made != label:
            findings.append(Finding("label_changed", {"label": str(label)[:80], "sent": made[:80]}))
        if made:
            sent[made] = None
    return Sent(sorted(sent) or None, tuple(findings))


def as_label(text: str) -> str:
    return "-".join(text.split())[:LINE_MAX]


def moment(value: datetime) -> str:
    """As Jira writes times: "2026-11-30T09:00:00.000+0000"."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000+0000"


def option_of(target: str) -> dict[str, Any]:
    """A target of a value map in Jira's own form: "10010", or "10010/10011" for a cascade."""
    parent, _mark, child = target.partition(CASCADE_MARK)
    return {"id": parent, "child": {"id": child}} if child else {"id": parent}


def target_of(option: Mapping[str, Any]) -> str:
    """The same the other way."""
    child = option.get("child")
    own = str(option.get("id") or "")
    return f"{own}{CASCADE_MARK}{child.get('id')}" if isinstance(child, Mapping) and child.get("id") else own


def _choice(
    value: str,
    story_field: StoryField,
    jira_field: JiraField,
    shape: Shape,
    about: Mapping[str, Any],
    value_map: Mapping[str, str],
) -> Sent:
    target = value_map.get(value)
    word = next((choice.label for choice in story_field.choices if choice.value == value), value)
    if target is None:
        values = {**about, "value": word, "allowed": names_of(jira_field)}
        return Sent(None, (Finding("value_not_mapped", values, blocking=True),))
    if target == "":  # a person chose to leave it empty
        return Sent()
    chosen = option_of(target)
    made: Any = [chosen] if shape is Shape.CHOICES else chosen
    if found := refusal(jira_field, made):
        return Sent(None, (Finding(found.code, {**found.values, **about, "value": word}, blocking=True),))
    return Sent(made)


def _by_name(found: Any, jira_field: JiraField, about: Mapping[str, Any], value_map: Mapping[str, str]) -> Sent:
    """Texts of ours to values of Jira's with the same name; one that Jira does not have is left out, and said."""
    by_name = {one.name.casefold(): one.id for one in jira_field.allowed if not one.off}
    sent: dict[str, None] = {}
    unknown = []
    for text in found if isinstance(found, list | tuple) else [found]:
        target = value_map.get(str(text))
        if target is None:
            target = by_name.get(" ".join(str(text).split()).casefold())
        if target is None or (target and target not in by_name.values()):
            unknown.append(str(text)[:80])
        elif target:
            sent[target] = None
    values = {**about, "value": ", ".join(unknown), "allowed": names_of(jira_field)}
    said = (Finding("value_left_out", values),) if unknown else ()
    return Sent([{"id": one} for one in sent] or None, said)


def _account(
    person: Person, shape: Shape, about: Mapping[str, Any], value_map: Mapping[str, str], people: People
) -> Sent:
    """A person who has no account, or whom Jira would refuse, is left out: the rest of the issue can go."""
    if value_map.get(asked_for(person)) == "":
        return Sent()
    account = people.account(person, value_map)
    shown = person.name or person.email
    if account is None:
        return _left_out("person_not_found", about, shown)
    if about["field_id"] == "assignee" and not account.assignable:
        return _left_out("person_not_assignable", about, account.name or shown)
    if not account.active:
        return _left_out("person_left", about, account.name or shown)
    named = {"accountId": account.account_id}
    return Sent([named] if shape is Shape.USERS else named)


def _left_out(code: str, about: Mapping[str, Any], value: Any) -> Sent:
    return Sent(None, (Finding(code, {**about, "value": str(value)[:80]}),))


# ---- and back -----------------------------------------------------------------------------------------------------


def from_jira(
    value: Any,
    story_field: StoryField,
    jira_field: JiraField,
    *,
    value_map: Mapping[str, str] | None = None,
    people: People = NOBODY,
    ours: Any = None,
    labels: Labels = LABELS,
) -> Any | NotPossible:
    """What Jira holds as a value for `StorySource.apply`; an emptied field gives the empty value of its kind.

    `ours` is the story's present value: it stays as it is spelled while it says the same ("Check out" and Jira's
    "Check-out"). A text that was cut on its way out reads back cut: do not take it in.
    """
    about = {"field": jira_field.name, "field_id": jira_field.id}
    kind = story_field.kind
    if value in (None, "", []):
        return {FieldKind.LABELS: [], FieldKind.TEXT: "", FieldKind.RICH_TEXT: ""}.get(kind)
    match kind:
        case FieldKind.TEXT if isinstance(value, str):
            return one_line(value)
        case FieldKind.RICH_TEXT:
            return _markdown(value, jira_field, about, labels)
        case FieldKind.NUMBER if isinstance(value, int | float) and not isinstance(value, bool):
            return int(value) if float(value).is_integer() else float(value)
        case FieldKind.DATE | FieldKind.DATETIME if isinstance(value, str):
            return _time(value, kind, about)
        case FieldKind.CHOICE:
            return _ours(value, story_field, about, value_map or {}, ours)
        case FieldKind.LABELS if isinstance(value, list):
            return _texts(value, value_map or {}, ours or [])
        case FieldKind.PERSON:
            return _person(value, people, ours, about)
    return NotPossible("value_not_read_back", {**about, "value": str(value)[:80]})


def _markdown(value: Any, jira_field: JiraField, about: Mapping[str, Any], labels: Labels) -> str | NotPossible:
    """Markdown of a document, or of wiki markup; without the parts that the export composes into a description."""
    document = wiki_to_adf(value).value if isinstance(value, str) else value
    if not isinstance(document, Mapping):
        return NotPossible("value_not_read_back", {**about, "value": str(value)[:80]})
    if jira_field.system == "description":
        document = split_sections(document, labels=labels).body
    read = adf_to_markdown(document)
    if not read.lossless:
        return NotPossible("text_not_read_back", {**about, "lost": "; ".join(str(note) for note in read.notes)})
    return read.value.strip()


def _time(value: str, kind: FieldKind, about: Mapping[str, Any]) -> date | datetime | NotPossible:
    try:
        if kind is FieldKind.DATE:
            return date.fromisoformat(value[:10])
        found = datetime.fromisoformat(value)
    except ValueError:
        return NotPossible("value_not_read_back", {**about, "value": value[:80]})
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _ours(
    value: Any, story_field: StoryField, about: Mapping[str, Any], value_map: Mapping[str, str], ours: Any
) -> str | NotPossible:
    """The value of ours that becomes this one of Jira's; ours stays while it is one of several that do."""
    parts = value if isinstance(value, list) else [value]
    if len(parts) != 1 or not isinstance(parts[0], Mapping):
        return NotPossible("several_values", {**about, "value": ", ".join(_name(one) for one in parts)})
    target = target_of(parts[0])
    meaning = [choice.value for choice in story_field.choices if value_map.get(choice.value) == target]
    if ours in meaning:
        return str(ours)
    if meaning:
        return meaning[0]
    return NotPossible("value_unknown_here", {**about, "value": _name(parts[0])})


def _texts(value: list[Any], value_map: Mapping[str, str], ours: Iterable[str]) -> list[str]:
    spelled = {as_label(one): one for one in ours} | {one.casefold(): one for one in ours}
    mapped = {target: text for text, target in value_map.items() if target}
    found = []
    for one in value:
        if isinstance(one, Mapping) and (text := mapped.get(str(one.get("id", "")))):
            found.append(text)
            continue
        name = _name(one)
        found.append(spelled.get(name) or spelled.get(name.casefold()) or name)
    return list(dict.fromkeys(found))


def _person(value: Any, people: People, ours: Any, about: Mapping[str, Any]) -> Person | NotPossible:
    parts = value if isinstance(value, list) else [value]
    if len(parts) != 1 or not isinstance(parts[0], Mapping):
        return NotPossible("several_values", {**about, "value": ", ".join(_name(one) for one in parts)})
    account = parts[0]
    if isinstance(ours, Person):
        held = people.account(ours)
        if held is not None and held.account_id == account.get("accountId"):
            return ours
    asked = people.asked(str(account.get("accountId") or ""))
    email = str(account.get("emailAddress") or "") or (asked if "@" in asked else "")
    name = str(account.get("displayName") or account.get("name") or "")
    if not name and not email:
        return NotPossible("value_not_read_back", {**about, "value": _name(account)})
    return Person(name or email, email)


def _name(value: Any) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    named = (value.get(name) for name in ("displayName", "name", "value", "id", "accountId"))
    own = str(next((one for one in named if one), ""))
    child = value.get("child")
    return f"{own} \u203a {_name(child)}" if isinstance(child, Mapping) else own
