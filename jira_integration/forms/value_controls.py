"""A value of a Jira field typed or picked by a person: for a field that always gets the same, or for empty ones.

The control fits what the field holds: a date, a number, one of a list, check boxes, two lists for a cascade, people.
All of them are plain inputs, so that they work without scripts. A list that is too long to be read is searched: its
select then holds what is chosen and what was found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from jira_integration.mapping.metadata import AllowedValue, JiraField
from jira_integration.mapping.shapes import LISTED, MANY, Shape, shape_of
from jira_integration.richtext import adf_to_markdown
from jira_integration.richtext.compose import blocks, document

PLENTY = 40  # options; more than that are searched for
FOUND = 12  # options that a search shows
# What is typed, by the type of the input; the rest is picked.
TYPED: dict[Shape, str] = {
    Shape.LINE: "text",
    Shape.URL: "url",
    Shape.DOCUMENT: "area",
    Shape.NUMBER: "number",
    Shape.DATE: "date",
    Shape.DATETIME: "datetime-local",
    Shape.LABELS: "text",
    Shape.GROUP: "text",
    Shape.GROUPS: "text",
    Shape.SPRINT: "number",
    Shape.TIME: "text",
}
PEOPLE = frozenset({Shape.USER, Shape.USERS})
Find = Callable[[str], Sequence[tuple[str, str]]]  # a search for people: [(account id, name)]


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True)
class OptionGroup:
    label: str
    options: tuple[Option, ...]


@dataclass
class ValueControl:
    """`name` is what its inputs are called and the id of the first. `value` is in Jira's form, None for nothing.

    `data` is the posted form, None for what is saved; `find` searches people; `names` says what accounts are called.
    """

    name: str
    label: str
    jira_field: JiraField
    value: Any = None
    data: Any = None
    find: Find | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    typed: str = ""
    query: str = ""

    def __post_init__(self) -> None:
        self.shape = shape_of(self.jira_field)
        self.typed = self._as_typed(self.value)
        self.found: Sequence[tuple[str, str]] = ()
        if self.data is not None and (f"has-{self.name}" in self.data or self.name in self.data):
            self.query = self.data.get(f"find-{self.name}", "").strip()[:100]
            self.typed = self.data.get(self.name, "")
            self.value, self.error = self._read()
        if self.query and self.data is not None and self.data.get("find") == self.name:
            self.found = self._search()

    # ---- what the template shows -----------------------------------------------------------------------------------

    @property
    def kind(self) -> str:
        """Which part of the template: an input's type, "area", "pick", "checks" or "cascade"."""
        if self.shape in TYPED:
            return TYPED[self.shape]
        if self.shape is Shape.CASCADE:
            return "cascade"
        return "checks" if self.shape in MANY else "pick"

    @property
    def searched(self) -> bool:
        return self.shape in PEOPLE or (self.shape in LISTED and len(self.jira_field.allowed) > PLENTY)

    @property
    def hint(self) -> str:
        return {
            Shape.LABELS: _("Several with a space between them."),
            Shape.GROUPS: _("Several with a comma between them."),
            Shape.TIME: _("Like 2d 4h."),
            Shape.SPRINT: _("The sprint’s number, from the address of its board."),
            Shape.DATETIME: _("In the time zone %(zone)s.") % {"zone": timezone.get_current_timezone_name()},
            Shape.DOCUMENT: _("Markdown."),
        }.get(self.shape, "")

    @property
    def chosen(self) -> list[str]:
        """Ids of what is picked."""
        members = self.value if isinstance(self.value, list) else [self.value]
        return [_id(one) for one in members if isinstance(one, Mapping)]

    @property
    def options(self) -> list[Option]:
        """What can be picked: everything, or what is chosen and what was found."""
        chosen = self.chosen
        if self.shape in PEOPLE:
            offered = [(one, self.names.get(one, one)) for one in chosen]
        else:
            offered = [(one.id, one.name) for one in self.jira_field.allowed if not one.off or one.id in chosen]
            if self.searched:
                offered = [one for one in offered if one[0] in chosen]
        offered += [one for one in self.found if one[0] not in chosen]
        return [Option(value, label, value in chosen) for value, label in offered]

    @property
    def children(self) -> list[OptionGroup]:
        """The second list of a cascade: what is under the chosen option, or everything while none is chosen."""
        parents = [one for one in self.jira_field.allowed if not one.off]
        if self.chosen:
            parents = [one for one in parents if one.id == self.chosen[0]]
        child = self.value.get("child") if isinstance(self.value, Mapping) else None
        under = _id(child) if isinstance(child, Mapping) else ""
        return [
            OptionGroup(
                one.name, tuple(Option(two.id, two.name, two.id == under) for two in one.children if not two.off)
            )
            for one in parents
            if one.children
        ]

    @property
    def empty(self) -> bool:
        return self.value in (None, "", [])

    @property
    def words(self) -> str:
        return in_words(self.jira_field, self.value, self.names) if not self.empty else ""

    # ---- what was typed or picked ------------------------------------------------------------------------------------

    def _read(self) -> tuple[Any, str]:
        """(value in Jira's form, error); (None, "") when nothing was given."""
        text = self.typed.strip()
        if self.kind in ("pick", "checks"):
            return self._picked([one for one in self.data.getlist(self.name) if one])
        if self.kind == "cascade":
            return self._cascade(text, self.data.get(f"{self.name}-child", ""))
        return self._typed(text) if text else (None, "")

    def _picked(self, ids: list[str]) -> tuple[Any, str]:
        if not ids:
            return None, ""
        if self.shape not in PEOPLE and not set(ids) <= {one.id for one in self.jira_field.allowed if not one.off}:
            return None, _("%(field)s has no such value any more. Choose another.") % {"field": self.jira_field.name}
        key = "accountId" if self.shape in PEOPLE else "id"
        made = [{key: one} for one in dict.fromkeys(ids)]
        return (made if self.shape in MANY else made[0]), ""

    def _cascade(self, parent_id: str, child_id: str) -> tuple[Any, str]:
        """A second choice alone says which first one it is under."""
        allowed = [one for one in self.jira_field.allowed if not one.off]
        parent = next((one for one in allowed if one.id == parent_id), None)
        if parent is None and not parent_id and child_id:
            parent = next((one for one in allowed if child_id in _ids(one.children)), None)
        if parent is None:
            gone = _("%(field)s has no such value any more. Choose another.") % {"field": self.jira_field.name}
            return None, gone if parent_id or child_id else ""
        if child_id and child_id not in _ids(parent.children):
            if self.data.get("look"):  # the first list was changed just now: the second begins anew
                return {"id": parent.id}, ""
            return {"id": parent.id}, _("Choose again what is under %(parent)s.") % {"parent": parent.name}
        return ({"id": parent.id, "child": {"id": child_id}} if child_id else {"id": parent.id}), ""

    def _typed(self, text: str) -> tuple[Any, str]:
        about = {"field": self.jira_field.name}
        match self.shape:
            case Shape.NUMBER | Shape.SPRINT:
                try:
                    number = float(text.replace(",", "."))
                except ValueError:
                    return None, _("Write a number for %(field)s.") % about
                if self.shape is Shape.SPRINT:
                    return int(number), ""
                return number, ""
            case Shape.DATE:
                try:
                    return date.fromisoformat(text).isoformat(), ""
                except ValueError:
                    return None, _("Write the date of %(field)s as 2027-03-14.") % about
            case Shape.DATETIME:
                return _moment(text, self.jira_field)
            case Shape.LABELS:
                return text.replace(",", " ").split(), ""
            case Shape.GROUP:
                return {"name": text}, ""
            case Shape.GROUPS:
                return [{"name": one.strip()} for one in text.split(",") if one.strip()], ""
            case Shape.TIME:
                return {"originalEstimate": " ".join(text.split())}, ""
            case Shape.DOCUMENT:
                return document(blocks(text)).value, ""
            case Shape.LINE:
                return " ".join(text.split())[:255], ""
        return text, ""

    def _as_typed(self, value: Any) -> str:
        """The saved value as it would have been typed."""
        match self.shape, value:
            case _, None:
                return ""
            case Shape.DOCUMENT, Mapping():
                return adf_to_markdown(value).value.strip()
            case Shape.DATETIME, str():
                return timezone.localtime(datetime.fromisoformat(value)).strftime("%Y-%m-%dT%H:%M")
            case Shape.LABELS, list():
                return " ".join(str(one) for one in value)
            case Shape.TIME, Mapping():
                return str(value.get("originalEstimate", ""))
            case _, float():
                return f"{value:g}"
        return in_words(self.jira_field, value, self.names)

    def _search(self) -> Sequence[tuple[str, str]]:
        if self.shape in PEOPLE:
            return self.find(self.query) if self.find is not None else ()
        return matching([(one.id, one.name) for one in self.jira_field.allowed if not one.off], self.query)


def matching(options: Sequence[tuple[str, str]], query: str) -> list[tuple[str, str]]:
    """The first of (value, label) whose label holds the query; those that begin with it come first."""
    asked = query.casefold()
    found = [one for one in options if asked in one[1].casefold()]
    found.sort(key=lambda one: not one[1].casefold().startswith(asked))
    return found[:FOUND]


def in_words(jira_field: JiraField, value: Any, names: Mapping[str, str] | None = None) -> str:
    """A value in Jira's form as a person reads it."""
    if isinstance(value, list):
        return ", ".join(in_words(jira_field, one, names) for one in value)
    if not isinstance(value, Mapping):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if value.get("type") == "doc":
        return " ".join(adf_to_markdown(value).value.split())
    if "accountId" in value:
        return (names or {}).get(value["accountId"], str(value["accountId"]))
    if "id" not in value:
        return ", ".join(str(one) for one in value.values())
    parent = next((one for one in jira_field.allowed if one.id == str(value["id"])), None)
    said = parent.name if parent is not None else str(value["id"])
    if isinstance(value.get("child"), Mapping):
        child_id = _id(value["child"])
        under = next((one.name for one in parent.children if one.id == child_id), child_id) if parent else child_id
        said = f"{said} › {under}"
    return said


def _moment(text: str, jira_field: JiraField) -> tuple[Any, str]:
    """As Jira writes times, in the person's zone."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        return None, _("Write %(field)s as 2027-03-14T09:30.") % {"field": jira_field.name}
    aware = local if timezone.is_aware(local) else timezone.make_aware(local)
    return aware.strftime("%Y-%m-%dT%H:%M:%S.000%z"), ""


def _id(value: Mapping[str, Any]) -> str:
    return str(value.get("accountId") or value.get("id") or "")


def _on(values: Sequence[AllowedValue]) -> list[AllowedValue]:
    return [one for one in values if not one.off]


def _ids(values: Sequence[AllowedValue]) -> set[str]:
    return {one.id for one in _on(values)}
