"""Makes a client from a connection: the one place where a secret is opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asgiref.sync import sync_to_async

from jira_integration.client import JiraClient, Transport
from jira_integration.client.auth import Auth, BasicToken
from jira_integration.client.exceptions import JiraCaptcha, JiraError, JiraLoginError, JiraUnavailable
from jira_integration.client.guard import Guard
from jira_integration.conf import conf
from jira_integration.models import JiraConnection
from jira_integration.setup.governing import governor_of


class NoLogin(Exception):
    """The connection has no login yet, or one of a kind that cannot be used here."""


def guard() -> Guard:
    """What this installation lets its people connect to, by its settings."""
    return Guard(conf.ALLOW_LOOPBACK_HTTP, conf.ALLOWED_HOSTS)


def auth_of(connection: JiraConnection) -> Auth:
    """The login, opened. Raises NoLogin, or SecretUnreadable under a wrong key."""
    if connection.secret is None:
        raise NoLogin(f"{connection} has no login.")
    secret = connection.secret.open(connection.bound_to)
    if connection.login == JiraConnection.Login.API_TOKEN:
        return BasicToken(connection.user_name, secret)
    raise NoLogin(f"{connection.get_login_display()} is not supported yet.")


@asynccontextmanager
async def jira_client(
    connection: JiraConnection,
    *,
    auth: Auth | None = None,
    seconds: float | None = None,
    tries: int = 4,
    trying_login: bool = False,
) -> AsyncIterator[JiraClient]:
    """A client for this connection, closed at the end. `seconds` replaces the deadline where a person waits;
    `trying_login` is for a person who asks to try a refused login again.

    What it meets is kept on the connection: a refused login stops every other use of it before the next try makes
    Jira ask for a CAPTCHA. Raises NoLogin, SecretUnreadable, and at the first request JiraLoginError while the login
    stands refused.
    """
    login = auth or auth_of(connection)
    async with governor_of(connection, seconds=seconds, trying_login=trying_login) as governor:
        transport = Transport(
            connection.site_url,
            login,
            guard(),
            governor,
            pool=conf.REQUESTS_IN_FLIGHT + 2,
            connect_timeout=conf.CONNECT_TIMEOUT_SECONDS,
            read_timeout=conf.READ_TIMEOUT_SECONDS,
            deadline=seconds or conf.REQUEST_DEADLINE_SECONDS,
            tries=tries,
            governor_waits=True,
            max_bytes=conf.MAX_ANSWER_BYTES,
            proxy=conf.PROXY or None,
        )
        try:
            yield JiraClient(transport)
        except JiraError as trouble:
            await sync_to_async(remember)(connection, trouble)
            raise
        finally:
            await transport.aclose()


def remember(connection: JiraConnection, trouble: JiraError) -> None:
    """Turn what stops the whole connection into its state."""
    match trouble:
        case JiraLoginError() | JiraCaptcha():
            connection.set_state(JiraConnection.State.AUTH, str(trouble.code))
        case JiraUnavailable():
            connection.set_state(JiraConnection.State.DOWN, str(trouble.code))


def answered(connection: JiraConnection) -> None:
    """Jira answered under this login: what was wrong is over."""
    if connection.state in (JiraConnection.State.AUTH, JiraConnection.State.DOWN, JiraConnection.State.SETUP):
        connection.set_state(JiraConnection.State.OK)
