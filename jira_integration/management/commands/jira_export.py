"""Plan an export and carry it out, from the command line. JSON: docs/commands.md."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count
from django.utils import timezone
from kombu.exceptions import OperationalError

from jira_integration import tasks
from jira_integration.catalogue import explain
from jira_integration.conf import story_source
from jira_integration.export import plan as planning
from jira_integration.export import runs
from jira_integration.export.changed import changed_here
from jira_integration.export.line import CannotDo, place_of
from jira_integration.models import ExportPlan, ExportRun, PlannedTicket, ProjectMapping, RunItem

COULD_NOT_START = 2
LEFT_OUT = ("blocked", "conflict", "leave")
BEFORE_SECONDS = 2  # between two looks at a run that is in the way


class Command(BaseCommand):
    help = "Export stories to Jira. Exit status: 0 every item ended well, 1 some did not, 2 could not start."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--connection", type=int, required=True, help="Id of the connection.")
        parser.add_argument("--project", help="Key of the backlog; may be left out where the connection has one.")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--all", action="store_true", help="Everything in the backlog.")
        what.add_argument("--changed", action="store_true", help="What was edited here since the last export.")
        what.add_argument("--story", action="append", metavar="REF", help="A story or epic by key (US-142) or ref.")
        parser.add_argument("--dry-run", action="store_true", help="Plan only; nothing is sent.")
        parser.add_argument("--wait", action="store_true", help="Work in this process until the run ends.")
        parser.add_argument("--json", action="store_true", help="One JSON object on standard output.")

    def handle(self, *args: Any, **options: Any) -> None:
        mapping = self._mapping(options["connection"], options["project"])
        refs = changed_here(mapping) if options["changed"] else self._refs(mapping, options["story"])
        plan = planning.new_plan(mapping, refs, None)
        plan = async_to_sync(planning.build_plan)(plan.pk)
        if plan.state != ExportPlan.State.READY:
            raise CommandError(said(plan.error_code, plan.error_values), returncode=COULD_NOT_START)
        if options["dry_run"] or not plan.sendable:
            self._report(planned(plan), options["json"], _status(plan.items.values_list("action", flat=True)))
            return
        try:
            run = runs.confirm(plan, None)
        except CannotDo as reason:
            raise CommandError(said(reason.code, {}), returncode=COULD_NOT_START) from reason
        if options["wait"]:
            run = self._drive(run)
            self._report(ran(run), options["json"], _run_status(run))
        else:
            self._report(ran(run), options["json"], self._hand_over(run))

    def _mapping(self, connection: int, project: str | None) -> ProjectMapping:
        mappings = ProjectMapping.objects.filter(connection_id=connection, live=True).select_related("connection")
        if project:
            info = story_source().project(project)
            if info is None:
                raise CommandError(f"There is no project {project}.", returncode=COULD_NOT_START)
            mappings = mappings.filter(project_ref=info.ref)
        found = list(mappings[:2])
        if not found:
            raise CommandError(
                f"Connection {connection} is not turned on for such a project. Use jira_connect or the set-up pages.",
                returncode=COULD_NOT_START,
            )
        if len(found) > 1:
            raise CommandError(
                "This connection serves several projects. Add --project KEY.", returncode=COULD_NOT_START
            )
        return found[0]

    def _refs(self, mapping: ProjectMapping, stories: list[str] | None) -> list[str]:
        source = story_source()
        if stories is None:
            return list(source.refs(mapping.project_ref))
        known = {snapshot.ref for snapshot in source.snapshots(mapping.project_ref, stories)}
        refs = []
        for story in stories:
            ref = story if story in known else source.resolve(mapping.project_ref, story)
            if ref is None:
                raise CommandError(f"There is no story {story} in this project.", returncode=COULD_NOT_START)
            refs.append(ref)
        return refs

    def _hand_over(self, run: ExportRun) -> int:
        """Tell a worker of the run; the exit status. A run that no worker could be told of is not lost."""
        try:
            tasks.export_run.delay(run.pk)
        except OperationalError:
            self.stderr.write(
                f"Run {run.pk} is stored, but the queue could not be reached, so no worker knows of it. It starts by"
                " itself once the queue is back: do not export the same again. With --wait no queue is needed."
            )
            return COULD_NOT_START
        return 0

    def _drive(self, run: ExportRun) -> ExportRun:
        """Carry the run out here: where a worker would get a new task for later, this process sleeps. A run that
        stands before it in line and that nobody drives is carried out first, else both would wait for ever."""
        told = 0
        while True:
            run = async_to_sync(tasks.carry_out)(run.pk)
            if run.state == ExportRun.State.WAITING and run.not_before is not None:
                time.sleep(max(0.0, (run.not_before - timezone.now()).total_seconds()) + 0.05)
                continue
            if run.state != ExportRun.State.QUEUED:
                return run
            before = place_of(run).after
            if before is None:
                continue
            if before.pk != told:
                told = before.pk
                self.stderr.write(f"Run {run.pk} waits for run {before.pk}, which goes to the same Jira project.")
            if before.state == ExportRun.State.WAITING and before.not_before is None:
                return run  # only a person can make way
            if async_to_sync(tasks.carry_out)(before.pk).active:
                time.sleep(BEFORE_SECONDS)

    def _report(self, result: dict[str, Any], as_json: bool, status: int) -> None:
        if as_json:
            self.stdout.write(json.dumps(result, ensure_ascii=False, default=str))
        else:
            for item in result["items"]:
                line = f"{item['story']:<10} {item['action']:<10} {item['state']:<12} {item['issue_key']}"
                self.stdout.write(f"{line} {item['error']}".rstrip())
            counts = ", ".join(f"{count} {name}" for name, count in result["counts"].items() if count)
            self.stdout.write(f"{result['state']}: {counts}. {result['requests']} requests, {result['seconds']} s.")
        if status:
            raise SystemExit(status)


def planned(plan: ExportPlan) -> dict[str, Any]:
    """A plan as the same JSON as a run: nothing has been sent, so every item is where it would start."""
    states = {"unchanged": RunItem.State.UNCHANGED.value}
    items = [
        {
            "ref": item.story_ref,
            "story": item.story_key,
            "kind": item.kind,
            "action": item.action,
            "state": "skipped" if item.action in LEFT_OUT else states.get(item.action, "not_sent"),
            "issue_id": item.issue_id,
            "issue_key": item.issue_key,
            "error": _findings(item),
        }
        for item in plan.items.order_by("position").iterator()
    ]
    counts = {state.value: 0 for state in RunItem.State}
    for item in items:
        counts[item["state"]] += 1
    return {
        "run": None,
        "state": "planned",
        "counts": counts,
        "requests": 0,
        "requests_expected": plan.requests_expected,
        "seconds": 0.0,
        "items": items,
    }


def ran(run: ExportRun) -> dict[str, Any]:
    """A run in the JSON that docs/commands.md documents."""
    counts = {state.value: 0 for state in RunItem.State}
    counts |= dict(run.items.values_list("state").annotate(Count("pk")).order_by())
    end = run.finished_at or timezone.now()
    return {
        "run": run.pk,
        "state": run.shown_state,
        "counts": counts,
        "requests": run.requests,
        "seconds": round((end - (run.started_at or end)).total_seconds(), 3),
        "items": [
            {
                "ref": item.story_ref,
                "story": item.story_key,
                "kind": item.kind,
                "action": item.action,
                "state": item.state,
                "issue_id": item.issue_id,
                "issue_key": item.issue_key,
                "error": said(item.error_code, item.error_values) if item.error_code else "",
            }
            for item in run.items.order_by("position").iterator()
        ],
    }


def _findings(item: PlannedTicket) -> str:
    """Why an item is left out; empty when it is not."""
    if item.action not in LEFT_OUT:
        return ""
    return "; ".join(said(one["code"], one["values"]) for one in item.findings)


def said(code: str, values: dict[str, Any]) -> str:
    """Why, in one line."""
    explained = explain(code, values)
    return " ".join(str(part) for part in (explained.title, explained.why) if part)


def _status(actions: Any) -> int:
    return 1 if any(action in ("blocked", "conflict") for action in actions) else 0


def _run_status(run: ExportRun) -> int:
    return 1 if run.items.exclude(state__in=RunItem.WELL).exists() or run.state != ExportRun.State.DONE else 0
