"""Every address and socket × everybody: exactly the table of docs/roles.md (tests/roles_table.py)."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.contrib import admin
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from config.asgi import application
from jira_integration.models import (
    Conflict,
    ExportedComment,
    ExportedTicket,
    ExportPlan,
    ExportRun,
    JiraConnection,
    ProjectMapping,
    WebhookDelivery,
)
from jira_integration.routing import websocket_urlpatterns
from stories_qa.models import BacklogUpload, Comment, Project, Role, Story
from tests.browser.every_state import another_version
from tests.jira_rows import (
    STEPS,
    a_backlog,
    a_connection,
    a_mapping,
    a_person,
    a_plan,
    a_run,
    a_test,
    a_ticket,
    an_epic,
)
from tests.jira_site import connect
from tests.roles_table import DOCUMENT, SOCKETS, TABLE, Gets, Who, addresses, written
from tests.sandbox_server import RunningSandbox, running_sandbox
from tests.sockets import WebsocketCommunicator

ROLES = {Who.VIEWER: Role.VIEWER, Who.EDITOR: Role.EDITOR, Who.EXPORTER: Role.EXPORTER, Who.ADMIN: Role.ADMIN}
PRIVATE = "Storefront nobody else may know"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@dataclass
class World:
    """A connected backlog with something at each address, and everybody of the table."""

    project: Project
    connection: JiraConnection
    plan: ExportPlan
    run: ExportRun
    ticket: ExportedTicket
    comment: ExportedComment
    upload: BacklogUpload
    people: dict[Who, Any] = field(default_factory=dict)

    def address(self, name: str, places: list[str]) -> str:
        """The address that is called `name`; `places` are what its pattern leaves open."""
        kind = name.partition(":")[2]
        key = "EP-1" if kind.startswith("epic") else "TC-1" if kind.startswith("test") else "US-1"
        numbers = {"run": self.run.pk, "mapping": 1, "conflict": self.ticket.pk, "ticket": self.ticket.pk}
        numbers["delivery"] = self.connection.deliveries.earliest("pk").pk
        numbers["comment"] = self.comment.pk if name.startswith("jira") else Comment.objects.get().pk
        number = next((found for start, found in numbers.items() if kind.startswith(start)), self.plan.pk)
        link = self.people[Who.VIEWER]
        given = {
            "project": self.project.key,
            "key": key,
            "number": number,
            "item": (self.run if kind.startswith("run") else self.plan).items.earliest("pk").pk,
            "pk": self.connection.pk,
            "step": "site",
            "section": "text",
            "sheet": "xray",
            "uid": self.upload.uid if kind == "upload_detail" else uuid.uuid4(),
            "uidb64": urlsafe_base64_encode(force_bytes(link.pk)),
            "token": default_token_generator.make_token(link),
        }
        url = reverse(name, kwargs={place: given[place] for place in places})
        query = {"setup_find": "&kind=story&field=priority&name=x"}.get(kind, "")
        if kind == "link":
            return f"{url}?story=US-1"
        return (
            f"{url}?project={self.project.key}{query}" if "/jira/connections/" in url and kind != "connections" else url
        )

    def client(self, who: Who) -> Client:
        client = Client()
        if who is not Who.NOBODY:
            client.force_login(self.people[who])
        return client


def a_world(sandbox: RunningSandbox) -> World:
    project = a_backlog(name=PRIVATE, stories=2)
    an_epic(project)
    a_test(project)
    mapping = connect(project, sandbox)
    mapping.steps_done = STEPS
    mapping.save()
    another_version(mapping)
    JiraConnection.objects.filter(pk=mapping.connection_id).update(account_id="1", account_name="QA bot")
    first, second = Story.objects.all()
    plan = a_plan(mapping, {first: "create", second: "create"})
    run = a_run(a_plan(mapping, {first: "create"}), {"US-1": "unconfirmed"}, state="partly_done")
    ticket = a_ticket(mapping, second, sync="conflict")
    Conflict.objects.create(ticket=ticket, field="title", jira_field="summary", kind="text")
    comment = ExportedComment.objects.create(ticket=ticket, comment_ref="comment:x")
    WebhookDelivery.objects.create(connection=mapping.connection, identifier="w-1", event="jira:issue_updated")
    upload = BacklogUpload.objects.create(project=project, file="x", file_name="x.txt", state="imported")
    world = World(project, mapping.connection, plan, run, ticket, comment, upload)
    world.people = {who: a_person(role.value, project, role, last_name="Person") for who, role in ROLES.items()}
    author = world.people[Who.EDITOR]
    Comment.objects.create(story=first, body="x", author=author, author_name="Editor", written_at=timezone.now())
    world.people[Who.STRANGER] = a_person("stranger", a_backlog("OTHER", "Other"), Role.ADMIN)
    world.people[Who.SUPERUSER] = a_person("root", is_superuser=True, is_staff=True)
    return world


@pytest.fixture
def world(db: None, sandbox: RunningSandbox) -> World:
    return a_world(sandbox)


def gets(answer: HttpResponse) -> Gets | str:
    """What an answer means in the table's words; a fault or a method that is not there is none of them."""
    to = answer.headers.get("Location", "")
    if answer.status_code == 302 and re.match(r"/(admin/login|sign-in)/\?next=", to):
        return Gets.ASKED_IN
    meaning = {403: Gets.TOLD, 404: Gets.NOTHING, 401: Gets.UNPROVED}.get(answer.status_code)
    if meaning is not None or answer.status_code in (405, 500):  # 502 and 503 are pages: Jira has no such issue
        return meaning or str(answer.status_code)
    return Gets.YES


def asked(world: World, who: Who, method: str, url: str, **more: Any) -> HttpResponse:
    """One request, whose changes are taken back: the next one meets the same world."""
    with transaction.atomic():
        answer: HttpResponse = getattr(world.client(who), method.lower())(url, **more)
        answer.content if not answer.streaming else b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        transaction.set_rollback(True)
    return answer


def test_every_address_and_socket_stands_in_the_table_and_nothing_else() -> None:
    assert set(addresses()) == set(TABLE)
    assert {f"/{route.pattern}".replace("int:", "").replace("str:", "") for route in websocket_urlpatterns} == set(
        SOCKETS
    )


def test_the_document_shows_the_table() -> None:
    assert written() in DOCUMENT.read_text(), "Run `python -m tests.roles_table`."


@pytest.mark.parametrize("who", Who)
def test_every_address_gives_exactly_what_the_table_says(who: Who, world: World) -> None:
    wrong = {}
    leaks = []
    for name, rules in TABLE.items():
        if name == "admin:*":
            continue
        places = re.findall(r"<(\w+)>", addresses()[name])
        for method, rule in rules.items():
            more: dict[str, Any] = {"data": {"story": world.ticket.story_ref}} if method == "POST" else {}
            if name.endswith(":link"):
                more = {"data": {"story": "US-1"}}
            if name.endswith(":webhook"):
                more = {"content_type": "application/json", "data": "{}"}
            answer = asked(world, who, method, world.address(name, places), **more)
            if gets(answer) != rule[who]:
                wrong[f"{method} {name}"] = (gets(answer), rule[who].value)
            if rule[who] is not Gets.YES and who in (Who.NOBODY, Who.STRANGER, Who.SUPERUSER):
                leaks += [name] if PRIVATE in answer.content.decode() else []

    assert wrong == {}
    assert leaks == []


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("who", [Who.EXPORTER, Who.ADMIN, Who.STRANGER])
def test_each_step_of_the_set_up_keeps_to_the_row_of_all_steps(step: str, who: Who, world: World) -> None:
    url = reverse("jira_integration:setup_step", args=[world.connection.pk, step])

    got = {method: gets(asked(world, who, method, f"{url}?project=SHOP")) for method in ("GET", "POST")}

    assert got == {method: rule[who] for method, rule in TABLE["jira_integration:setup_step"].items()}


def test_the_admin_site_is_for_staff_alone(world: World) -> None:
    wrong = []
    pages = [reverse("admin:index"), *(f"/admin/{route}" for route in admin_routes())]
    for who in Who:
        client = world.client(who)
        for page in pages if who in (Who.ADMIN, Who.SUPERUSER) else pages[:2]:
            got = gets(client.get(page))
            nothing_to_do = who is Who.SUPERUSER and got in (Gets.NOTHING, Gets.TOLD)  # no row 1; rows are read-only
            if got != TABLE["admin:*"]["GET"][who] and not nothing_to_do:
                wrong.append((page, who, got))

    assert len(pages) > 50
    assert wrong == []


def admin_routes() -> list[str]:
    """Every list, add, history, delete and change page of the admin site, of row 1."""
    found = []
    for model in admin.site._registry:
        base = f"{model._meta.app_label}/{model._meta.model_name}/"
        found += [base, f"{base}add/", f"{base}1/change/", f"{base}1/history/", f"{base}1/delete/"]
    return found


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("who", Who)
async def test_every_socket_gives_exactly_what_the_table_says(who: Who, sandbox: RunningSandbox) -> None:
    world = await sync_to_async(a_world)(sandbox)
    headers = [(b"origin", b"http://localhost"), (b"host", b"localhost")]
    if who is not Who.NOBODY:
        session = (await sync_to_async(world.client)(who)).cookies["stories_qa_session"].value
        headers.append((b"cookie", f"stories_qa_session={session}".encode()))
    got = {}
    for address in SOCKETS:
        number = world.plan.pk if "plans" in address else world.run.pk
        path = address.replace("<number>", str(number)).replace("<project>", world.project.key)
        socket = WebsocketCommunicator(application, path, headers)
        assert await socket.connect()
        await socket.send_to('{"after": 0}')
        sent = await asyncio.wait_for(socket.receive_output(5), 6)
        closed = {4401: Gets.ASKED_IN, 4403: Gets.NOTHING}
        got[address] = Gets.YES if sent["type"] == "websocket.send" else closed[sent["code"]]
        await socket.disconnect()

    assert got == {address: rule[who] for address, rule in SOCKETS.items()}


def test_a_page_of_another_origin_opens_no_socket(world: World) -> None:
    async def accepted() -> bool:
        headers = [(b"origin", b"https://evil.example"), (b"host", b"localhost")]
        return await WebsocketCommunicator(application, f"/ws/runs/{world.run.pk}/", headers).connect()

    assert not asyncio.run(accepted())


def test_no_change_by_post_goes_without_the_forms_token(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.people[Who.ADMIN])
    let_in = []
    for name, rules in TABLE.items():
        if "POST" in rules and name != "admin:*" and not name.endswith(":webhook"):
            places = re.findall(r"<(\w+)>", addresses()[name])
            with transaction.atomic():
                answer = client.post(world.address(name, places))
                transaction.set_rollback(True)
            let_in += [] if answer.status_code == 403 else [name]

    assert let_in == []


# ---- connections: sharing a sign-in ----------------------------------------------------------------------------------


def test_who_makes_a_project_of_their_own_gets_no_connection_of_others(world: World) -> None:
    """The hole this closes: anybody signed in may make a project, and is its admin."""
    client = world.client(Who.VIEWER)
    client.post(reverse("stories_qa:project_new"), {"name": "Mine", "key": "MINE"})
    pk = world.connection.pk

    listed = client.get("/jira/connections/?project=MINE").content.decode()
    opened = {
        path: client.get(f"/jira/connections/{pk}/{path}?project=MINE").status_code
        for path in ("setup/site/", "setup/sign-in/", "setup/webhook/", "doctor/", "oauth/start/", "webhook/live/")
    }
    joined = client.post("/jira/connections/new/?project=MINE", {"site_url": world.connection.site_url})

    assert world.connection.host not in listed
    assert set(opened.values()) == {403}  # a viewer of SHOP, so told who may
    assert joined.status_code == 422
    assert "is connected already, for backlogs that are not yours" in joined.content.decode()
    assert "Person" in joined.content.decode()
    assert not ProjectMapping.objects.filter(project_ref=Project.objects.get(key="MINE").ref).exists()


def test_a_connection_that_serves_nothing_belongs_to_its_maker_and_to_superusers(world: World) -> None:
    stranger = world.people[Who.STRANGER]
    root = world.people[Who.SUPERUSER]
    a_backlog("ROOTS", "Root's own").memberships.create(user=root, role=Role.ADMIN)
    free = a_connection(name="Free", site_url="https://free.example", created_by=stranger)
    page = reverse("jira_integration:setup_step", args=[free.pk, "site"])

    got = {who: gets(asked(world, who, "GET", page)) for who in (Who.ADMIN, Who.STRANGER, Who.SUPERUSER)}

    assert got == {Who.ADMIN: Gets.NOTHING, Who.STRANGER: Gets.YES, Who.SUPERUSER: Gets.YES}


def test_an_admin_of_one_of_its_backlogs_looks_after_a_shared_connection(world: World) -> None:
    a_mapping(Project.objects.get(key="OTHER"), world.connection, jira_project_id="10001")

    answer = asked(world, Who.STRANGER, "GET", reverse("jira_integration:doctor", args=[world.connection.pk]))

    assert gets(answer) is Gets.YES
    assert PRIVATE not in answer.content.decode()
