"""Makes a client from a connection: the one place where a secret is opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asgiref.sync import sync_to_async

from jira_integration.catalogue import from_error
from jira_integration.client import CloudClient, DataCenterClient, JiraClient, Transport
from jira_integration.client.auth import Auth, BasicToken, Bearer
from jira_integration.client.exceptions import JiraError, JiraLoginError, JiraUnavailable
from jira_integration.client.guard import Guard
from jira_integration.conf import conf
from jira_integration.models import JiraConnection
from jira_integration.setup.certificates import ca_file
from jira_integration.setup.counted import Counted, keep
from jira_integration.setup.governing import governor_of
from jira_integration.setup.grants import login_by_grant

Login = JiraConnection.Login
CLIENTS: dict[str, type[JiraClient]] = {
    JiraConnection.Deployment.CLOUD: CloudClient,
    JiraConnection.Deployment.DATACENTER: DataCenterClient,
}
# Which logins each kind of Jira knows, the safest first.
LOGINS: dict[str, tuple[JiraConnection.Login, ...]] = {
    JiraConnection.Deployment.CLOUD: (Login.API_TOKEN, Login.OAUTH2),
    JiraConnection.Deployment.DATACENTER: (Login.PAT, Login.BASIC),
}


class NoLogin(Exception):
    """The connection has no login yet, or one of a kind that its Jira does not know."""


def guard() -> Guard:
    """What this installation lets its people connect to, by its settings."""
    return Guard(conf.ALLOW_LOOPBACK_HTTP, conf.ALLOWED_HOSTS)


def client_for(deployment: str, transport: Transport) -> JiraClient:
    return CLIENTS.get(deployment, CloudClient)(transport)


def auth_with(login: str, user_name: str, secret: str) -> Auth:
    """A login from what was typed or opened; OAuth has nothing that could be typed."""
    match login:
        case Login.API_TOKEN | Login.BASIC:
            return BasicToken(user_name, secret)
        case Login.PAT:
            return Bearer(secret)
    raise NoLogin(f"{login} is no login that is typed.")


def auth_of(connection: JiraConnection) -> Auth:
    """The login, opened. Raises NoLogin, or SecretUnreadable under a wrong key."""
    if connection.login == Login.OAUTH2:
        return login_by_grant(connection)
    if connection.secret is None:
        raise NoLogin(f"{connection} has no login.")
    return auth_with(connection.login, connection.user_name, connection.secret.open(connection.bound_to))


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
    governing = governor_of(connection, seconds=seconds, trying_login=trying_login)
    with ca_file(connection.ca_pem) as certificates:
        async with governing as governor:
            counted = Counted(governor)
            transport = Transport(
                connection.api_url,
                login,
                guard(),
                counted,
                pool=conf.REQUESTS_IN_FLIGHT + 2,
                connect_timeout=conf.CONNECT_TIMEOUT_SECONDS,
                read_timeout=conf.READ_TIMEOUT_SECONDS,
                deadline=seconds or conf.REQUEST_DEADLINE_SECONDS,
                tries=tries,
                governor_waits=True,
                max_bytes=conf.MAX_ANSWER_BYTES,
                proxy=conf.PROXY or None,
                ca_bundle=certificates,
            )
            try:
                yield client_for(connection.deployment, transport)
            except JiraError as trouble:
                await sync_to_async(remember)(connection, trouble)
                raise
            finally:
                await transport.aclose()
                await sync_to_async(keep)(counted, connection.pk)


def remember(connection: JiraConnection, trouble: JiraError) -> None:
    """Turn what stops the whole connection into its state."""
    match trouble:
        case JiraLoginError():
            connection.set_state(JiraConnection.State.AUTH, from_error(trouble, connection)[0])
        case JiraUnavailable():
            connection.set_state(JiraConnection.State.DOWN, str(trouble.code))


def answered(connection: JiraConnection) -> None:
    """Jira answered under this login: what was wrong is over."""
    if connection.state in (JiraConnection.State.AUTH, JiraConnection.State.DOWN, JiraConnection.State.SETUP):
        connection.set_state(JiraConnection.State.OK)
