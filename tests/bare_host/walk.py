"""Run in a process of its own: `python -m tests.bare_host.walk` walks the plug-in's pages in the bare host and prints
what it met as JSON. A process of its own, because Django has one set of settings."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bare_host.settings"


def main() -> None:
    import django

    django.setup()

    from django.contrib.auth import get_user_model
    from django.core.checks import run_checks
    from django.core.management import call_command
    from django.test import Client
    from django.utils import timezone

    from jira_integration.conf import story_source
    from jira_integration.export.runs import confirm
    from jira_integration.models import ExportedTicket, ExportPlan, JiraConnection, PlannedTicket, ProjectMapping
    from jira_integration.sync.changes import IssueChange
    from jira_integration.sync.reconcile import Counts, reconcile

    call_command("migrate", verbosity=0)
    landlady = get_user_model().objects.create_user("landlady", is_staff=True)
    guest = get_user_model().objects.create_user("guest")
    client, visitor = Client(), Client()
    client.force_login(landlady)
    visitor.force_login(guest)
    met: dict[str, Any] = {"errors": [str(one) for one in run_checks() if one.is_serious()]}

    def page(address: str) -> str:
        answer = client.get(address)
        met[address] = answer.status_code
        return answer.content.decode() if not answer.streaming else b"".join(answer).decode()

    met["invited"] = "Connect Jira" in page("/notes/")
    page("/p/NOTES/jira/")
    page("/jira/connections/?project=NOTES")
    page("/jira/connections/new/?project=NOTES")

    connection = JiraConnection(name="Notes", site_url="https://notes.atlassian.net", state="ok")
    connection.keep_secret("a-token-that-is-long-enough")
    connection.checked_at = timezone.now()
    connection.save()
    mapping = ProjectMapping.objects.create(
        connection=connection,
        project_ref="notebook",
        jira_project_id="1",
        jira_project_key="NB",
        story_type_id="10",
        live=True,
        steps_done=["site", "sign-in", "project", "fields", "statuses", "webhook", "review"],
    )
    made = client.post("/p/NOTES/jira/plans/", {"story": ["N-1", "note:2"]})
    met["previewed"] = made.status_code
    plan = ExportPlan.objects.get()
    met["chosen"] = plan.story_refs
    for position, snapshot in enumerate(story_source().snapshots("notebook", plan.story_refs)):
        PlannedTicket.objects.create(
            plan=plan,
            position=position,
            level=1,
            kind="story",
            story_ref=snapshot.ref,
            story_key=snapshot.key,
            title=snapshot.title,
            story_version=snapshot.version,
            uid=ExportedTicket._meta.get_field("uid").get_default(),
            action="create",
            changes=[{"field": "summary", "label": "Summary", "before": "", "after": snapshot.title}],
        )
    ExportPlan.objects.update(state="ready", jira_read_at=timezone.now(), counts={"create": 2}, mapping_version=1)
    plan.refresh_from_db()
    met["planned"] = "Export 2 stories to Jira" in page(f"/p/NOTES/jira/plans/{plan.pk}/")
    run = confirm(plan, landlady)
    met["run"] = "Water the plants" in page(f"/p/NOTES/jira/runs/{run.pk}/")
    for address in (
        "/p/NOTES/jira/",
        "/p/NOTES/jira/runs/",
        f"/p/NOTES/jira/runs/{run.pk}/live/?after=0",
        f"/p/NOTES/jira/runs/{run.pk}/csv/",
        "/p/NOTES/jira/news/?keys=N-1&parts=conn,needs-you",
        "/audit/?project=NOTES",
        f"/jira/connections/{connection.pk}/setup/sign-in/?project=NOTES",
        "/notes/",
    ):
        page(address)
    met["visitor"] = visitor.post("/p/NOTES/jira/plans/", {"story": "N-1"}).status_code
    met["stranger"] = Client().get("/p/NOTES/jira/").status_code

    ExportedTicket.objects.filter(story_ref="note:1").update(
        issue_id="100", issue_key="NB-1", sync="in_sync", story_version=1, base_status="open", status_id="1"
    )
    mapping.statuses.create(status="open", jira_status_id="1", jira_status_name="To Do", category="new")
    mapping.statuses.create(status="done", jira_status_id="3", jira_status_name="Done", category="done")
    done = IssueChange("100", "NB-1", "3", "Done", "done", timezone.now(), {}, "Jonas Ortiz")
    list(reconcile(connection, [done], Counts()))
    met["status"] = next(story_source().snapshots("notebook", ["note:1"])).values["status"]
    met["host modules"] = sorted(name for name in sys.modules if name.partition(".")[0] == "stories_qa")
    print(json.dumps(met))  # noqa: T201 (this is what the test reads)


if __name__ == "__main__":
    main()
