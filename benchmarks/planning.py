"""What a preview costs: made once, made again with the same texts, and opened; prints JSON.

`python -m benchmarks.planning --url SANDBOX --stories 1000`: the database and the cache are those of the environment.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
os.environ.setdefault("LOG_LEVEL", "ERROR")

OPENED = 5  # times


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--stories", type=int, default=1000)
    asked = parser.parse_args()
    import django

    django.setup()
    from django.core.cache import cache
    from django.core.management import call_command
    from django.urls import reverse

    call_command("migrate", verbosity=0)
    call_command("flush", interactive=False, verbosity=0)
    cache.clear()
    reverse("jira_integration:connections")  # a worker imports the pages once in its life
    json.dump(measured(asked.url, asked.stories), sys.stdout)


def measured(url: str, stories: int) -> dict[str, Any]:
    from django.contrib.auth.models import User
    from django.db import connection

    from benchmarks.ours import Statements, fill
    from stories_qa.models import Membership, Role
    from tests import jira_site
    from tests.sandbox_server import RunningSandbox

    project = fill(stories // 50, stories)
    mapping = jira_site.connect(project, RunningSandbox(url))
    reader = User.objects.create_user("reader")
    Membership.objects.create(project=project, user=reader, role=Role.EXPORTER)
    found: dict[str, Any] = {"items": stories + stories // 50}
    for name in ("first", "again", "once_more"):
        statements = Statements()
        began = time.process_time()
        with connection.execute_wrapper(statements):
            plan = jira_site.plan(mapping)
        found[name] = {"cpu": time.process_time() - began, "statements": statements.total, "state": plan.state}
    found["opened"] = [opened(project.key, plan.pk, reader) for _ in range(OPENED)]
    return found


def opened(project_key: str, plan_id: int, reader: Any) -> dict[str, float]:
    """CPU and wall seconds of the preview's page, and how many bytes it has."""
    from django.test import Client
    from django.urls import reverse

    client = Client(SERVER_NAME="localhost")
    client.force_login(reader)
    cpu, wall = time.process_time(), time.monotonic()
    page = client.get(reverse("jira_integration:plan", args=[project_key, plan_id]))
    assert page.status_code == 200, page.status_code
    return {"cpu": time.process_time() - cpu, "wall": time.monotonic() - wall, "bytes": len(page.content)}


if __name__ == "__main__":
    main()
