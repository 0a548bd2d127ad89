"""One ticket, the news about it, and what was judged of each field: the plain data that judging works on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from jira_integration.contracts import StoryField, StorySnapshot
from jira_integration.mapping.jira_form import in_words, reduced
from jira_integration.mapping.payload import Builder, Payload
from jira_integration.mapping.values import NotPossible
from jira_integration.merge import MergedText, Sides, Verdict
from jira_integration.models import ExportedTicket
from jira_integration.sync.policy import Epics, MappingRules

# What a text was shortened by on its way out: what comes back is not all of ours.
CUT = frozenset({"summary_cut", "text_cut", "description_cut"})


@dataclass(frozen=True)
class News:
    """One field of ours and one of Jira's, judged. `value` is to be taken in (THEIRS, MERGED), in our form."""

    story_field: StoryField
    jira_field: str
    jira_name: str
    verdict: Verdict
    theirs_jira: Any  # as Jira holds it
    value: Any = None
    ours: Any = None
    base: Any = None
    theirs: Any = None  # in our form, where it has one
    not_possible: NotPossible | None = None
    merged: MergedText | None = None

    @property
    def key(self) -> str:
        return self.story_field.key

    @property
    def words(self) -> str:
        return in_words(self.theirs_jira)


@dataclass
class Looking:
    """One ticket and the news about it. The payload is built at most once, and only when something changed there."""

    ticket: ExportedTicket
    snapshot: StorySnapshot
    builder: Builder
    epics: Epics
    told: Mapping[str, Any]
    _payload: Payload | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls,
        ticket: ExportedTicket,
        snapshot: StorySnapshot,
        rules: MappingRules,
        epics: Epics,
        told: Mapping[str, Any] | None = None,
    ) -> Looking | None:
        """None where the mapping has no issue type for this kind, or Jira's fields were never read. `told` are the
        fields of Jira's that the news brought."""
        builder = rules.builders.get(snapshot.kind)
        return None if builder is None else cls(ticket, snapshot, builder, epics, told or {})

    @property
    def payload(self) -> Payload:
        if self._payload is None:
            self._payload = self.builder.build(self.snapshot)
        return self._payload

    @property
    def was_cut(self) -> bool:
        return any(finding.code in CUT for finding in self.payload.findings)

    def wanted(self, name: str) -> Any:
        """What we would send now."""
        if name != "parent":
            return self.payload.fields.get(name)
        ref = self.snapshot.parent_ref
        if ref is None:
            return None
        # An epic that is not in Jira yet is no issue of Jira's, and yet another parent than before.
        return {"id": self.epics.issue_of.get(ref, ref)}

    def sides(self, name: str) -> Sides:
        return Sides(
            sent=reduced(self.ticket.base_sent.get(name)),
            given=self.ticket.base_jira.get(name),
            ours=reduced(self.wanted(name)),
            theirs=reduced(self.told.get(name)),
        )

    def changed_there(self, name: str) -> bool:
        return bool(reduced(self.told.get(name)) != self.ticket.base_jira.get(name))

    def to_send(self) -> list[str]:
        """Jira's fields that hold another value here than what was sent last; `status` among them."""
        names = {*self.payload.fields, *self.ticket.base_sent} & {one.jira_field for one in self.builder.mappings}
        names |= {"parent"} if "parent" in self.builder.story_fields else set()
        changed = [
            name for name in sorted(names) if reduced(self.wanted(name)) != reduced(self.ticket.base_sent.get(name))
        ]
        status = self.snapshot.values.get("status", self.ticket.base_status)  # test cases have none
        return [*changed, "status"] if status != self.ticket.base_status else changed

    def waits(self) -> bool:
        """Whether anything of ours is still to go to Jira."""
        return bool(self.to_send())

    def after(self, values: Mapping[str, Any]) -> Looking:
        """The same once `values` have been taken in."""
        now = {**self.snapshot.values, **values}
        parent = values.get("parent", self.snapshot.parent_ref)
        return replace(self, snapshot=replace(self.snapshot, values=now, parent_ref=parent), _payload=None)
