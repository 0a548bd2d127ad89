"""How an entry of the catalogue is written and filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any, Literal

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jira_integration.untrusted import visible

Text = str | Promise
Tone = Literal["danger", "warning", "info"]

# Who can do what an action asks for; the values of contracts.Act.
EDIT, EXPORT, ADMIN = "edit", "export", "admin"

# Said in place of a value that the caller did not have.
GENERAL: dict[str, Text] = {
    "account": gettext_lazy("the Jira account"),
    "actor": gettext_lazy("Someone"),
    "field": gettext_lazy("a field"),
    "issue": gettext_lazy("the issue"),
    "epic": gettext_lazy("its epic"),
    "issue_type": gettext_lazy("issue"),
    "jira_project": gettext_lazy("the Jira project"),
    "project": gettext_lazy("the backlog"),
    "label": gettext_lazy("a field"),
    "site": gettext_lazy("the Jira site"),
    "other": gettext_lazy("another one"),
    "story": gettext_lazy("the story"),
    "who": gettext_lazy("somebody"),
}


@dataclass(frozen=True)
class Step:
    """Where an entry's button leads: a URL name, the names of the values that are its arguments, the control."""

    label: Text
    url_name: str
    args: tuple[str, ...] = ()
    query: Mapping[str, str] | None = None
    anchor: str = ""
    needs: str = ADMIN


@dataclass(frozen=True)
class Entry:
    """Texts hold {gaps}; `why` and `todo` are left out as a whole when they are empty."""

    title: Text
    why: Text = ""
    todo: Text = ""
    step: Step | None = None
    tone: Tone = "danger"


@dataclass(frozen=True)
class Action:
    """A button that leads to the exact control. `needs` is the contracts.Act value of who may press it."""

    label: str
    url_name: str
    args: tuple[Any, ...] = ()
    query: Mapping[str, str] | None = None
    anchor: str = ""
    needs: str = ADMIN

    @property
    def url(self) -> str:
        """The page's address, "" where the page does not exist."""
        try:
            address = reverse(f"jira_integration:{self.url_name}", args=self.args)
        except NoReverseMatch:
            return ""
        asked = f"?{urlencode(self.query)}" if self.query else ""
        return f"{address}{asked}{'#' if self.anchor else ''}{self.anchor}"


@dataclass(frozen=True)
class Explained:
    """`title` what happened, `why` with the actual value, `todo` in words, `action` as one button."""

    code: str
    title: str
    why: str
    todo: str
    action: Action | None
    tone: Tone

    def __str__(self) -> str:
        """For a command's one line and a log."""
        return " ".join(part for part in (self.title, self.why, self.todo) if part)


class Gaps(dict[str, Any]):
    """Values for format_map; knows general words for what is missing."""

    def __missing__(self, name: str) -> str:
        return str(GENERAL.get(name, "…"))


def worded(text: Text, values: Mapping[str, Any]) -> str:
    """Fill the gaps. Only the catalogue's own text is read as a template, never a value."""
    plain = {name: _plain(value) for name, value in values.items() if value not in (None, "", [], ())}
    return str(text).format_map(Gaps(plain))


def filled(entry: Entry, code: str, values: Mapping[str, Any]) -> Explained:
    return Explained(
        code=code,
        title=worded(entry.title, values),
        why=worded(entry.why, values),
        todo=worded(entry.todo, values),
        action=_action(entry.step, values),
        tone=entry.tone,
    )


def _action(step: Step | None, values: Mapping[str, Any]) -> Action | None:
    """No button where a value it needs is missing: better none than one that leads nowhere."""
    if step is None:
        return None
    names = {"connection": "connection_id", "project": "project_key"}
    args = []
    for name in step.args:
        if name.startswith("="):
            args.append(name[1:])
            continue
        value = values.get(names.get(name, name))
        if not value:
            return None
        args.append(value)
    query = {name: worded(text, values) for name, text in (step.query or {}).items()}
    if step.url_name == "setup_step" and values.get("project_key"):
        query["project"] = str(values["project_key"])
    if step.args[-1:] == ("=fields",) and values.get("kind"):
        query["kind"] = str(values["kind"])
    anchor = "" if _has_gap(step.anchor, values) else worded(step.anchor, values)
    return Action(worded(step.label, values), step.url_name, tuple(args), query or None, anchor, step.needs)


def _has_gap(text: str, values: Mapping[str, Any]) -> bool:
    names = [name for _text, name, *_rest in Formatter().parse(text) if name]
    return any(not values.get(name) for name in names)


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return visible(value)  # a name or a label must not turn the sentence around it
    if isinstance(value, int | float):
        return value
    if isinstance(value, Promise):
        return str(value)
    if isinstance(value, Iterable):
        return get_text_list([visible(str(one)) for one in value], str(_("and")))
    return str(value)


def setup(label: Text, slug: str, anchor: str = "") -> Step:
    """A step of the set-up as the way out."""
    return Step(label, "setup_step", ("connection", f"={slug}"), anchor=anchor)
