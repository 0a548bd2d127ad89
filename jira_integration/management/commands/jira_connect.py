"""Connect a backlog to a Jira project as the set-up pages would, suggestions taken as they are. docs/commands.md."""

from __future__ import annotations

import json
import os
from argparse import ArgumentParser
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from asgiref.sync import async_to_sync, sync_to_async
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from jira_integration import audit
from jira_integration.catalogue import explain, from_error
from jira_integration.catalogue.typos import meant_site
from jira_integration.client.auth import Bearer
from jira_integration.client.exceptions import ErrorCode, JiraError, JiraNotFound
from jira_integration.client.oauth import Resource, Tokens, accessible_resources, refreshed, same_site
from jira_integration.conf import conf, story_source
from jira_integration.contracts import Kind, ProjectInfo
from jira_integration.export.runs import login_renewed
from jira_integration.mapping import versions
from jira_integration.mapping.metadata import ProjectMetadata, current, read_metadata
from jira_integration.mapping.suggest import suggest_types
from jira_integration.models import AuditEntry, JiraConnection, ProjectMapping, SecretUnreadable
from jira_integration.setup.apply import ALL_STEPS, Gap, choose_project, map_as_suggested
from jira_integration.setup.certificates import BadCertificate, read_pem
from jira_integration.setup.check import Tested, check_login
from jira_integration.setup.connect import LOGINS, auth_with, jira_client
from jira_integration.setup.discover import FoundSite, discover_site, likely
from jira_integration.setup.grants import CONSENT_LASTS, atlassian, keep_grant, oauth_app
from jira_integration.setup.logins import keep_login
from jira_integration.setup.webhook import webhook_url

COULD_NOT_START, SOMETHING_LEFT = 2, 1
ACTOR = "jira_connect"


Login = JiraConnection.Login
NAMED: dict[str, str] = {Login.API_TOKEN: "e-mail", Login.BASIC: "user name"}


@dataclass(frozen=True)
class Given:
    """What the command was told of the login."""

    login: str
    user: str
    secret: str = field(repr=False)
    ca_pem: str = ""


class Command(BaseCommand):
    help = (
        "Connect a backlog to a Jira project. Exit status: 0 connected, 1 connected but something is left to map, "
        "2 could not start (nothing is turned on)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", required=True, help="What the connection is called here.")
        parser.add_argument("--url", required=True, help="Address of the Jira site, https://acme.atlassian.net")
        parser.add_argument("--auth", required=True, choices=["api_token", "oauth2", "pat", "basic"])
        parser.add_argument("--user", default="", help="E-mail (api_token) or user name (basic) of the account.")
        parser.add_argument(
            "--secret-env",
            required=True,
            metavar="VAR",
            help="Variable that holds the token or password; for oauth2 a refresh token, which is used up.",
        )
        parser.add_argument("--ca-file", metavar="FILE", help="PEM of the authority that signed a private certificate.")
        parser.add_argument("--jira-project", required=True, metavar="KEY", help="Key of the Jira project.")
        parser.add_argument("--project", metavar="KEY", help="Key of the backlog; may be left out where there is one.")
        parser.add_argument("--webhook-secret-env", metavar="VAR", help="Variable with the secret Jira signs with.")
        parser.add_argument("--json", action="store_true", help="One JSON object on standard output.")

    def handle(self, *args: Any, **options: Any) -> None:
        secret = from_environment(options["secret_env"])
        webhook_secret = from_environment(options["webhook_secret_env"]) if options["webhook_secret_env"] else ""
        given = Given(options["auth"], options["user"], secret, certificates(options["ca_file"]))
        if given.login in NAMED and not given.user:
            stop(f"Add --user with the {NAMED[given.login]} of the Jira account.")
        project = backlog(options["project"])
        found = discovered(options["url"], given)
        connection = connected(options["name"], found, given, webhook_secret)
        metadata = self._metadata(connection, options["jira_project"])
        mapping, gaps = turned_on(connection, project, metadata)
        for gap in gaps:
            self.stderr.write(str(explain(gap.code, gap.values)))
        self._report(connection, mapping, metadata, as_json=options["json"])
        if gaps:
            raise SystemExit(SOMETHING_LEFT)

    def _metadata(self, connection: JiraConnection, key: str) -> ProjectMetadata:
        values = {"jira_project": key, "site": connection.host, "account": connection.account_name}
        try:
            metadata = async_to_sync(read)(connection, key)
        except (JiraNotFound, ValueError):  # ValueError: a key that cannot stand in a path
            stop(explain("unknown_project", values))
        except JiraError as trouble:
            stop(explain(*from_error(trouble, connection)))
        if metadata.archived:
            stop(explain("project_archived", values))
        if not metadata.permissions.get("CREATE_ISSUES"):
            stop(explain("no_create_permission", values))
        return metadata

    def _report(
        self, connection: JiraConnection, mapping: ProjectMapping, metadata: ProjectMetadata, *, as_json: bool
    ) -> None:
        address = webhook_url(connection)
        if as_json:
            self.stdout.write(json.dumps({"connection": connection.pk, "webhook_url": address}))
            return
        self.stdout.write(
            f"Connection {connection.pk}: {connection.site_url} as {connection.account_name}. Jira is on: "
            f"{metadata.key}, {mapping.fields.count()} fields, {mapping.statuses.count()} statuses mapped.\n"
            f"Webhook address: {address}"
        )


def stop(reason: object) -> NoReturn:
    raise CommandError(str(reason), returncode=COULD_NOT_START)


def from_environment(name: str) -> str:
    """A secret, never on the command line: others can read that."""
    value = os.environ.get(name, "").strip()
    if not value:
        stop(f"The environment variable {name} is not set or empty.")
    return value


def backlog(key: str | None) -> ProjectInfo:
    """The backlog named, or the only one."""
    source = story_source()
    if key:
        found = source.project(key)
        if found is None:
            stop(f"There is no project {key} here.")
        return found
    every = list(source.projects())
    if len(every) != 1:
        named = ", ".join(one.key for one in every) or "none"
        stop(f"Add --project KEY: it can only be left out where there is one project (here: {named}).")
    return every[0]


def certificates(path: str | None) -> str:
    """The certificates of that file, "" without one."""
    if not path:
        return ""
    try:
        return read_pem(Path(path).read_text())[0]
    except (OSError, UnicodeDecodeError) as unread:
        stop(f"{path} cannot be read: {unread}")
    except BadCertificate as bad:
        stop(explain(bad.code, bad.values))


def discovered(url: str, given: Given) -> FoundSite:
    try:
        found = async_to_sync(discover_site)(url, ca_pem=given.ca_pem)
    except JiraError as trouble:
        code, values = from_error(trouble)
        host = likely(url)
        if trouble.code == ErrorCode.DNS and (meant := meant_site(host)):
            code, values["meant"] = "dns_typo", meant
        stop(explain(code, {**values, "site": host}))
    fitting = [str(one.value) for one in LOGINS[found.deployment]]
    if given.login not in fitting:
        kind = JiraConnection.Deployment(found.deployment).label
        stop(f"{likely(url)} is {kind}, which does not know --auth {given.login}. Use {' or '.join(fitting)}.")
    return found


def connected(name: str, found: FoundSite, given: Given, webhook_secret: str) -> JiraConnection:
    """The connection of this site with this login, tested before anything is saved."""
    connection = JiraConnection.objects.filter(site_url=found.url).first() or JiraConnection(site_url=found.url)
    made = connection.pk is None
    connection.name = name[:120]
    connection.deployment, connection.server_title = found.deployment, found.title
    connection.ca_pem = given.ca_pem or connection.ca_pem
    if given.login == Login.OAUTH2:
        return connected_by_grant(connection, given, webhook_secret, made=made)
    tested: Tested = async_to_sync(check_login)(
        connection, auth_with(given.login, given.user, given.secret), login=given.login
    )
    if not tested.accepted:
        stop(explain(tested.code, {**tested.values, **({"account": given.user} if given.user else {})}))
    with transaction.atomic():
        keep_login(connection, tested, login=given.login, user_name=given.user, secret=given.secret)
        kept(connection, webhook_secret, made=made)
    return connection


def connected_by_grant(connection: JiraConnection, given: Given, webhook_secret: str, *, made: bool) -> JiraConnection:
    """The same by a refresh token. The pair that comes for it is saved before it is used: the one given is used up,
    and a test that fails must not lose its successor."""
    asked_at = timezone.now()
    try:
        tokens, resources = async_to_sync(by_refresh_token)(given.secret)
    except SecretUnreadable as unreadable:
        stop(unreadable)
    except JiraError as trouble:
        stop(explain(*from_error(trouble, connection, login=given.login)))
    with transaction.atomic():
        connection.save()
        keep_grant(connection, tokens, asked_at)
        connection.login = Login.OAUTH2
        connection.save()
    resource = same_site(resources, connection.site_url)
    if resource is None:
        reached = ", ".join(one.url for one in resources) or "no site"
        stop(f"The grant does not reach {connection.site_url}; it reaches {reached}.")
    ends_on = timezone.localdate(asked_at + CONSENT_LASTS)
    tested: Tested = async_to_sync(check_login)(
        connection, Bearer(tokens.access_token), login=given.login, gateway=resource.id, ends_on=ends_on
    )
    if not tested.accepted:
        stop(explain(tested.code, tested.values))
    with transaction.atomic():
        keep_login(connection, tested, login=given.login, ends_on=ends_on)
        kept(connection, webhook_secret, made=made)
    return connection


async def by_refresh_token(refresh_token: str) -> tuple[Tokens, list[Resource]]:
    app = await sync_to_async(oauth_app)()
    async with atlassian(conf.AUTH_BASE_URL) as auth_server:
        tokens = await refreshed(auth_server, app, refresh_token)
    async with atlassian(conf.GATEWAY_BASE_URL, Bearer(tokens.access_token)) as gateway:
        return tokens, await accessible_resources(gateway)


def kept(connection: JiraConnection, webhook_secret: str, *, made: bool) -> None:
    if webhook_secret:
        connection.keep_webhook_secret(webhook_secret)
        connection.save()
    login_renewed(connection.pk)  # beat's next sweep starts what waited for it
    code = "connection_made" if made else "login_replaced"
    record(code, {"site": connection.host, "account": connection.account_name})


async def read(connection: JiraConnection, key: str) -> ProjectMetadata:
    """The Jira project with the fields of the issue types that are suggested."""
    async with jira_client(connection) as jira:
        project = await read_metadata(jira, key, ())
        types = [type_id for type_id in suggest_types(project).values() if type_id]
        if project.archived or not project.permissions.get("CREATE_ISSUES"):
            return project
        return await current(jira, connection, project.project_id, types, force=True)


def turned_on(
    connection: JiraConnection, project: ProjectInfo, metadata: ProjectMetadata
) -> tuple[ProjectMapping, list[Gap]]:
    """The backlog's mapping, live. One that a person has made for this Jira project keeps its types and rows."""
    mapping = ProjectMapping.objects.filter(project_ref=project.ref).first()
    mapping = mapping or ProjectMapping(connection=connection, project_ref=project.ref)
    with versions.kept(mapping):
        same = mapping.connection_id == connection.pk and mapping.jira_project_id == metadata.project_id
        if mapping.connection_id != connection.pk:
            mapping.connection = connection
            if mapping.pk:
                mapping.fields.all().delete()
                mapping.statuses.all().delete()
        types = {kind: mapping.type_id(kind) for kind in Kind} if same else suggest_types(metadata)
        choose_project(mapping, metadata, types)
        gaps = map_as_suggested(mapping, metadata)
        first_time = not mapping.live
        mapping.live, mapping.steps_done, mapping.saved_by = True, ALL_STEPS, ACTOR
        mapping.save()
        if first_time:
            values = {"project": project.key, "jira_project": metadata.key, "site": connection.host}
            record("turned_on", values, project.ref)
    return mapping, gaps


def record(code: str, values: dict[str, str], project_ref: str = "") -> None:
    audit.record(code, values, actor=AuditEntry.Actor.SYSTEM, actor_name=ACTOR, project_ref=project_ref)
