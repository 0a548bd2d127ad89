"""What open pages are told: the same partials as the pages, as pieces that are swapped in by their ids.

`run_news`, `plan_news` and `workspace_news` are used by the sockets (consumers.py) and by the polling answers
(views/live.py), so both say the same. Rows come inside <template>: a table row cannot stand beside a <section>
otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string

from jira_integration.badges import SYNC, sync_state, sync_tooltip
from jira_integration.conf import story_source
from jira_integration.contracts import Act, ProjectInfo
from jira_integration.models import ExportedTicket, ExportPlan, ExportRun, LiveSequence
from jira_integration.planview import PlanView
from jira_integration.runview import RunView
from jira_integration.standing import card, mapping_of, needs_you, open_conflicts

MOST_ROWS = 500  # rows or badges a page can ask for at once
FRAME = ("conn", "needs-you", "conflicts")  # parts of the frame that every page has


@dataclass(frozen=True)
class News:
    """Pieces to swap in, the number they bring the page to, and whether nothing more will come."""

    html: str
    seq: int
    ended: bool = False


def plan_of(pk: int) -> ExportPlan | None:
    return ExportPlan.objects.select_related("mapping__connection").defer("story_refs").filter(pk=pk).first()


def plan_news(plan: ExportPlan, project: ProjectInfo) -> News:
    """How far a plan is. Once it is built, or could not be, the page is to be loaded again."""
    view = PlanView(plan, project)
    built = plan.state != ExportPlan.State.BUILDING
    context = {"plan": plan, "view": view, "project": project, "oob": True, "built": built}
    return News(render_to_string("jira_integration/_plan_building.html", context), plan.progress, built)


def run_of(pk: int) -> ExportRun | None:
    runs = ExportRun.objects.select_related("connection", "plan__mapping", "started_by").defer("plan__story_refs")
    return runs.filter(pk=pk).first()


def run_news(
    run: ExportRun, project: ProjectInfo, user: Any, *, after: int, rows: Sequence[int] = (), show: str = "all"
) -> News:
    """What changed in a run since number `after`: its head, progress and activity, and those of the page's `rows`
    (ids of items) that changed."""
    view = RunView(run, project)
    changed = run.items.filter(seq__gt=after, pk__in=list(rows)[:MOST_ROWS]).order_by("position")
    shown = view.rows(changed)
    # Read before or with the rows: a change that came in between is asked for again, never passed over.
    source = story_source()
    context = {
        "run": run,
        "view": view,
        "project": project,
        "rows": shown,
        "show": show,
        "oob": True,
        "may_export": source.may(user, project.ref, Act.EXPORT),
        "may_admin": source.may(user, project.ref, Act.ADMIN),
    }
    return News(render_to_string("jira_integration/run_news.html", context), run.seq, view.ended)


def workspace_news(
    project: ProjectInfo, user: Any, *, after: int, keys: Iterable[str] = (), parts: Iterable[str] = ()
) -> News:
    """What changed in a backlog since number `after`: badges of the stories on screen (`keys`), and the `parts` of
    the frame that the page has."""
    seq = LiveSequence.objects.filter(project_ref=project.ref).values_list("value", flat=True).first() or 0
    wanted = list(keys)[:MOST_ROWS]
    tickets = ExportedTicket.objects.filter(project_ref=project.ref, story_key__in=wanted)
    # Unlinking is news as well: those stories have no ticket any more, or a new one.
    by_ref: dict[str, ExportedTicket | None] = dict.fromkeys(
        tickets.filter(seq__gt=after).values_list("story_ref", flat=True)
    )
    linked = tickets.filter(story_ref__in=by_ref, unlinked_at=None).select_related("connection")
    by_ref |= {ticket.story_ref: ticket for ticket in linked}
    badges = []
    for snapshot in story_source().snapshots(project.ref, by_ref):
        ticket = by_ref[snapshot.ref]
        code = sync_state(ticket, version=snapshot.version, sync_off=snapshot.sync_off)
        badges.append(
            {
                "key": snapshot.key,
                "ticket": ticket,
                "badge": SYNC[code],
                "seq": ticket.seq if ticket else seq,
                "version": snapshot.version,
                "tooltip": sync_tooltip(SYNC[code], ticket.checked_at if ticket else None),
            }
        )
    asked = set(parts)
    context: dict[str, Any] = {"project": project, "badges": badges, "parts": asked, "oob": True}
    if "conn" in asked:
        context["card"] = card(project, mapping_of(project.ref))
    if "needs-you" in asked:
        context["needs_you"] = needs_you(project.ref)
    if "conflicts" in asked:
        context["conflicts"] = open_conflicts(project.ref)
    return News(render_to_string("jira_integration/workspace_news.html", context), seq)
