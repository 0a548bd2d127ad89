"""One item of a plan as its page shows it: its fields, what speaks against sending it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jira_integration.badges import SIGNS, Sign
from jira_integration.catalogue import Explained, explain
from jira_integration.contracts import Kind
from jira_integration.diff import Part, difference, shortened_words
from jira_integration.models import PlannedTicket
from jira_integration.untrusted import visible


@dataclass(frozen=True)
class Change:
    """One Jira field: for an update its two sides; for a create `after`, and `short` when that is long."""

    label: str
    before: list[Part]
    after: list[Part]
    text: str = ""
    short: str = ""

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())


class ItemView:
    """One planned item. `facts` is what every finding may name, `emptied` whether its values were removed by age,
    `under` the key of the story that a test case belongs to."""

    def __init__(
        self,
        planned: PlannedTicket,
        facts: Mapping[str, Any],
        *,
        url: str,
        opened: bool,
        emptied: bool = False,
        under: str = "",
    ) -> None:
        self.planned, self.facts, self.url, self.opened = planned, facts, url, opened
        self.emptied, self.under = emptied, under

    @property
    def sign(self) -> Sign:
        return SIGNS[self.planned.action]

    @cached_property
    def changes(self) -> list[Change]:
        made = []
        for change in self.planned.changes:
            before, after = (visible(str(change.get(side) or "")) for side in ("before", "after"))
            if self.planned.action == PlannedTicket.Action.CREATE:
                short = shortened_words(after)
                made.append(Change(change["label"], [], [], after, short if short != after else ""))
            else:
                made.append(Change(change["label"], *difference(before, after)))
        return made

    @cached_property
    def findings(self) -> list[Explained]:
        """Why it is left out, or what is worth knowing; what blocks comes first."""
        planned = self.planned
        facts = {**self.facts, "story": planned.story_key, "issue": planned.issue_key}
        blocking_first = sorted(planned.findings, key=lambda one: not one.get("blocking"))
        return [explain(one["code"], {**facts, **one.get("values", {})}) for one in blocking_first]

    @property
    def note(self) -> str:
        """The right end of its line."""
        planned, number = self.planned, len(self.planned.changes)
        match planned.action:
            case "blocked":
                problems = sum(1 for one in planned.findings if one.get("blocking")) or 1
                return ngettext("%(n)d problem", "%(n)d problems", problems) % {"n": problems}
            case "conflict":
                return _("left out until resolved")
            case "unchanged":
                return _("skipped")
        if self.emptied:
            return ""
        words = ngettext("%(n)d field", "%(n)d fields", number) % {"n": number}
        if not planned.added:
            return words
        if planned.kind == Kind.STORY:
            return _("%(fields)s · added, its test cases need it") % {"fields": words}
        return _("%(fields)s · added, its stories need it") % {"fields": words}

    @property
    def has_details(self) -> bool:
        return bool(self.planned.changes or self.planned.findings)
