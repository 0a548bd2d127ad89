"""Keeps the login that Jira accepted, of whatever kind, in place of the one before. Tickets stay what they are."""

from __future__ import annotations

from datetime import date

from jira_integration.models import JiraConnection
from jira_integration.setup.check import Tested
from jira_integration.setup.connect import answered
from jira_integration.setup.grants import forget_grant


def keep_login(
    connection: JiraConnection,
    tested: Tested,
    *,
    login: str,
    user_name: str = "",
    secret: str = "",
    ends_on: date | None = None,
) -> None:
    """Save it; without a `secret` the saved one stays. Call it in a transaction."""
    if login != JiraConnection.Login.OAUTH2:
        forget_grant(connection)
    connection.login, connection.user_name, connection.secret_ends_on = login, user_name, ends_on
    connection.through_gateway = bool(tested.gateway)
    connection.cloud_id = tested.gateway or connection.cloud_id
    if secret:
        connection.keep_secret(secret)
    name_account(connection, tested)
    connection.save()
    answered(connection)


def name_account(connection: JiraConnection, tested: Tested) -> None:
    """Who Jira says we are. Data Center knows people by name, and has no id that never changes."""
    account = tested.account
    assert account is not None
    connection.account_id = account.account_id or account.name
    connection.account_name = account.display_name[:200] or connection.user_name
    connection.account_time_zone = account.time_zone


def forget_login(connection: JiraConnection) -> None:
    """What was sealed for the former address cannot be opened for a new one; the caller saves."""
    forget_grant(connection)
    connection.secret = connection.secret_saved_at = connection.secret_ends_on = None
    connection.secret_hint = connection.account_id = connection.account_name = connection.cloud_id = ""
    connection.through_gateway = False
    connection.state, connection.state_code = JiraConnection.State.SETUP, ""
