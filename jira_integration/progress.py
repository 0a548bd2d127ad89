"""Tell open pages that something changed: ids and a number, never content. Call after the commit.

The database is the truth. Whoever hears of a change reads the rows again and checks rights again (consumers.py), so a
lost message costs a page a few seconds, never a wrong word. A layer that is down must not stop an export.
"""

from __future__ import annotations

import logging
from hashlib import sha256
from typing import Any

import redis
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

from jira_integration.export.line import line
from jira_integration.ledger import next_seq
from jira_integration.models import ExportedTicket, ExportPlan, ExportRun, RunItem

logger = logging.getLogger(__name__)


def run_group(run_id: int) -> str:
    return f"run.{run_id}"


def plan_group(plan_id: int) -> str:
    return f"plan.{plan_id}"


def project_group(project_ref: str) -> str:
    """Group names are short and plain; refs are the host's and may be neither, hence a digest."""
    return f"project.{sha256(project_ref.encode()).hexdigest()[:40]}"


def publish_item(item: RunItem) -> None:
    """One row of a run changed, and with it perhaps the badge of its story."""
    _tell(run_group(item.run_id), {"type": "run.changed", "run": item.run_id, "seq": item.seq})
    if item.ticket is not None:
        publish_ticket(item.ticket)


def publish_run(run: ExportRun) -> None:
    """The run itself changed: its state, why it waits. Lists of runs and the sidebar's count hear of it too."""
    _tell(run_group(run.pk), {"type": "run.changed", "run": run.pk, "seq": run.seq})
    _tell(project_group(run.project_ref), {"type": "workspace.changed", "seq": 0})


def publish_turn(run: ExportRun) -> None:
    """A run began or came to rest: those that wait with it hear of it, and the run that it undoes."""
    publish_run(run)
    publish_line(run)
    for undone in ExportRun.objects.filter(undo_plans__run=run):
        publish_run(undone)


def publish_line(run: ExportRun) -> None:
    """The runs that wait for the same Jira project: their place in line may be another now."""
    for waiting in line(run):
        waiting.seq = next_seq(waiting.pk)
        publish_run(waiting)


def publish_ticket(ticket: ExportedTicket) -> None:
    """A ticket changed: the badge of its story, and the counts of its backlog."""
    _tell(project_group(ticket.project_ref), {"type": "workspace.changed", "seq": ticket.seq})


def publish_plan(plan: ExportPlan) -> None:
    """A plan is being built, is ready or could not be made."""
    _tell(plan_group(plan.pk), {"type": "plan.changed", "seq": 0})
    if plan.state == ExportPlan.State.BUILDING:
        return
    _tell(project_group(plan.project_ref), {"type": "workspace.changed", "seq": 0})


def publish_connection(project_refs: list[str]) -> None:
    """The state of a connection changed: the cards of the backlogs that use it."""
    for project_ref in project_refs:
        _tell(project_group(project_ref), {"type": "workspace.changed", "seq": 0})


def _tell(group: str, message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    try:
        async_to_sync(layer.group_send)(group, message)
    except (OSError, redis.RedisError) as trouble:
        logger.warning("No open page was told of %s: %s", group, trouble)
