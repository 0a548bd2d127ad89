"""Ways to break a connection that worked, and the one check of the doctor that should say so."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography.fernet import Fernet, MultiFernet
from django.utils import timezone

from jira_integration.models import JiraConnection, JiraPause, ProjectMapping, Pulse
from jira_integration.setup.governing import login_generation
from tests.client.scripted import ScriptedServer
from tests.sandbox_server import RunningSandbox
from tests.setup.certificates import self_signed


@dataclass
class Patient:
    """A connected backlog in good health. What `stack` holds is undone at the end."""

    sandbox: RunningSandbox
    connection: JiraConnection
    mapping: ProjectMapping
    stack: ExitStack
    folder: Path
    set: Callable[[str, object], None]  # a Django setting, for this test
    replace: Callable[[str, object], None]  # an object by its dotted name

    def change(self, **columns: object) -> None:
        JiraConnection.objects.filter(pk=self.connection.pk).update(**columns)

    def move_to(self, url: str) -> None:
        """The connection as if it had always been for this address."""
        self.connection.site_url = url
        self.connection.keep_secret(self.sandbox.token)
        self.connection.keep_webhook_secret("a-webhook-secret")
        self.connection.save()

    def project(self, **changes: object) -> None:
        self.sandbox.control("project", {"project": "SHOP", **changes})


@dataclass(frozen=True)
class Sabotage:
    """`check` is the slug that must turn `result`; `also` are those that follow from it and may not be asked."""

    name: str
    do: Callable[[Patient], object]
    check: str
    result: str = "failed"


def wrong_key(patient: Patient) -> None:
    patient.replace("encrypted_model_fields.fields.CRYPTER", MultiFernet([Fernet(Fernet.generate_key())]))


def no_redis(patient: Patient) -> None:
    patient.set("JIRA_REDIS_URL", "redis://127.0.0.1:1/0")


def stopped_schedule(patient: Patient) -> None:
    Pulse.objects.update(at=timezone.now() - timedelta(hours=1))


def plain_http(patient: Patient) -> None:
    patient.set("JIRA_ALLOW_LOOPBACK_HTTP", False)


def a_name_that_is_nowhere(patient: Patient) -> None:
    patient.move_to("https://jira.acme.invalid")


def nobody_listens(patient: Patient) -> None:
    patient.move_to("http://127.0.0.1:1")


def a_certificate_nobody_vouches_for(patient: Patient) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(patient.folder, "localhost"))
    server = patient.stack.enter_context(ScriptedServer(context))
    patient.set("JIRA_ALLOWED_HOSTS", ["localhost"])
    patient.move_to(f"https://localhost:{server.port}")


def rule(kind: str, path: str, **more: object) -> Callable[[Patient], None]:
    return lambda patient: patient.sandbox.faults({"kind": kind, "path": path, **more})


def webhook_deleted(patient: Patient) -> None:
    patient.sandbox.call("DELETE", f"/rest/webhooks/1.0/webhook/{patient.connection.webhook_id}")


def a_long_pause(patient: Patient) -> None:
    JiraPause.objects.create(
        key="login test",
        owner=f"login {login_generation(patient.connection)}",
        until=timezone.now() + timedelta(minutes=30),
        reason="jira-quota-tenant-based",
    )


def past(**span: int) -> object:
    return timezone.now() - timedelta(**span)


def ended_token(patient: Patient) -> None:
    patient.change(secret_ends_on=timezone.localdate() - timedelta(days=1))
    patient.sandbox.control("settings", {"token": "another-token"})


SABOTAGES = [
    Sabotage("the key is another one", wrong_key, "key"),
    Sabotage("Redis is away", no_redis, "queue"),
    Sabotage("beat stands still", stopped_schedule, "worker"),
    Sabotage("no public address is set", lambda one: one.set("JIRA_PUBLIC_URL", ""), "public_url", "warning"),
    Sabotage("the address is not https", plain_http, "address"),
    Sabotage("the name is nowhere", a_name_that_is_nowhere, "dns"),
    Sabotage("nobody listens", nobody_listens, "answers"),
    Sabotage("503 for everything", rule("unavailable", ".*"), "answers"),
    Sabotage("the certificate is self-made", a_certificate_nobody_vouches_for, "certificate"),
    Sabotage("a sign-in page stands before it", rule("login_page", ".*"), "jira"),
    Sabotage("it leads to another host", rule("redirect", ".*"), "jira"),
    Sabotage("another program answers", rule("status", ".*", status=404, body="<h1>nginx</h1>"), "jira"),
    Sabotage(
        "its clock is ahead", lambda one: one.sandbox.control("clock", {"advance_seconds": 600}), "clock", "warning"
    ),
    Sabotage("it is another kind of Jira", lambda one: one.change(deployment="datacenter"), "kind"),
    Sabotage(
        "the token was revoked", lambda one: one.sandbox.control("settings", {"token": "another-token"}), "sign_in"
    ),
    Sabotage(
        "a bad token makes us nobody",
        lambda one: one.sandbox.control("settings", {"token": "another-token", "bad_login": "anonymous"}),
        "sign_in",
    ),
    Sabotage("a CAPTCHA is wanted", rule("captcha", ".*/myself"), "captcha"),
    Sabotage("the token has ended", ended_token, "token_end"),
    Sabotage(
        "the token ends soon",
        lambda one: one.change(secret_ends_on=timezone.localdate() + timedelta(days=3)),
        "token_end",
        "warning",
    ),
    Sabotage("somebody else's token", lambda one: one.change(account_id="712020:else"), "account", "warning"),
    Sabotage(
        "the search was removed",
        rule("status", ".*/search.*", status=410, body={"errorMessages": ["The requested API has been removed."]}),
        "interfaces",
    ),
    Sabotage("Jira wants half an hour", a_long_pause, "limits", "warning"),
    Sabotage("the webhook was deleted", webhook_deleted, "webhook"),
    Sabotage("there is no webhook", lambda one: one.change(webhook_secret=None), "webhook", "warning"),
    Sabotage("no event ever came", lambda one: one.change(webhook_seen_at=None), "webhook", "warning"),
    Sabotage("nobody looked for hours", lambda one: one.change(checked_at=past(hours=5)), "news", "warning"),
    Sabotage("the project is archived", lambda one: one.project(archived=True), "project"),
    Sabotage("the project is hidden", lambda one: one.project(denied=["BROWSE_PROJECTS"]), "project"),
    Sabotage("it may not create", lambda one: one.project(denied=["CREATE_ISSUES"]), "permissions"),
    Sabotage("it may not move issues", lambda one: one.project(denied=["TRANSITION_ISSUES"]), "permissions"),
    Sabotage("it may not delete", lambda one: one.project(denied=["DELETE_ISSUES"]), "permissions", "warning"),
    Sabotage(
        "the story type is gone",
        lambda one: ProjectMapping.objects.filter(pk=one.mapping.pk).update(story_type_id="99999"),
        "types",
    ),
    Sabotage(
        "a required field is not filled",
        lambda one: one.mapping.fields.filter(jira_field="summary").delete(),
        "required",
    ),
    Sabotage(
        "a status is gone",
        lambda one: one.mapping.statuses.filter(incoming=False).update(jira_status_id="9"),
        "statuses",
    ),
]
