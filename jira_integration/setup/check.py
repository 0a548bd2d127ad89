"""The sign-in, tested as named checks: each says for itself what it found; after a failure the rest is not run."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from jira_integration.catalogue import from_error
from jira_integration.client.api import JiraClient
from jira_integration.client.auth import Anonymous, Auth
from jira_integration.client.exceptions import ErrorCode, JiraError, JiraForbidden, JiraLoginError, JiraScopeError
from jira_integration.client.oauth import gateway_url, tenant_cloud_id
from jira_integration.client.schemas import Myself
from jira_integration.conf import conf
from jira_integration.models import JiraConnection, SecretUnreadable
from jira_integration.setup.connect import NoLogin, jira_client
from jira_integration.setup.discover import PERSON_WAITS_SECONDS, quick_client

PROJECTS_COUNTED = 100  # one page; above, "100 or more" is enough to know
ENDS_SOON = timedelta(days=14)
Login = JiraConnection.Login


class Result(StrEnum):
    OK = "ok"
    FAILED = "failed"
    WARNING = "warning"
    NOT_RUN = "not_run"


@dataclass(frozen=True)
class Check:
    """One line of the test. `text` says what was found, with the real value."""

    slug: str
    label: str
    result: Result = Result.NOT_RUN
    text: str = ""

    @property
    def icon(self) -> str:
        return {"ok": "check-circle", "failed": "alert", "warning": "warn", "not_run": "minus"}[self.result.value]

    @property
    def word(self) -> str:
        return {"ok": _("OK"), "failed": _("Failed"), "warning": _("Look at this"), "not_run": _("Not run")}[
            self.result.value
        ]


@dataclass(frozen=True)
class Tested:
    """All checks in their order. `account` is who Jira says we are; `code` and `values` are for the catalogue."""

    checks: tuple[Check, ...]
    account: Myself | None = None
    code: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    gateway: str = ""  # the cloud id, when the login works at Atlassian's gateway and not at the site itself

    @property
    def accepted(self) -> bool:
        return not self.code


Projects = tuple[Result, str] | JiraError


def named_checks() -> dict[str, Check]:
    labels = {
        "address": _("Address answers"),
        "sign-in": _("Sign-in accepted"),
        "account": _("Account"),
        "end": _("Token valid"),
        "projects": _("Can read projects"),
    }
    return {slug: Check(slug, label) for slug, label in labels.items()}


async def check_login(
    connection: JiraConnection,
    auth: Auth | None = None,
    *,
    login: str = "",
    gateway: str = "",
    ends_on: date | None = None,
    seconds: float = PERSON_WAITS_SECONDS,
) -> Tested:
    """Test a login before it is saved (`auth` of the kind `login`), or the saved one.

    Four requests, each sent once; `gateway` is the cloud id where the login is known to work there only. An API token
    that the site itself refuses is tried at the gateway: one with scopes works nowhere else.

    Never raises what Jira or the network did: that is in `checks` and `code`.
    """
    kind = login or connection.login
    checks = named_checks()
    if kind == Login.BASIC:
        del checks["end"]

    def put(slug: str, result: Result, text: str) -> None:
        if slug in checks:
            checks[slug] = replace(checks[slug], result=result, text=text)

    account: Myself | None = None
    at = "address"
    try:
        each = seconds / 3
        async with _at(connection, connection.site_url, Anonymous(), each) as nobody:  # a bad login must not hide it
            info = await nobody.server_info()
        put("address", Result.OK, info.server_title or connection.host)
        at = "sign-in"
        if auth is None:
            async with jira_client(connection, seconds=each, tries=1, trying_login=True) as jira:
                account, projects = await _look(jira, kind)
            gateway = connection.cloud_id if connection.through_gateway else ""
        else:
            account, projects, gateway = await _try(connection, auth, kind, gateway, each)
        put("sign-in", Result.OK, _accepted(kind))
        who = f"{account.display_name} ({account.email})" if account.email else account.display_name
        put("account", Result.OK, _("“%(who)s”. Everything we create in Jira carries this name.") % {"who": who})
        put("end", *_end(ends_on))
        at = "projects"
        if isinstance(projects, JiraError):
            raise projects
        put("projects", *projects)
    except JiraError as error:
        code, values = from_error(error, connection, login=kind)
        put(at, Result.FAILED, _failure(code))
        return Tested(tuple(checks.values()), account, code, values)
    except SecretUnreadable:
        return _without_login(checks, connection, "secret_unreadable")
    except NoLogin:
        return _without_login(checks, connection, "no_login")
    return Tested(tuple(checks.values()), account, gateway=gateway)


def _at(connection: JiraConnection, url: str, auth: Auth, seconds: float) -> AbstractAsyncContextManager[JiraClient]:
    return quick_client(url, auth, seconds, deployment=connection.deployment, ca_pem=connection.ca_pem)


async def _try(
    connection: JiraConnection, auth: Auth, kind: str, gateway: str, seconds: float
) -> tuple[Myself, Projects, str]:
    """Account, projects, and the cloud id where the login works at the gateway."""
    if not gateway:
        try:
            async with _at(connection, connection.site_url, auth, seconds) as jira:
                return *await _look(jira, kind), ""
        except JiraLoginError as refusal:
            if kind != Login.API_TOKEN or refusal.code != ErrorCode.BAD_LOGIN:
                raise
            gateway = await _cloud_id(connection, seconds)
            if not gateway:
                raise
            try:
                return await _try(connection, auth, kind, gateway, seconds)
            except JiraScopeError:
                raise
            except JiraError:  # neither knows it; what the site said is nearer to what the person typed
                raise refusal from None
    async with _at(connection, gateway_url(conf.GATEWAY_BASE_URL, gateway), auth, seconds) as jira:
        return *await _look(jira, kind), gateway


async def _cloud_id(connection: JiraConnection, seconds: float) -> str:
    """The site's cloud id, or "" where it names none: then it is no site that the gateway knows."""
    try:
        async with _at(connection, connection.site_url, Anonymous(), seconds) as nobody:
            return await tenant_cloud_id(nobody.transport)
    except JiraError:
        return ""


async def _look(jira: JiraClient, kind: str) -> tuple[Myself, Projects]:
    """Who we are, and what of it: the account comes first, and is worth having when the projects fail."""
    account = await _myself(jira, kind)
    try:
        return account, await _projects(jira)
    except JiraError as trouble:
        return account, trouble


async def _myself(jira: JiraClient, kind: str) -> Myself:
    """Jira may answer 200 to a bad token and mean nobody: an account without an id is a refusal too."""
    try:
        account = await jira.myself()
    except JiraForbidden as refusal:
        if kind != Login.BASIC:
            raise
        # Whoever is signed in may ask who they are; names and passwords are switched off, however that is worded.
        raise JiraLoginError(str(refusal), status=refusal.status, code=ErrorCode.BASIC_OFF) from None
    if not (account.account_id or account.name):
        raise JiraLoginError("myself named no account.", status=200, code=ErrorCode.BAD_LOGIN)
    return account


async def _projects(jira: JiraClient) -> tuple[Result, str]:
    count = 0
    async for _project in jira.projects(action="browse"):
        count += 1
        if count == PROJECTS_COUNTED:
            return Result.OK, _("%(count)d or more") % {"count": count}
    if not count:
        return Result.WARNING, _("None. Ask a Jira admin to add this account to a project.")
    return Result.OK, ngettext("%(count)d project", "%(count)d projects", count) % {"count": count}


def _end(ends_on: date | None) -> tuple[Result, str]:
    if ends_on is None:
        return Result.OK, _("No end date was given; Jira's tokens last a year at most.")
    day = date_format(ends_on, "j F Y")
    today = timezone.localdate()
    if ends_on < today:
        return Result.WARNING, _("The date given, %(day)s, is past, yet Jira accepted it.") % {"day": day}
    if ends_on <= today + ENDS_SOON:
        return Result.WARNING, _("Until %(day)s. Replace it before then.") % {"day": day}
    return Result.OK, _("Until %(day)s") % {"day": day}


def _accepted(kind: str) -> str:
    match kind:
        case Login.PAT:
            return _("Jira knows this token.")
        case Login.BASIC:
            return _("Jira knows this user name and password.")
        case Login.OAUTH2:
            return _("Jira accepts the grant.")
    return _("Jira knows this e-mail and token.")


def _failure(code: str) -> str:
    """A few words in the line itself; the whole explanation stands above."""
    words = {
        "bad_login": _("Jira refused it."),
        "bad_pat": _("Jira refused it."),
        "bad_password": _("Jira refused it."),
        "basic_off": _("Jira takes no user names and passwords."),
        "reconnect": _("The grant is over."),
        "scope_grant": _("A scope is missing."),
        "login_expired": _("The token has ended."),
        "captcha": _("Jira wants a CAPTCHA first."),
        "dns": _("The name was not found."),
        "dns_typo": _("The name was not found."),
        "refused": _("The connection was refused."),
        "tls": _("The certificate is not one we can trust."),
        "timeout": _("It took too long."),
        "sso_page": _("A sign-in page answered."),
        "not_jira": _("What answered is not Jira."),
        "forbidden": _("The account may not."),
    }
    return words.get(code, _("It did not work."))


def _without_login(checks: dict[str, Check], connection: JiraConnection, code: str) -> Tested:
    return Tested(tuple(checks.values()), None, code, {"site": connection.host, "connection_id": connection.pk})
