"""One export by the product's own functions, in a process and a database of its own; prints what it cost as JSON.

`python -m benchmarks.ours --url SANDBOX --stories 1000 --epics 20 [--tests 500] [--batch-size 50] [--profile FILE]`
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
os.environ.setdefault("LOG_LEVEL", "ERROR")

SUBTASK = "10015"  # the sandbox's issue type


class Timed:
    """CPU seconds spent in functions it was put around, in whatever thread."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.depth = 0

    def around(self, module: Any, *names: str) -> None:
        for name in names:
            setattr(module, name, self._wrapped(getattr(module, name)))

    def _wrapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **more: Any) -> Any:
            began = time.thread_time()
            self.depth += 1
            try:
                return function(*args, **more)
            finally:
                self.depth -= 1
                if self.depth == 0:
                    self.seconds += time.thread_time() - began

        return timed


class Statements:
    """Counts SQL statements by their first word."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.counts[sql.split(None, 1)[0].upper()] += 1
        return execute(sql, params, many, context)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--stories", type=int, default=1000)
    parser.add_argument("--epics", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=50)
    parser.add_argument("--mixed", action="store_true", help="stories in every status, not the first alone")
    parser.add_argument("--tests", type=int, default=0, help="test cases, exported as sub-tasks of the first stories")
    parser.add_argument("--profile", default="")
    arguments = parser.parse_args()
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.urls import reverse

    settings.JIRA_BATCH_SIZE = arguments.batch_size
    reverse("jira_integration:connections")  # a worker imports the pages once in its life
    call_command("migrate", verbosity=0)
    call_command("flush", interactive=False, verbosity=0)
    json.dump(measured(arguments), sys.stdout)


def measured(arguments: argparse.Namespace) -> dict[str, Any]:
    from django.db import connection

    from benchmarks.rehearsal import Rehearsal
    from jira_integration.export.runs import confirm
    from jira_integration.mapping import composed, jira_form, payload
    from tests import jira_site
    from tests.sandbox_server import RunningSandbox

    project = fill(arguments.epics, arguments.stories, mixed=arguments.mixed)
    mapping = jira_site.connect(project, RunningSandbox(arguments.url))
    if arguments.tests:
        add_tests(project, arguments.tests)
        jira_site.send_tests(mapping, SUBTASK)
    site = Rehearsal(arguments.url)
    site.ask("DELETE", "log")
    size_before, rich, statements = stored_bytes(), Timed(), Statements()
    rich.around(payload, "blocks", "document")
    rich.around(composed, "blocks", "criteria_section", "case_sections", "test_table", "tests_section")
    rich.around(jira_form, "adf_to_markdown")
    profile = cProfile.Profile() if arguments.profile else None
    with ExitStack() as stack:
        stack.enter_context(connection.execute_wrapper(statements))
        if profile:
            profile.enable()
        marks = [mark(rich, statements)]
        plan = jira_site.plan(mapping)
        marks.append(mark(rich, statements))
        run = confirm(plan, None)
        marks.append(mark(rich, statements))
        read_by_preview = len(site.log())
        site.ask("DELETE", "log")
        marks[-1]["wall"] = time.monotonic()
        waits = carried_out(run)
        marks.append(mark(rich, statements))
        if profile:
            profile.disable()
            profile.dump_stats(arguments.profile)
    run.refresh_from_db()
    names = ("plan", "confirm", "run")
    return {
        "state": run.state,
        "items": dict(Counter(run.items.values_list("state", flat=True))),
        "batches": run.batches.count(),
        "requests_expected": plan.requests_expected,
        "requests_counted": run.requests,
        "requests_of_the_preview": read_by_preview,
        "waits": waits,
        "stored_bytes": stored_bytes() - size_before,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "database": connection.vendor,
        "parts": {
            name: {key: after[key] - before[key] for key in after}
            for name, before, after in zip(names, marks[:-1], marks[1:], strict=True)
        },
    }


def mark(rich: Timed, statements: Statements) -> dict[str, float]:
    return {
        "wall": time.monotonic(),
        "cpu": time.process_time(),
        "rich": rich.seconds,
        "statements": statements.total,
        "writes": sum(statements.counts[word] for word in ("INSERT", "UPDATE", "DELETE")),
        "transactions": statements.counts["BEGIN"],
    }


def carried_out(run: Any) -> int:
    """Drive the run to its end, as its worker's tasks would; how often it had to wait for something."""
    from django.utils import timezone

    from tests import jira_site

    waits = 0
    while True:
        run = jira_site.drive(run)
        if run.state != run.State.WAITING or run.not_before is None or waits > 100:
            return waits
        waits += 1
        time.sleep(max(0.0, (run.not_before - timezone.now()).total_seconds()))


def fill(epics: int, stories: int, *, mixed: bool = False) -> Any:
    """The project."""
    from benchmarks.backlog import CRITERIA, DESCRIPTION, epic_title, story_title
    from stories_qa.models import AcceptanceCriterion, Epic, Project, Status, Story

    project = Project.objects.create(key="SHOP", name="Shop")
    statuses = list(Status) if mixed else [Status.BACKLOG]
    made = Epic.objects.bulk_create(
        Epic(project=project, key=f"EP-{n}", position=n, title=epic_title(n)) for n in range(1, epics + 1)
    )
    rows = Story.objects.bulk_create(
        (
            Story(
                project=project,
                key=f"US-{n}",
                position=n,
                title=story_title(n),
                description=DESCRIPTION.format(n=n),
                labels=["checkout", f"batch-{n % 7}"],
                points=n % 8,
                status=statuses[n % len(statuses)],
                epic=made[n % epics] if made else None,
            )
            for n in range(1, stories + 1)
        ),
        batch_size=500,
    )
    AcceptanceCriterion.objects.bulk_create(
        (AcceptanceCriterion(story=row, position=p, text=text) for row in rows for p, text in enumerate(CRITERIA)),
        batch_size=500,
    )
    return project


def add_tests(project: Any, count: int) -> None:
    """One test case for each of the first `count` stories, with three steps."""
    from stories_qa.models import Story, TestCase, TestStep

    stories = Story.objects.filter(project=project).order_by("position")[:count]
    cases = TestCase.objects.bulk_create(
        TestCase(project=project, story=story, key=f"TC-{n}", position=n, title=f"Test {n}", preconditions="A basket")
        for n, story in enumerate(stories, 1)
    )
    TestStep.objects.bulk_create(
        (
            TestStep(test_case=case, position=position, action=f"Do part {position}", expected="It is *done*")
            for case in cases
            for position in range(3)
        ),
        batch_size=500,
    )


def stored_bytes() -> int:
    """What the database takes on disk, indexes included."""
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database())")
            return int(cursor.fetchone()[0])
        cursor.execute("VACUUM")
        cursor.execute("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()")
        return int(cursor.fetchone()[0])


if __name__ == "__main__":
    main()
