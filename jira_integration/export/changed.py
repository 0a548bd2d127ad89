"""What changed here since the last export, of what Jira has: "Export what changed"."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from jira_integration.conf import story_source
from jira_integration.contracts import Kind
from jira_integration.export.selection import chunks
from jira_integration.mapping.metadata import stored
from jira_integration.models import ExportedTicket, PlannedTicket, ProjectMapping


def changed_here(mapping: ProjectMapping) -> list[str]:
    """Refs of items that were edited here since both sides agreed, and of stories that lost a test case."""
    tickets = ExportedTicket.objects.filter(mapping=mapping, unlinked_at=None).exclude(issue_id="")
    agreed = {ref: (version, kind) for ref, version, kind in tickets.values_list("story_ref", "story_version", "kind")}
    source, found, gone = story_source(), [], []
    for refs in chunks(list(agreed)):
        versions = source.versions(mapping.project_ref, refs)
        found += [ref for ref in refs if versions.get(ref, 0) > agreed[ref][0]]
        gone += [ref for ref in refs if ref not in versions and agreed[ref][1] == Kind.TEST]
    if mapping.exports_tests and gone:
        removed = tickets.filter(story_ref__in=gone).exclude(status_id__in=closed_statuses(mapping))
        parents = created_under(list(removed.values_list("uid", flat=True))).values()
        stories = tickets.filter(uid__in=set(parents))
        found += stories.values_list("story_ref", flat=True)
    return list(dict.fromkeys(found))


def closed_statuses(mapping: ProjectMapping) -> list[str]:
    """Ids of the statuses that mean done for test cases, as far as Jira was read."""
    known = stored(mapping.connection, mapping.jira_project_id)
    found = known[0].statuses.get(mapping.type_id(Kind.TEST), ()) if known else ()
    return [one.id for one in found if one.category == "done"]


def created_under(uids: Collection[UUID]) -> dict[UUID, UUID]:
    """Ticket → the ticket of the story it was planned under last: a removed test case has no story any more."""
    rows = PlannedTicket.objects.filter(uid__in=uids).exclude(parent_uid=None).order_by("pk")
    return {uid: parent for uid, parent in rows.values_list("uid", "parent_uid") if parent}
