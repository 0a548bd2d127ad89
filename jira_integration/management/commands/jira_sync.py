"""Look for news in Jira, from the command line. JSON: docs/commands.md."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandError

from jira_integration import tasks
from jira_integration.catalogue import explain, from_error
from jira_integration.client.exceptions import JiraError
from jira_integration.models import JiraConnection, SecretUnreadable
from jira_integration.setup.connect import NoLogin
from jira_integration.sync.poll import SweepNotBelieved
from jira_integration.sync.reconcile import Counts


class Command(BaseCommand):
    help = "Take in what changed in Jira. Exit status: 0 all well, 1 conflicts or missing issues, 2 could not look."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--connection", type=int, help="Id of the connection; all that are in use without it.")
        parser.add_argument("--full", action="store_true", help="Read every issue again; finds deleted ones.")
        parser.add_argument("--json", action="store_true", help="One JSON object on standard output.")

    def handle(self, *args: Any, **options: Any) -> None:
        ids = [options["connection"]] if options["connection"] else tasks.connections_to_poll()
        total = Counts()
        for connection_id in ids:
            connection = JiraConnection.objects.filter(pk=connection_id).first()
            if connection is None:
                raise CommandError(f"There is no connection {connection_id}.", returncode=2)
            try:
                counts = async_to_sync(tasks.look)(connection_id, full=options["full"])
            except JiraError as trouble:
                raise CommandError(_said(*from_error(trouble, connection)), returncode=2) from trouble
            except (NoLogin, SecretUnreadable, SweepNotBelieved) as trouble:
                raise CommandError(str(trouble), returncode=2) from trouble
            for name in ("requests", "changed", "applied", "conflicts", "missing"):
                setattr(total, name, getattr(total, name) + getattr(counts, name))
        result = {
            "requests": total.requests,
            "changed": total.changed,
            "applied": total.applied,
            "conflicts": total.conflicts,
            "missing": total.missing,
        }
        if options["json"]:
            self.stdout.write(json.dumps(result))
        else:
            self.stdout.write(", ".join(f"{count} {name}" for name, count in result.items()))
        if total.conflicts or total.missing:
            raise SystemExit(1)


def _said(code: str, values: dict[str, Any]) -> str:
    explained = explain(code, values)
    return " ".join(str(part) for part in (explained.title, explained.why) if part)
