"""OAuth under fire: eight workers at once, a worker that dies, an answer that is lost, a consent that is withdrawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from jira_integration.client.exceptions import ErrorCode, JiraForbidden, JiraLoginError, JiraScopeError, JiraUnavailable
from jira_integration.client.oauth import Tokens as Granted
from jira_integration.client.pauses import Pause
from jira_integration.models import JiraConnection, OAuthGrant
from jira_integration.setup import grants
from jira_integration.setup.connect import jira_client
from jira_integration.setup.governing import KeptPauses, pauses_of
from jira_integration.setup.grants import KeptGrant, forget_grant, keep_grant
from tests.jira_rows import a_connection
from tests.sandbox.three_legs import CLIENT, CLOUD, SCOPES, SECRET, sign_in
from tests.sandbox_server import RunningSandbox, running_sandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def connection(sandbox: RunningSandbox, settings: Settings) -> JiraConnection:
    """A connection by a grant whose access token has just ended."""
    settings.JIRA_AUTH_BASE_URL = settings.JIRA_GATEWAY_BASE_URL = sandbox.url
    settings.JIRA_OAUTH_CLIENT_ID, settings.JIRA_OAUTH_CLIENT_SECRET = CLIENT, SECRET
    return consented(sandbox)


def consented(sandbox: RunningSandbox, **more: str) -> JiraConnection:
    tokens = sign_in(sandbox, **more)
    made = JiraConnection(name="By grant", site_url=sandbox.url, deployment="cloud", cloud_id=CLOUD)
    made.login, made.through_gateway, made.state = "oauth2", True, "ok"
    made.save()
    granted = Granted(access_token=tokens.access, refresh_token=tokens.refresh, expires_in=3600, scope=SCOPES)
    keep_grant(made, granted, timezone.now())
    end_access_token(made)
    return made


def end_access_token(connection: JiraConnection) -> None:
    past = timezone.now() - timedelta(seconds=1)
    OAuthGrant.objects.filter(connection=connection).update(renew_at=past, access_until=past)


def later(connection: JiraConnection, seconds: float) -> None:
    """As if so much time had passed since a worker took the lease."""
    grant = OAuthGrant.objects.get(connection=connection)
    assert grant.sent_at is not None
    changed = {"sent_at": grant.sent_at - timedelta(seconds=seconds)}
    if grant.lease_until is not None:
        changed["lease_until"] = grant.lease_until - timedelta(seconds=seconds)
    OAuthGrant.objects.filter(pk=grant.pk).update(**changed)


def who(connection: JiraConnection) -> str:
    """The account, asked through a client as every task makes one."""

    async def ask() -> str:
        async with jira_client(connection, tries=1) as jira:
            return (await jira.myself()).display_name

    return async_to_sync(ask)()


def token_of(connection: JiraConnection) -> str:
    return async_to_sync(KeptGrant(connection).access_token)()


def refreshes(sandbox: RunningSandbox) -> tuple[int, int]:
    """How many refresh tokens were used up, and how many families Atlassian revoked."""
    grant = sandbox.control("oauth")[0]
    return grant["refreshes"], grant["revoked"]


def in_threads(count: int, work: Callable[[], str]) -> list[str]:
    def one(_n: int) -> str:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_eight_workers_that_meet_an_ended_token_at_once_refresh_it_once(
    connection: JiraConnection, sandbox: RunningSandbox
) -> None:
    tokens = in_threads(8, lambda: token_of(JiraConnection.objects.get(pk=connection.pk)))

    assert len(set(tokens)) == 1
    assert refreshes(sandbox) == (1, 0)
    grant = OAuthGrant.objects.get()
    assert (grant.lease_token, grant.sent_at, grant.ended_code) == ("", None, "")
    assert who(connection) == "QA Bot"


class Died(BaseException):
    """What a killed worker looks like from inside its process."""


def test_a_worker_killed_between_the_refresh_and_the_save_is_followed_by_one_that_sends_the_same_token(
    connection: JiraConnection, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_args: object) -> None:
        raise Died

    with monkeypatch.context() as patched, pytest.raises(Died):
        patched.setattr(grants, "_save", killed)
        token_of(connection)
    assert OAuthGrant.objects.get().lease_token  # nobody gave it back
    later(connection, grants.LEASE_SECONDS + 1)

    assert who(connection) == "QA Bot"
    assert refreshes(sandbox) == (1, 0)  # the same token, taken twice within the leeway
    assert OAuthGrant.objects.get().sent_at is None


def test_after_a_lost_answer_the_same_token_is_sent_again(connection: JiraConnection, sandbox: RunningSandbox) -> None:
    sandbox.faults({"kind": "close_after_write", "path": "/oauth/token", "times": 1})

    with pytest.raises(JiraUnavailable):
        token_of(connection)
    grant = OAuthGrant.objects.get()
    assert (grant.lease_token, grant.refresh_token is None) == ("", False)
    assert grant.sent_at is not None

    assert who(connection) == "QA Bot"
    assert refreshes(sandbox) == (1, 0)


def test_a_token_without_an_answer_for_longer_than_the_leeway_is_never_sent_again(
    connection: JiraConnection, sandbox: RunningSandbox
) -> None:
    sandbox.faults({"kind": "close_after_write", "path": "/oauth/token", "times": 1})
    with pytest.raises(JiraUnavailable):
        token_of(connection)
    later(connection, 11 * 60)
    sandbox.control("clock", {"advance_seconds": 11 * 60})

    with pytest.raises(JiraLoginError) as caught:
        who(connection)

    assert caught.value.code == ErrorCode.RECONNECT
    assert refreshes(sandbox) == (1, 0)  # no family was revoked by us
    grant = OAuthGrant.objects.get()
    assert (grant.refresh_token, grant.ended_code) == (None, "reconnect")
    connection.refresh_from_db()
    assert (connection.state, connection.state_code) == ("auth", "reconnect")


def test_when_nothing_left_this_machine_the_leeway_does_not_begin(
    connection: JiraConnection, sandbox: RunningSandbox, settings: Settings
) -> None:
    settings.JIRA_AUTH_BASE_URL = "http://127.0.0.1:9"  # nobody listens there
    with pytest.raises(JiraUnavailable):
        token_of(connection)

    assert OAuthGrant.objects.get().sent_at is None
    settings.JIRA_AUTH_BASE_URL = sandbox.url
    assert who(connection) == "QA Bot"


def test_a_withdrawn_consent_ends_in_reconnect_and_nobody_asks_again(
    connection: JiraConnection, sandbox: RunningSandbox
) -> None:
    assert who(connection) == "QA Bot"
    sandbox.control("oauth", {"withdraw": True})

    with pytest.raises(JiraLoginError) as caught:
        who(connection)
    sandbox.clear_log()
    with pytest.raises(JiraLoginError):
        who(JiraConnection.objects.get())

    assert caught.value.code == ErrorCode.RECONNECT
    assert sandbox.log() == []
    assert JiraConnection.objects.get().state_code == "reconnect"


@pytest.mark.parametrize("status", [401, 403, 404])
def test_an_access_token_that_ended_before_its_time_is_renewed_and_the_request_goes_again(
    connection: JiraConnection, sandbox: RunningSandbox, status: int
) -> None:
    who(connection)
    sandbox.control("settings", {"ended_access_status": status})
    sandbox.control("oauth", {"end_access": True})

    assert who(connection) == "QA Bot"
    assert refreshes(sandbox) == (2, 0)


def test_a_403_that_is_about_a_permission_stays_one(connection: JiraConnection, sandbox: RunningSandbox) -> None:
    sandbox.faults({"kind": "status", "path": ".*/project/SHOP", "status": 403, "body": {"errorMessages": ["No."]}})

    async def ask() -> None:
        async with jira_client(connection, tries=1) as jira:
            await jira.project("SHOP")

    with pytest.raises(JiraForbidden):
        async_to_sync(ask)()

    assert refreshes(sandbox) == (1, 0)


def test_a_missing_scope_asks_for_a_new_consent_and_not_for_a_refresh(
    connection: JiraConnection, sandbox: RunningSandbox
) -> None:
    forget_grant(connection)
    connection.delete()
    narrow = consented(sandbox, scope="read:jira-user offline_access")

    async def ask() -> None:
        async with jira_client(narrow, tries=1) as jira:
            await jira.project("SHOP")

    with pytest.raises(JiraScopeError):
        async_to_sync(ask)()

    assert sandbox.control("oauth")[0]["refreshes"] == 1
    assert JiraConnection.objects.get().state_code == "scope_grant"


def test_a_wrong_client_secret_ends_no_grant(
    connection: JiraConnection, sandbox: RunningSandbox, settings: Settings
) -> None:
    settings.JIRA_OAUTH_CLIENT_SECRET = "not-the-secret"
    with pytest.raises(JiraLoginError) as caught:
        token_of(connection)
    settings.JIRA_OAUTH_CLIENT_SECRET = SECRET

    assert caught.value.code == ErrorCode.OAUTH_APP
    assert who(connection) == "QA Bot"


def test_a_worker_that_slept_past_its_lease_says_nothing_of_what_others_saved(
    connection: JiraConnection, sandbox: RunningSandbox
) -> None:
    lease = grants._take(connection, OAuthGrant.objects.get().generation)
    assert lease is not None
    later(connection, grants.LEASE_SECONDS + 1)
    fresh = token_of(connection)

    grants._save(connection, lease, Granted(access_token="old", refresh_token="old"), timezone.now())

    assert not grants._end(connection, lease, "reconnect")
    assert token_of(connection) == fresh


def test_no_token_is_shown_by_anything_that_is_printed(connection: JiraConnection) -> None:
    grant = OAuthGrant.objects.get()
    store = KeptGrant(connection)
    token = async_to_sync(store.access_token)()
    lease_holder = OAuthGrant.objects.get()

    assert lease_holder.access_token is not None
    shown = f"{grant!r} {lease_holder} {lease_holder.access_token!r} {store!r} {Granted(access_token=token)!r}"
    assert token not in shown


def test_a_pause_of_the_gateway_is_told_of_a_connection_that_goes_through_it() -> None:
    connection = a_connection(through_gateway=True, cloud_id="11-22")
    owner = "site https://api.atlassian.com/ex/jira/11-22"

    async_to_sync(KeptPauses().keep)(Pause("gateway", owner, 60, "jira-quota"))

    assert [one.reason for one in pauses_of(connection)] == ["jira-quota"]
