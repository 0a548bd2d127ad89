"""manage.py import_backlog FILE… : bring stories, epics and test cases in. docs/importing.md and docs/commands.md."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from stories_qa.importers import FORMATS, BacklogUnreadable, ParsedBacklog, Problem, read
from stories_qa.models import Project
from stories_qa.projects import one_project
from stories_qa.report import CHANGES, ImportReport
from stories_qa.store import bring_in

TOTALS = ("epics", "stories", "test_cases", "criteria", *CHANGES)


class Command(BaseCommand):
    help = (
        "Brings files with epics, stories and test cases in. The same file again makes no doubles. "
        "Exit status: 0 every row came in, 1 some did not, 2 nothing could be started."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--project", metavar="KEY", help="made if new; may be left out where there is one")
        parser.add_argument("--format", choices=FORMATS, default="auto")
        parser.add_argument("--json", action="store_true", help="print the counts and problems as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        parsed: list[ParsedBacklog | tuple[str, BacklogUnreadable]] = []
        for name in options["files"]:
            try:
                parsed.append(read(Path(name), format=options["format"]))
            except BacklogUnreadable as unreadable:
                parsed.append((Path(name).name, unreadable))
        readable = [one for one in parsed if isinstance(one, ParsedBacklog)]
        reports: list[ImportReport] = []
        if readable:
            # One file that cannot be stored must not leave an empty project behind.
            with transaction.atomic():
                project = self._project(options["project"], readable)
                reports = [bring_in(project, one, by="import_backlog") for one in readable]
        answers = iter(reports)
        files = []
        for one in parsed:
            report = next(answers) if isinstance(one, ParsedBacklog) else _unread(*one, options["project"] or "")
            files.append(report.as_json(rows=False))
        bad = [problem for file in files for problem in file["problems"] if not problem["kept"]]
        if options["json"]:
            totals = {name: sum(file[name] for file in files) for name in TOTALS}
            answer = {
                "project": reports[0].project if reports else options["project"] or "",
                "files": files,
                "totals": {**totals, "problems": len(bad)},
            }
            self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2))
        else:
            self._tell(files)
        if not readable:
            sys.exit(2)
        if bad:
            sys.exit(1)

    def _project(self, key: str | None, parsed: list[ParsedBacklog]) -> Project:
        """The project named, made if it is new; else the one the files name; else the only one there is."""
        named = {one.project_key for one in parsed if one.project_key}
        if key is None and len(named) == 1 and (not Project.objects.exists() or Project.objects.filter(key__in=named)):
            key = named.pop()
        if key is None:
            return one_project(None)
        found = Project.objects.filter(key=key).first()
        if found is not None:
            return found
        name = next((one.project_name for one in parsed if one.project_key == key and one.project_name), key)
        project = Project(key=key, name=name)
        try:
            project.full_clean()
        except ValidationError as wrong:
            raise CommandError("--project: " + " ".join(wrong.messages), returncode=2) from wrong
        project.save()
        return project

    def _tell(self, files: list[dict[str, Any]]) -> None:
        for file in files:
            for problem in file["problems"]:
                place = f"{file['file']}:{problem['line']}" if problem["line"] else file["file"]
                self.stderr.write(f"{place}: {problem['reason']}")
            found = f"{file['epics']} epics, {file['stories']} stories, {file['test_cases']} test cases"
            done = ", ".join(f"{file[change]} {change}" for change in CHANGES)
            self.stdout.write(f"{file['file']} ({file['format'] or 'not read'}): {found}; {done}.")


def _unread(name: str, unreadable: BacklogUnreadable, project: str) -> ImportReport:
    problem = Problem(name, unreadable.line, unreadable.reason, unreadable.code)
    return ImportReport(name, "", project, problems=[problem])
