"""What goes to Jira by itself: changed stories of automatic mappings, once nobody has edited them for a while.

The same plan, run, ledger and history as a confirmed export; only the confirmation is the mapping's. Stories that are
not in Jira yet stay here: creating issues is for a person.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Exists, F, Max, OuterRef, Q
from django.utils import timezone

from jira_integration.conf import conf, story_source
from jira_integration.contracts import StorySnapshot
from jira_integration.export.runs import confirm
from jira_integration.models import (
    Conflict,
    ExportedTicket,
    ExportPlan,
    ExportRun,
    JiraConnection,
    PlannedTicket,
    ProjectMapping,
    RunItem,
)

ROWS = 500
# A plan that met edits on both sides may be made again: meanwhile the news were taken in and perhaps merged.
AGAIN_AFTER = timedelta(minutes=10)
Action = PlannedTicket.Action


def automatic_mappings() -> list[int]:
    """Mappings that may send now: nothing of theirs is on its way, and Jira takes our sign-in."""
    busy = ExportRun.objects.filter(plan__mapping=OuterRef("pk")).exclude(state__in=ExportRun.ENDED)
    building = ExportPlan.objects.filter(mapping=OuterRef("pk"), created_by=None, state=ExportPlan.State.BUILDING)
    rows = ProjectMapping.objects.filter(
        live=True, mode=ProjectMapping.Mode.AUTOMATIC, connection__state=JiraConnection.State.OK
    )
    return list(rows.exclude(Exists(busy)).exclude(Exists(building)).values_list("pk", flat=True))


def due(mapping: ProjectMapping) -> list[str]:
    """Refs of stories that changed here, are quiet, and have no open question; a story that could not be sent as it
    is now is left alone until it, Jira's issue or the mapping changes."""
    asked = Conflict.objects.filter(ticket=OuterRef("pk"), resolved_at=None)
    tickets = ExportedTicket.objects.filter(mapping=mapping, unlinked_at=None).exclude(issue_id="")
    tickets = tickets.exclude(sync=ExportedTicket.Sync.MISSING).exclude(Exists(asked))
    source, agreed = story_source(), dict(tickets.values_list("story_ref", "story_version"))
    refs, found = list(agreed), []
    for start in range(0, len(refs), ROWS):
        versions = source.versions(mapping.project_ref, refs[start : start + ROWS])
        changed = [ref for ref, version in versions.items() if version > agreed[ref]]
        if changed:
            snapshots = list(source.snapshots(mapping.project_ref, changed))
            tried = _tried(mapping, snapshots)
            found += [one.ref for one in snapshots if _quiet(one) and one.ref not in tried]
    return found


def _quiet(snapshot: StorySnapshot) -> bool:
    return not snapshot.sync_off and timezone.now() - snapshot.updated_at >= timedelta(seconds=conf.QUIET_SECONDS)


def _tried(mapping: ProjectMapping, snapshots: Iterable[StorySnapshot]) -> set[str]:
    """Those that were planned as they stand, to no avail. What was only overtaken may be tried again."""
    now = {one.ref: one.version for one in snapshots}
    ticket = ExportedTicket.objects.filter(mapping=mapping, unlinked_at=None, story_ref=OuterRef("story_ref"))
    settled = Conflict.objects.filter(ticket__story_ref=OuterRef("story_ref"), ticket__mapping=mapping)
    overtaken = RunItem.objects.filter(
        planned=OuterRef("pk"), state__in=[RunItem.State.MOVED_ON, RunItem.State.NOT_SENT]
    )
    rows = (
        PlannedTicket.objects.filter(story_ref__in=now, plan__mapping=mapping, plan__mapping_version=mapping.version)
        .annotate(
            jira_moved=ticket.values("jira_updated_at")[:1],
            chosen_at=settled.order_by()
            .values("ticket__story_ref")
            .annotate(last=Max("resolved_at"))
            .values("last")[:1],
        )
        .filter(Q(jira_moved=None) | Q(seen_updated_at=None) | Q(seen_updated_at__gte=F("jira_moved")))
        .filter(Q(chosen_at=None) | Q(plan__created_at__gte=F("chosen_at")))
        .exclude(Exists(overtaken))
        .exclude(action=Action.CONFLICT, plan__created_at__lt=timezone.now() - AGAIN_AFTER)
    )
    return {ref for ref, version in rows.values_list("story_ref", "story_version") if now[ref] == version}


def send(plan: ExportPlan) -> ExportRun | None:
    """Confirm a built plan in the mapping's name; None when there was nothing to send, or Jira could not be read."""
    if plan.state != ExportPlan.State.READY:
        return None
    if not plan.sendable:
        ExportPlan.objects.filter(pk=plan.pk).update(state=ExportPlan.State.DISCARDED)
        return None
    return confirm(plan, None)
