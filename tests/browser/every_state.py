"""A site on which every page has something to show: each state of a story, preview, run, upload, connection."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from asgiref.sync import async_to_sync
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from jira_integration import audit, ledger
from jira_integration.export import trial
from jira_integration.export.plan import build_plan
from jira_integration.export.runs import confirm
from jira_integration.mapping import versions
from jira_integration.models import (
    ExportedTicket,
    ExportPlan,
    ExportRun,
    ProjectMapping,
    RunItem,
    Trial,
)
from jira_integration.setup.connect import JiraConnection
from stories_qa.lifetime import create
from stories_qa.models import BacklogUpload, Epic, Project, Role, Story, TestCase
from stories_qa.writing import change
from tests.browser.every_conflict import pages_of_conflicts, the_conflicts
from tests.browser.every_word import a_loose_issue, pages_of_both_sides, the_comments, the_deliveries
from tests.jira_rows import STEPS, a_backlog, a_person, a_plan, a_planned, a_run, a_ticket
from tests.jira_site import connect, drive, send_tests
from tests.sandbox_server import RunningSandbox

SYNC = ["in_sync", "changed_here", "changed_in_jira", "conflict", "failed", "missing", "unchecked", "off"]
ITEMS = ["queued", "sending", "created", "updated", "unchanged", "failed", "unconfirmed", "moved_on", "skipped"]
LONG = "A title that goes on and on, Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnung, עברית " * 3
FINDINGS: dict[str, list[dict[str, Any]]] = {
    "blocked": [{"code": "required_field", "values": {"field": "Team"}, "blocking": True}],
    "conflict": [{"code": "conflict_fields", "values": {"fields": "Summary"}, "blocking": True}],
    "create": [{"code": "summary_cut", "values": {"count": 300}, "blocking": False}],
}


@dataclass
class World:
    """What was made; pages are found by it."""

    project: Project
    empty: Project
    connection: JiraConnection
    unfinished: JiraConnection
    plans: dict[str, ExportPlan] = field(default_factory=dict)
    runs: dict[str, ExportRun] = field(default_factory=dict)
    uploads: dict[str, BacklogUpload] = field(default_factory=dict)


def a_world(sandbox: RunningSandbox) -> World:
    """SHOP in every state, NEW with nothing in it, HALF whose set-up was left; "ana" administers all three, "vic" may
    only look."""
    project, empty, half = a_backlog(), a_backlog("NEW", "New"), a_backlog("HALF", "Half")
    ana = a_person("ana", project, Role.ADMIN, first_name="Ana", last_name="Lindqvist")
    for other in (empty, half):
        other.memberships.create(user=ana, role=Role.ADMIN)
    a_person("vic", project, Role.VIEWER)
    a_person("nobody")
    stories = the_backlog(project)
    create(Story, half, {"title": "Not connected yet"}, by="Ana")
    mapping = send_tests(connect(project, sandbox), "10015")
    mapping.steps_done = STEPS
    mapping.save()
    JiraConnection.objects.filter(pk=mapping.connection_id).update(
        account_id="1", account_name="QA bot", checked_at=timezone.now()
    )
    unfinished = JiraConnection(name="Half", site_url="https://half.example", deployment="cloud", state="setup")
    unfinished.save()
    ProjectMapping.objects.create(connection=unfinished, project_ref=half.ref)
    another_version(mapping)
    twin = a_backlog("TWIN", "Twin")
    twin.memberships.create(user=ana, role=Role.ADMIN)
    tried(connect(twin, sandbox, "SHOP", mapping.connection), create(Story, twin, {"title": "Tried"}, by="Ana"), ana)
    world = World(project, empty, mapping.connection, unfinished)
    the_tickets(mapping, stories)
    the_conflicts(stories)
    the_comments(stories[0], ana)
    the_deliveries(mapping)
    a_loose_issue(mapping, sandbox)
    the_plans(world, mapping, stories)
    the_runs(world, mapping, stories, ana)
    the_uploads(world)
    Trial.objects.create(plan=world.plans["ready"], story_key=stories[6].key)
    audit.record("turned_on", {"project": "SHOP"}, user=ana, project_ref=project.ref)
    return world


def another_version(mapping: ProjectMapping) -> None:
    """Two versions that differ in a direction and in a value."""
    with versions.kept(mapping):
        priority = mapping.fields.get(kind="story", jira_field="priority")
        priority.direction, priority.value_map = "to_jira", {**priority.value_map, "low": "5"}
        priority.save()
        mapping.version += 1
        mapping.saved_by = "Ana Lindqvist"
        mapping.save()


def tried(mapping: ProjectMapping, story: Story, person: Any) -> None:
    """A trial whose story is in Jira and waits to be taken back or kept."""
    mapping.steps_done = STEPS
    mapping.save()
    made = trial.begin(mapping, story.ref, story.key, person)
    drive(confirm(async_to_sync(build_plan)(made.plan_id), person))


def the_backlog(project: Project) -> list[Story]:
    epic = create(Epic, project, {"title": "Guest checkout", "description": "Some **text**"}, by="Ana")
    create(Epic, project, {"title": LONG}, by="Ana")
    stories = [
        create(Story, project, {"title": f"Story {number}", "epic": epic if number % 2 else None}, by="Ana")
        for number in range(12)
    ]
    criteria = [{"text": "First"}, {"given": "a cart", "when": "I pay", "then": "it is empty"}]
    table = "| a | b |\n|---|---|\n| 1 | 2 |\n\n```\n" + "x" * 300 + "\n```\n\nhttps://example.test/" + "y" * 200
    change(
        stories[0],
        {"criteria": criteria, "description": table, "labels": ["l" * 120]},
        expected_version=None,
        by="Ana",
    )
    change(stories[1], {"title": LONG}, expected_version=None, by="Ana")
    create(TestCase, project, {"title": "Pay by card", "story": stories[0], "steps": [{"action": "Pay"}]}, by="Ana")
    return stories


def the_tickets(mapping: ProjectMapping, stories: list[Story]) -> None:
    """One story for each sync state, in this order; the ones after were never exported."""
    long_ago = timezone.now() - timedelta(days=3)
    for story, state in zip(stories, SYNC, strict=False):
        story.refresh_from_db()
        columns: dict[str, Any] = {"sync": state if state in ExportedTicket.Sync.values else "in_sync"}
        if state == "changed_here":
            columns["story_version"] = story.version - 1
        if state == "unchecked":
            columns["checked_at"] = long_ago
        if state == "off":
            Story.objects.filter(pk=story.pk).update(sync_off=True)
        a_ticket(mapping, story, **columns)


def the_plans(world: World, mapping: ProjectMapping, stories: list[Story]) -> None:
    actions = ["create", "create", "update", "unchanged", "conflict", "blocked"]
    for state in ("ready", "exported", "discarded"):
        plan = a_plan(mapping, {}, state=state, requests_expected=4)
        for story, action in zip(stories[6:], actions, strict=True):
            changes = [{"field": "summary", "label": "Summary", "before": "Old words", "after": LONG}]
            a_planned(
                plan,
                story,
                action,
                changes=[] if action == "unchanged" else changes,
                findings=FINDINGS.get(action, []),
                same_fields=3,
            )
        plan.counts = {"create": 2, "update": 1, "unchanged": 1, "conflict": 1, "blocked": 1}
        plan.story_refs = [story.ref for story in stories[6:]]
        plan.save()
        world.plans[state] = plan
    with_tests = a_plan(mapping, {stories[6]: "create"})
    a_planned(with_tests, TestCase.objects.get(key="TC-15"))
    a_planned(with_tests, create(TestCase, world.project, {"title": LONG, "story": stories[6]}, by="Ana"))
    world.plans["with_tests"] = with_tests
    world.plans["stale"] = a_plan(mapping, {stories[8]: "create"}, mapping_version=mapping.version + 1)
    world.plans["nothing"] = a_plan(mapping, {stories[0]: "unchanged"})
    world.plans["empty"] = a_plan(mapping, {})
    begun = {stories[6]: "create", stories[7]: "update", stories[8]: "blocked"}
    world.plans["building"] = a_plan(mapping, begun, state="building", progress=3, total=6)
    world.plans["emptied"] = a_plan(mapping, begun, state="discarded", emptied_at=timezone.now())
    world.plans["emptied"].items.update(changes=[])
    world.plans["failed"] = a_plan(mapping, {}, state="failed", error_code="unavailable")


def the_runs(world: World, mapping: ProjectMapping, stories: list[Story], person: Any) -> None:
    for number, state in enumerate(ExportRun.State.values):
        plan = a_plan(mapping, dict.fromkeys(stories, "create"), state="exported")
        states = {story.key: ITEMS[place % len(ITEMS)] for place, story in enumerate(stories)}
        ended = state in ExportRun.ENDED
        if state == "queued":
            states = {}
        elif state == "done":
            states = dict.fromkeys(states, "created")
        elif ended:
            open_ones = ("queued", "sending")
            states = {key: "not_sent" if one in open_ones else one for key, one in states.items()}
        run = a_run(plan, states, state="done", started_by=person)
        # One active run per Jira project is all the database allows.
        ExportRun.objects.filter(pk=run.pk).update(
            state=state,
            jira_project_id="20" if state in ExportRun.IN_LINE else f"2{number}",
            finished_at=timezone.now() if ended else None,
            lease_until=timezone.now() + timedelta(hours=1) if state in ExportRun.DRIVEN else None,
            reason_code="rate_limited" if state == "waiting" else "",
            not_before=timezone.now() + timedelta(minutes=2) if state == "waiting" else None,
        )
        RunItem.objects.filter(run=run, state__in=["failed", "skipped"]).update(
            error_code="required_field",
            error_values={"field": "Team"},
            jira_said=["400 " + "z" * 200],
        )
        RunItem.objects.filter(run=run, state="unconfirmed").update(error_code="no_answer")
        RunItem.objects.filter(run=run, state="moved_on").update(error_code="story_changed_since_preview")
        ledger.note(run.pk, "run_begun", {"count": 12})
        world.runs[state] = run
    for place in (2, 3):
        behind = a_run(a_plan(mapping, {stories[8]: "create"}, state="exported"), state="queued", started_at=None)
        ExportRun.objects.filter(pk=behind.pk).update(jira_project_id="20", place=place)
        world.runs[f"place {place}"] = behind
    an_undo(mapping, stories, world.runs["done"])


def an_undo(mapping: ProjectMapping, stories: list[Story], run: ExportRun) -> None:
    """The preview of taking a run back, with one item of each kind."""
    RunItem.objects.filter(run=run).update(after={"fields": {"summary": "Pay"}}, before={"fields": {"summary": "P"}})
    left = [{"code": "undo_comment", "values": {"n": 2, "who": "Jonas Ortiz"}, "blocking": False}]
    back = [{"field": "summary", "label": "Summary", "before": "Pay by card", "after": "Pay"}]
    plan = a_plan(mapping, dict(zip(stories, ("delete", "close", "restore", "leave"), strict=False)), undoes=run)
    plan.items.filter(action="leave").update(findings=left)
    plan.items.filter(action="restore").update(changes=back)


def the_uploads(world: World) -> None:
    row = {"kind": "story", "line": 1, "key": "", "title": LONG, "change": "new", "epic": "", "fields": []}
    problem = {"line": 2, "reason": "It has no title.", "code": "x", "kept": False}
    report = {"stories": 1, "new": 1, "rows": [row], "problems": [problem], "error": "Not a backlog."}
    for state in BacklogUpload.State.values:
        world.uploads[state] = BacklogUpload.objects.create(
            project=world.project, file="x", file_name=f"{state}.txt", state=state, report=report
        )


def a_fresh_link() -> str:
    """Where somebody who was invited chooses a password."""
    invited = a_person("mira", first_name="Mira", last_name="Kovač")
    uid = urlsafe_base64_encode(force_bytes(invited.pk))
    return reverse("password_reset_confirm", args=[uid, default_token_generator.make_token(invited)])


def every_page(world: World) -> dict[str, list[str]]:
    """URL name → the addresses under which ana can look at it."""

    def host(name: str, *keys: object) -> list[str]:
        return [reverse(f"stories_qa:{name}", args=["SHOP", *keys])]

    def jira(name: str, *keys: object) -> str:
        return reverse(f"jira_integration:{name}", args=["SHOP", *keys])

    pages = {f"stories_qa:{name}": host(name) for name in ("story_new", "epics", "epic_new", "test_cases", "upload")}
    pages |= {f"stories_qa:{name}": host(name) for name in ("test_case_new", "people", "settings")}
    pages |= {f"stories_qa:{name}": host(name, "US-3") for name in ("story", "story_delete")}
    pages |= {f"stories_qa:{name}": host(name, "EP-1") for name in ("epic", "epic_edit", "epic_delete")}
    pages |= {f"stories_qa:{name}": host(name, "TC-15") for name in ("test_case", "test_case_edit", "test_case_delete")}
    pages["stories_qa:story"] += [*host("story", "US-4"), *host("story", "US-6"), *host("story", "US-7")]
    pages["stories_qa:story_edit"] = [
        host("story_edit", "US-3", section)[0] for section in ("text", "criteria", "properties")
    ]
    pages["stories_qa:upload_detail"] = [host("upload_detail", str(upload.uid))[0] for upload in world.uploads.values()]
    listed = host("stories")[0]
    pages["stories_qa:stories"] = [
        listed,
        f"{listed}?q=nothing-like-this",
        f"{listed}?jira=conflict",
        "/p/NEW/stories/",
        "/p/HALF/stories/",
    ]
    pages["stories_qa:epics"] += ["/p/NEW/epics/"]
    pages["stories_qa:test_cases"] += ["/p/NEW/tests/"]
    pages["stories_qa:project_new"] = [reverse("stories_qa:project_new")]
    for name in ("account", "password_change", "password_reset", "password_reset_done"):
        pages[name] = [reverse(name)]
    pages["password_reset_confirm"] = [reverse("password_reset_confirm", args=["MQ", "used-up"]), a_fresh_link()]
    pages["jira_integration:overview"] = [jira("overview"), "/p/NEW/jira/", "/p/HALF/jira/"]
    pages["jira_integration:plan"] = [jira("plan", plan.pk) for plan in world.plans.values()]
    ready = world.plans["ready"]
    pages["jira_integration:plan_same"] = [jira("plan_same", ready.pk, item.pk) for item in ready.items.all()[:2]]
    pages["jira_integration:plan"] += [f"{jira('plan', world.plans['stale'].pk)}?show=conflict"]
    pages["jira_integration:runs"] = [jira("runs"), "/p/NEW/jira/runs/"]
    pages["jira_integration:run"] = [jira("run", run.pk) for run in world.runs.values()]
    pages["jira_integration:run"] += [f"{jira('run', world.runs['partly_done'].pk)}?show=needs-you"]
    partly = world.runs["partly_done"]
    doubtful = partly.items.filter(state="unconfirmed", action="create").earliest("pk")
    pages["jira_integration:run_undo"] = [jira("run_undo", world.runs[state].pk) for state in ("done", "partly_done")]
    pages["jira_integration:run_create"] = [jira("run_create", partly.pk)]
    pages["jira_integration:run_item_create"] = [jira("run_item_create", partly.pk, doubtful.pk)]
    pages |= pages_of_conflicts()
    pages["jira_integration:audit"] = [reverse("jira_integration:audit"), "/audit/?project=NEW"]
    pages["jira_integration:doctor"] = [reverse("jira_integration:doctor", args=[world.connection.pk])]
    pages["jira_integration:connections"] = [reverse("jira_integration:connections")]
    pages["jira_integration:connection_new"] = [f"{reverse('jira_integration:connection_new')}?project=NEW"]
    steps = [
        f"{reverse('jira_integration:setup_step', args=[world.connection.pk, step])}?{urlencode({'project': 'SHOP'})}"
        for step in STEPS
    ]
    half = reverse("jira_integration:setup_step", args=[world.unfinished.pk, "sign-in"])
    fields = f"{steps[3]}&kind=epic"
    asked = urlencode({"project": "SHOP"})
    versions = f"{reverse('jira_integration:mapping_versions', args=[world.connection.pk])}?{asked}"
    pages["jira_integration:mapping_versions"] = [versions, f"{versions}&from=1&to=2"]
    tried = f"{reverse('jira_integration:setup_trial', args=[world.connection.pk])}?project="
    pages["jira_integration:setup_trial"] = [f"{tried}SHOP", f"{tried}TWIN"]
    copy = f"{reverse('jira_integration:mapping_copy', args=[world.connection.pk])}?{asked}"
    pages["jira_integration:mapping_copy"] = [copy, f"{copy}&source=TWIN"]
    pages["jira_integration:setup_step"] = [*steps, fields, f"{half}?project=HALF"]
    return pages | pages_of_both_sides(world.connection)
