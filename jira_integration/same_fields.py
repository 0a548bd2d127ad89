"""The fields of a planned update that stay as they are: not stored with the plan, worked out when somebody asks."""

from __future__ import annotations

from dataclasses import dataclass

from jira_integration.conf import story_source
from jira_integration.contracts import Kind
from jira_integration.export.builders import builders_for
from jira_integration.export.hierarchy import parent_field
from jira_integration.mapping.metadata import stored
from jira_integration.models import ExportedTicket, PlannedTicket
from jira_integration.untrusted import visible


@dataclass(frozen=True)
class SameField:
    """A Jira field and our value in words; `theirs` when Jira's people changed it since, which the export leaves."""

    label: str
    value: str
    theirs: bool = False


@dataclass(frozen=True)
class SameFields:
    """`edited` when the story, its ticket or the mapping is no longer what was planned: read Jira again, then."""

    rows: list[SameField]
    edited: bool = False


def same_fields(planned: PlannedTicket) -> SameFields:
    """By the story as it is now and what both sides agreed on; the planned changes are left out."""
    plan = planned.plan
    mapping = plan.mapping
    ticket = ExportedTicket.objects.filter(uid=planned.uid, unlinked_at=None).first()
    known = stored(mapping.connection, mapping.jira_project_id)
    snapshot = next(iter(story_source().snapshots(plan.project_ref, [planned.story_ref])), None)
    builder = builders_for(mapping, known[0]).get(Kind(planned.kind)) if known else None
    if ticket is None or snapshot is None or builder is None:
        return SameFields([], edited=True)
    payload, parent = builder.build(snapshot), parent_field(builder.issue_type)
    words, labels = dict(payload.words), dict(payload.labels)
    if parent is not None and ticket.base_sent.get(parent.id) is not None:
        above = ExportedTicket.objects.filter(story_ref=snapshot.parent_ref, unlinked_at=None).first()
        words[parent.id], labels[parent.id] = above.issue_key if above else "", parent.name
    changed = {change["field"] for change in planned.changes}
    return SameFields(
        [
            SameField(labels[name], visible(word), name in ticket.theirs)
            for name, word in words.items()
            if name not in changed
        ],
        edited=snapshot.version != planned.story_version or mapping.version != plan.mapping_version,
    )
