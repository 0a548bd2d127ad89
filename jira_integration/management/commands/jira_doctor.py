"""Say what is wrong between here and Jira. JSON: docs/commands.md."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandError

from jira_integration.models import JiraConnection
from jira_integration.setup.check import Result
from jira_integration.setup.doctor import Finding, Report, examine

SIGNS = {Result.OK: "ok", Result.WARNING: "LOOK", Result.FAILED: "FAILED", Result.NOT_RUN: "-"}


class Command(BaseCommand):
    help = "Check the way to Jira and back. Exit status: 0 nothing failed, 1 something did, 2 could not start."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--connection", type=int, help="Id of the connection; all without it.")
        parser.add_argument("--json", action="store_true", help="One JSON object on standard output.")

    def handle(self, *args: Any, **options: Any) -> None:
        asked = options["connection"]
        connections = list(JiraConnection.objects.filter(**({"pk": asked} if asked else {})))
        if not connections:
            what = f"connection {asked}" if asked else "connection yet"
            raise CommandError(f"There is no {what}. Make one in the set-up or with jira_connect.", returncode=2)
        reports = [async_to_sync(examine)(connection) for connection in connections]
        if options["json"]:
            self.stdout.write(json.dumps({"connections": [as_json(report) for report in reports]}, indent=2))
        else:
            for report in reports:
                self.stdout.write(f"{report.connection.name} · {report.connection.site_url}")
                for finding in report.findings:
                    self.stdout.write(line(finding))
        if any(report.worst is Result.FAILED for report in reports):
            raise SystemExit(1)


def line(finding: Finding) -> str:
    about = f" {finding.about}" if finding.about else ""
    said = " ".join(part for part in (finding.why, finding.todo) if part)
    return f"  {SIGNS[finding.result]:<7}{finding.label}{about}{': ' if said else ''}{said}"


def as_json(report: Report) -> dict[str, Any]:
    return {
        "connection": report.connection.pk,
        "site": report.connection.site_url,
        "result": report.worst.value,
        "checks": [finding.as_json() for finding in report.findings],
    }
