"""What must hold once everything has calmed down, whatever happened before: a sentence for each fault that is found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from jira_integration.catalogue import ENTRIES
from jira_integration.models import ExportedTicket, ExportRun, RunBatch, RunItem
from tests.chaos.schedule import Office
from tests.chaos.world import World

Item = RunItem.State


def faults_found(office: Office) -> list[str]:
    return [
        *office.world.violations,
        *(f"{times} times a worker met {crash}" for crash, times in Counter(office.crashes()).items()),
        *(
            sentence
            for run in ExportRun.objects.filter(pk__in=office.run_ids)
            for sentence in of_one(run, office.world)
        ),
        *of_jira(office.world),
    ]


def of_one(run: ExportRun, world: World) -> Iterator[str]:
    items = list(RunItem.objects.filter(run=run).select_related("planned", "ticket"))
    yield from of_the_run(run, items, world)
    for item in items:
        yield from of_item(item, world)


def of_the_run(run: ExportRun, items: list[RunItem], world: World) -> Iterator[str]:
    if run.state not in ExportRun.ENDED:
        yield f"the run never ended: {run.state} {run.reason_code}"
    elif not world.deleted and run.state != ExportRun.State.DONE:
        yield f"the run ended {run.state}"
    if run.lease_token:
        yield "an ended run still has a lease"
    open_batches = RunBatch.objects.filter(run=run).exclude(state=RunBatch.State.DONE).count()
    if open_batches:
        yield f"{open_batches} batches are still open"


def of_jira(world: World) -> Iterator[str]:
    """No issue twice, none that the ledger does not know."""
    issues = [one for one in world.issues.values() if not one.deleted]
    for uid, count in Counter(one.uid for one in issues).items():
        if count > 1:
            yield f"{uid} stands in Jira {count} times"
    known = {str(uid): issue_id for uid, issue_id in ExportedTicket.objects.values_list("uid", "issue_id")}
    for one in issues:
        if known.get(one.uid) != one.id:
            yield f"{one.key} is an orphan: the ledger holds {known.get(one.uid)!r} for it"


def of_item(item: RunItem, world: World) -> Iterator[str]:
    uid = str(item.planned.uid)
    issue = next((one for one in world.issues.values() if one.uid == uid and not one.deleted), None)
    name = f"{item.story_key} ({item.action})"
    if item.error_code and item.error_code not in ENTRIES:
        yield f"{name}: nobody can word {item.error_code!r}"
    if item.state not in RunItem.WELL and not item.error_code:
        yield f"{name} is {item.state} without a reason"
    if uid in world.deleted or str(item.planned.parent_uid) in world.deleted:
        return
    if item.state not in RunItem.WELL:
        yield f"{name} ended {item.state}: {item.error_code} {item.error_values}"
        return
    if issue is None:
        yield f"{name} is {item.state} and not in Jira"
        return
    if item.state == Item.UNCHANGED:
        return
    if item.issue_id != issue.id or item.ticket is None or item.ticket.issue_id != issue.id:
        yield f"{name} is linked to {item.issue_id}, not to {issue.id}"
    if not item.confirmed or item.ticket is None or item.ticket.sync != ExportedTicket.Sync.IN_SYNC:
        yield f"{name} was not read back"
    if item.sent_hash and item.sent_hash != item.planned.template_hash:
        yield f"{name} was not sent as the preview showed it"
    wanted = item.planned.template.get("fields", {}).get("summary")
    if wanted and issue.fields["summary"] != wanted:
        yield f"{name} does not say in Jira what was sent"
    if item.planned.status_to and issue.status != item.planned.status_to["id"]:
        yield f"{name} stands in status {issue.status}"
