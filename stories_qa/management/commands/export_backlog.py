"""manage.py export_backlog: what Stories & QA holds now, to standard output. docs/importing.md has the schema."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from stories_qa.case_sheets import IN_ORDER, SHEETS, lines
from stories_qa.exporters import FORMATS, export
from stories_qa.models import TestCase
from stories_qa.projects import one_project


class Command(BaseCommand):
    help = (
        "Prints the backlog with each item's Jira issue and sync state. The JSON comes back through import_backlog "
        "without loss. Exit status: 0 done, 2 could not start."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--project", metavar="KEY", help="may be left out where there is one")
        parser.add_argument(
            "--format",
            choices=[*FORMATS, *SHEETS],
            default="json",
            help="xray and aio: the test cases alone, as CSV for the importers of these tools",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        project, wanted = one_project(options["project"]), options["format"]
        # No ending of Django's own: the text has one, and CSV cares.
        if wanted not in SHEETS:
            self.stdout.write(export(project, wanted), ending="")
            return
        cases = TestCase.objects.filter(project=project).order_by(*IN_ORDER)
        for line in lines(cases, SHEETS[wanted]):
            self.stdout.write(line, ending="")
