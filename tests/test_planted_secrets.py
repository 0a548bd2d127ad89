"""Every secret gets a value of its own; then everything that is shown, logged, queued and stored is searched."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import redis
from asgiref.sync import async_to_sync
from django.conf import settings as configured
from django.contrib import admin
from django.core.management import call_command
from django.db import connection as database
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from jira_integration import tasks
from jira_integration.client.exceptions import JiraError
from jira_integration.client.oauth import Tokens
from jira_integration.models import ExportRun, JiraConnection, OAuthClient
from jira_integration.setup.connect import jira_client
from jira_integration.setup.grants import keep_grant
from stories_qa.models import Story
from tests.browser.every_state import World, a_world, every_page
from tests.client.scripted import ScriptedServer, answer
from tests.client.test_environment import every_text_of
from tests.sandbox_server import RunningSandbox, running_sandbox
from tests.secret_search import Found, forms_of, on_disk, unpacked

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.filterwarnings("ignore")]

PLANTED = {
    "API token": "planted-api-token-5e1f0c",
    "a token that was typed and refused": "planted-typed-token-77ab2d",
    "personal access token": "planted-pat-91cd44",
    "password": "planted-password-3b7e0a",
    "OAuth access token": "planted-access-token-aa10f2",
    "OAuth refresh token": "planted-refresh-token-c41b88",
    "OAuth client secret": "planted-client-secret-0d9e77",
    "OAuth client secret of the admin site": "planted-kept-secret-62f1aa",
    "webhook secret": "planted-webhook-secret-8f00d1",
    "former webhook secret": "planted-former-webhook-4c5d6e",
    "password of the proxy": "planted-proxy-password-e07a13",
    "password of the database": "planted-database-password-1f2e3d",
}

STATUSES = ("400 Bad Request", "401 Unauthorized", "403 Forbidden", "302 Found", "500 Oops", "429 Slow down")


def echo(server: ScriptedServer, status: str) -> Callable[[Any], None]:
    """A Jira that says everything it was sent back: in its error, a header and a redirect."""

    def act(connection: Any) -> None:
        sent = server.requests[-1].decode(errors="replace")
        body = json.dumps({"errorMessages": [sent], "error": sent, "error_description": sent}).encode()
        login = next((line for line in sent.splitlines() if line.lower().startswith("authorization")), "none")
        token = base64.b64encode(login.encode()).decode()
        answer(body, status, Location=f"https://elsewhere.example/?{token}", X_Echo=login)(connection)

    return act


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(token=PLANTED["API token"]) as running:
        yield running


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Callable[[], bytes]]:
    """All that is logged from DEBUG on, as the site's own handler writes it, tracebacks included."""
    log = tmp_path / "everything.log"
    handler = logging.FileHandler(log)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield log.read_bytes
    root.setLevel(level)
    root.removeHandler(handler)
    handler.close()


@pytest.fixture
def planted(settings: Settings, redis_url: str, with_redis: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    settings.JIRA_OAUTH_CLIENT_ID, settings.JIRA_OAUTH_CLIENT_SECRET = "client", PLANTED["OAuth client secret"]
    monkeypatch.setitem(database.settings_dict, "PASSWORD", PLANTED["password of the database"])
    given = {
        "key of the fields": str(configured.FIELD_ENCRYPTION_KEY[0]),
        "secret key of Django": str(configured.SECRET_KEY),
        "password of Redis": urlsplit(redis_url).password or "no-password-was-needed-here",
    }
    return PLANTED | given


def with_every_login(world: World) -> dict[str, JiraConnection]:
    """A connection for each kind of login, at a Jira that echoes; the world's own has a webhook."""
    site = world.connection
    site.keep_webhook_secret(PLANTED["former webhook secret"])
    site.save()
    site.keep_webhook_secret(PLANTED["webhook secret"], overlap=timedelta(days=1))
    site.save()
    app = OAuthClient(client_id="kept")
    app.keep_secret(PLANTED["OAuth client secret of the admin site"])
    app.save()
    made = {}
    ana = world.project.memberships.get(user__username="ana").user
    for login, name in (("api_token", "API token"), ("pat", "personal access token"), ("basic", "password")):
        cloud = login == "api_token"
        one = JiraConnection(name=name, login=login, deployment="cloud" if cloud else "datacenter", created_by=ana)
        one.site_url, one.user_name, one.account_id = f"http://127.0.0.{len(made) + 2}:9", "qa-bot", "1"
        one.keep_secret(PLANTED[name])
        one.save()
        made[login] = one
    granted = JiraConnection(name="OAuth", login="oauth2", deployment="cloud", created_by=ana, through_gateway=True)
    granted.site_url, granted.cloud_id, granted.account_id = "http://127.0.0.9:9", "cloud", "1"
    granted.save()
    return made | {"oauth2": granted}


def move(connection: JiraConnection, url: str, *, ended: bool) -> None:
    """The connection as if it had been made for this address, its secret with it; a grant's access token works, or
    has ended and is renewed first."""
    secret = connection.secret.open(connection.bound_to) if connection.secret is not None else ""
    connection.site_url = url
    if secret:
        connection.keep_secret(secret)
    connection.save()
    if connection.login == JiraConnection.Login.OAUTH2:
        tokens = Tokens(access_token=PLANTED["OAuth access token"], refresh_token=PLANTED["OAuth refresh token"])
        keep_grant(connection, tokens, timezone.now() - timedelta(hours=2 if ended else 0))


def test_no_secret_is_found_anywhere_and_one_that_leaks_is(
    planted: dict[str, str],
    sandbox: RunningSandbox,
    written: Callable[[], bytes],
    settings: Settings,
    redis_url: str,
    client: Client,
) -> None:
    found = Found(secrets=planted)
    world = a_world(sandbox)
    logins = with_every_login(world)
    ana = world.project.memberships.get(user__username="ana").user
    ana.is_superuser = ana.is_staff = True
    ana.save()
    client.force_login(ana)
    client.raise_request_exception = False

    with ScriptedServer() as server:
        failures(found, client, logins, server, settings)
    webhooks(found, client, world.connection)
    doctors(found, client, world.connection, settings)
    every_page_of(found, client, world)
    tasks.enqueue_delivery(1)
    tasks.start(tasks.export_run, ExportRun.objects.earliest("pk").pk)
    stored_and_queued(found, redis_url)
    found.keep("log", written())

    assert found.hits() == []
    assert [place for place, text in found.places.items() if not text] == []
    assert found.places["log"].count(b" DEBUG ") > 20
    assert b"export_run" in found.places["queue"]

    leak(world, client, found, redis_url, written)
    leaked = {hit.partition(" in ")[2] for hit in found.hits()}
    assert {"page /p/SHOP/stories/US-3/", "database, dumped", "database, its file", "queue", "log"} <= leaked


def failures(
    found: Found, client: Client, logins: dict[str, JiraConnection], server: ScriptedServer, settings: Settings
) -> None:
    """Each login meets a Jira that echoes it in refusals, faults and redirects; so does a token that is typed."""
    settings.JIRA_AUTH_BASE_URL = settings.JIRA_GATEWAY_BASE_URL = server.url
    sent: list[bytes] = []
    for turn, status in enumerate(STATUSES):
        server.script = [echo(server, status)]
        for kind, connection in logins.items():
            move(connection, f"{server.url}/{kind}", ended=bool(turn % 2))
            try:
                async_to_sync(asked)(connection)
            except JiraError as trouble:
                found.keep("errors", every_text_of(trouble))
                found.keep("tracebacks", "".join(traceback.format_exception(trouble)))
                logging.getLogger("jira_integration").exception("It failed.")
            step = f"/jira/connections/{connection.pk}/setup/sign-in/?project=NEW"
            typed = {"login": kind, "user_name": "qa-bot", "token": PLANTED["a token that was typed and refused"]}
            found.keep("refused sign-ins", client.post(step, typed).content)
            found.keep("refused sign-ins", client.get(step).content)
        sent += server.requests
        server.requests.clear()
    server.script = [answer(b"not JSON")]
    for connection in logins.values():
        found.keep("doctor of a broken site", client.post(f"/jira/connections/{connection.pk}/doctor/run/").content)
    kinds = ("personal access token", "password", "OAuth access token", "OAuth refresh token", "OAuth client secret")
    unsent = {name for name in kinds if not any(form in one for one in sent for form in forms_of(PLANTED[name]))}
    assert unsent == set()  # or the echo had nothing to say


async def asked(connection: JiraConnection) -> None:
    async with jira_client(connection, tries=1, seconds=2, trying_login=True) as jira:
        await jira.myself()


def webhooks(found: Found, client: Client, connection: JiraConnection) -> None:
    """One with each good signature, one that is forged."""
    body = json.dumps({"webhookEvent": "jira:issue_updated", "issue": {"id": "1", "key": "SHOP-1"}}).encode()
    secrets = (PLANTED["webhook secret"], PLANTED["former webhook secret"], "forged")
    codes = []
    for number, secret in enumerate(secrets):
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        told = client.post(
            f"/jira/webhooks/{connection.uid}/",
            body,
            content_type="application/json",
            headers={"X-Hub-Signature": f"sha256={signature}", "X-Atlassian-Webhook-Identifier": f"w-{number}"},
        )
        codes.append(told.status_code)
        found.keep("webhook answers", told.content + str(told.headers).encode())
    assert codes == [200, 200, 401]


def doctors(found: Found, client: Client, connection: JiraConnection, settings: Settings) -> None:
    """Page, support file and command; once behind a proxy that wants a password."""
    for proxy in ("", f"http://proxy:{PLANTED['password of the proxy']}@127.0.0.1:9"):
        settings.JIRA_PROXY = proxy
        for name in ("run", "file"):
            found.keep(f"doctor {name}", client.post(f"/jira/connections/{connection.pk}/doctor/{name}/").content)
        out = io.StringIO()
        try:
            call_command("jira_doctor", "--connection", str(connection.pk), "--json", stdout=out, stderr=out)
        except SystemExit:
            out.write("ended with 1")
        found.keep("doctor command", out.getvalue())
    settings.JIRA_PROXY = ""


def every_page_of(found: Found, client: Client, world: World) -> None:
    """Each page and file of the site, each page of the admin site, and the ones for what went wrong."""
    plan, run = world.plans["ready"].pk, world.runs["partly_done"].pk
    files = ["/audit/csv/", f"/p/SHOP/jira/plans/{plan}/csv/", f"/p/SHOP/jira/runs/{run}/csv/"]
    files.append("/p/SHOP/tests/for-xray.csv")
    pages = [url for urls in every_page(world).values() for url in urls]
    pages += ["/nowhere/", "/p/SHOP/stories/%00/", "/jira/oauth/callback/?state=x&code=y", "/admin/"]
    for model in admin.site._registry:
        base = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        rows = model._default_manager.values_list("pk", flat=True)[:3]
        pages += [base, *(f"{base}{quote(str(pk))}/change/" for pk in rows)]
    for url in [*pages, *files]:
        said = client.get(url)
        text = said.getvalue() if said.streaming else said.content
        # The person's own cookies and forms carry Django's signatures, never its key.
        found.keep("files" if url in files else f"page {url}", text + str(said.headers).encode())
    for commands in (
        ["export_backlog", "--project", "SHOP"],
        ["export_backlog", "--project", "SHOP", "--format", "csv"],
    ):
        out = io.StringIO()
        call_command(*commands, stdout=out)
        found.keep("exported backlog", out.getvalue())


def stored_and_queued(found: Found, redis_url: str) -> None:
    """The database as `dumpdata` tells it and as it lies on the disk; all that Redis holds, the queue apart."""
    out = io.StringIO()
    call_command("dumpdata", stdout=out)
    found.keep("database, dumped", out.getvalue())
    found.keep("database, its file", on_disk())
    with redis.Redis.from_url(redis_url) as server:
        for key in server.scan_iter():
            kind = server.type(key)
            value = {
                b"string": server.get,
                b"hash": server.hgetall,
                b"set": server.smembers,
                b"list": lambda name: server.lrange(name, 0, -1),
                b"zset": lambda name: server.zrange(name, 0, -1, withscores=True),
            }[kind](key)
            rows = value if isinstance(value, list) else [value]
            for row in rows:
                found.keep("queue" if kind == b"list" else "redis", key + b" " + unpacked(row))


def leak(world: World, client: Client, found: Found, redis_url: str, written: Callable[[], bytes]) -> None:
    """The same secrets where they must never be: the search has to see every one of these."""
    secret = PLANTED["API token"]
    Story.objects.filter(project=world.project, key="US-3").update(title=secret)
    page = "/p/SHOP/stories/US-3/"
    found.keep(f"page {page}", client.get(page).content)
    tasks.export_run.delay(secret)
    logging.getLogger("jira_integration").debug("Basic %s", base64.b64encode(f"qa-bot:{secret}".encode()).decode())
    found.places.pop("queue")
    stored_and_queued(found, redis_url)
    found.keep("log", written())
