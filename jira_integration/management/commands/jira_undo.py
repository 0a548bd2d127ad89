"""Take a run back, from the command line. JSON: docs/commands.md."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import CommandError

from jira_integration.export import plan as planning
from jira_integration.export import runs
from jira_integration.export.line import CannotDo
from jira_integration.export.undo_plan import new_undo
from jira_integration.management.commands import jira_export
from jira_integration.management.commands.jira_export import COULD_NOT_START, planned, ran, said
from jira_integration.models import ExportPlan, ExportRun, RunItem


class Command(jira_export.Command):
    help = "Undo a run. Exit status: 0 every item was taken back, 1 some were not, 2 could not start."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--run", type=int, required=True, help="Number of the run.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would be done; nothing is sent.")
        parser.add_argument("--yes", action="store_true", help="Do not ask before issues are deleted.")
        parser.add_argument("--json", action="store_true", help="One JSON object on standard output.")

    def handle(self, *args: Any, **options: Any) -> None:
        run = ExportRun.objects.select_related("plan__mapping", "connection").filter(pk=options["run"]).first()
        if run is None:
            raise CommandError(f"There is no run {options['run']}.", returncode=COULD_NOT_START)
        try:
            plan = async_to_sync(planning.build_plan)(new_undo(run, None).pk)
            if plan.state != ExportPlan.State.READY:
                raise CommandError(said(plan.error_code, plan.error_values), returncode=COULD_NOT_START)
            if options["dry_run"] or not plan.sendable:
                left = plan.items.filter(action="leave").exists()
                self._report(planned(plan), options["json"], int(left))
                return
            self._ask(plan, options["yes"])
            undo = self._drive(runs.confirm(plan, None))
        except CannotDo as reason:
            raise CommandError(said(reason.code, reason.values), returncode=COULD_NOT_START) from reason
        well = not undo.items.exclude(state__in=RunItem.WELL).exists() and undo.state == ExportRun.State.DONE
        self._report(ran(undo), options["json"], int(not well))

    def _ask(self, plan: ExportPlan, yes: bool) -> None:
        """Deleting takes the number typed; nobody at the keyboard means no."""
        count = int(plan.counts.get("delete", 0))
        if yes or not count:
            return
        self.stderr.write(f"Type {count} to delete {count} issues in {plan.mapping.jira_project_key}: ", ending="")
        try:
            typed = input()
        except EOFError:
            typed = ""
        if typed.strip() != str(count):
            raise CommandError("Nothing was undone. With --yes nothing is asked.", returncode=COULD_NOT_START)
