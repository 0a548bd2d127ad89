"""The doctor: one fault turns one check, and the page, the command and the support file say the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from jira_integration.models import Pulse
from jira_integration.setup.doctor import CHECKS, Report, examine
from jira_integration.setup.doctor.here import SCHEDULE
from jira_integration.setup.webhook import EVENTS, webhook_url
from stories_qa.models import Project, Role
from tests import jira_site
from tests.jira_rows import a_backlog, a_person
from tests.sandbox_server import RunningSandbox, running_sandbox
from tests.setup.sabotage import SABOTAGES, Patient, Sabotage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def patient(
    sandbox: RunningSandbox,
    with_redis: str,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[Patient]:
    """Everything set and working; the sandbox as new."""
    sandbox.control("reset", {})
    sandbox.control("settings", {"token": sandbox.token, "bad_login": "refused", "account_is_admin": True})
    settings.JIRA_PUBLIC_URL = "https://stories.example.com"
    mapping = jira_site.connect(a_backlog(stories=1), sandbox)
    connection = mapping.connection
    account = sandbox.call("GET", "myself").json()
    hook = sandbox.call(
        "POST",
        "/rest/webhooks/1.0/webhook",
        json={"name": "ours", "url": webhook_url(connection), "events": list(EVENTS), "secret": "a-webhook-secret"},
    ).json()
    connection.account_id, connection.account_name = account["accountId"], account["displayName"]
    connection.webhook_id = str(hook.get("id") or hook["self"].rpartition("/")[2])
    connection.keep_webhook_secret("a-webhook-secret")
    connection.webhook_seen_at = connection.checked_at = timezone.now()
    connection.save()
    Pulse.felt(SCHEDULE)
    with ExitStack() as stack:
        yield Patient(
            sandbox,
            connection,
            mapping,
            stack,
            tmp_path,
            lambda name, value: setattr(settings, name, value),
            lambda name, value: monkeypatch.setattr(name, value),
        )
    sandbox.control("reset", {})
    sandbox.control("settings", {"token": sandbox.token, "bad_login": "refused"})
    sandbox.control("clock", {"run": True})


def examined(patient: Patient) -> Report:
    patient.connection.refresh_from_db()
    return async_to_sync(examine)(patient.connection)


def test_nothing_is_wrong_with_a_connection_that_works(patient: Patient) -> None:
    report = examined(patient)

    assert {finding.slug: finding.why for finding in report.findings if finding.result != "ok"} == {}
    assert len(report.findings) == len(CHECKS) + 5


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda one: one.name)
def test_one_fault_turns_one_check(
    sabotage: Sabotage, patient: Patient, record_property: Callable[[str, object], None]
) -> None:
    """What is recorded becomes the matrix of benchmarks/doctor.py."""
    sabotage.do(patient)

    report = examined(patient)

    turned = [(one.slug, one.result.value) for one in report.findings if one.result in ("failed", "warning")]
    record_property("fault", sabotage.name)
    record_property("expected", f"{sabotage.check} {sabotage.result}")
    record_property("turned", ", ".join(f"{slug} {result}" for slug, result in turned))
    assert turned == [(sabotage.check, sabotage.result)]
    found = next(one for one in report.findings if one.slug == sabotage.check)
    assert found.why
    assert found.todo or found.url or sabotage.result == "warning"


def test_every_check_is_turned_by_some_fault() -> None:
    of_a_backlog = {"project", "permissions", "types", "required", "statuses"}

    assert {sabotage.check for sabotage in SABOTAGES} == (set(CHECKS) | of_a_backlog)


def test_nothing_is_written_to_jira_by_looking(patient: Patient) -> None:
    patient.sandbox.clear_log()

    examined(patient)

    assert patient.sandbox.write_requests() == []
    assert len(patient.sandbox.log()) <= 16


def command(**asked: Any) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("jira_doctor", **asked, stdout=out)
    except CommandError as stopped:
        return stopped.returncode, str(stopped)
    except SystemExit as left:
        return int(left.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_the_command_names_each_check_and_ends_with_1_when_one_failed(patient: Patient) -> None:
    well = command(json=True)
    patient.sandbox.control("settings", {"token": "another-token"})
    ill = command(json=True)
    in_words = command(connection=patient.connection.pk)

    assert (well[0], ill[0], in_words[0]) == (0, 1, 1)
    site = json.loads(ill[1])["connections"][0]
    assert (site["connection"], site["result"]) == (patient.connection.pk, "failed")
    failed = [check for check in site["checks"] if check["result"] == "failed"]
    assert [check["check"] for check in failed] == ["sign_in"]
    assert "FAILED Sign-in: Jira did not accept" in in_words[1]


def test_without_a_connection_the_command_cannot_start() -> None:
    assert command() == (2, "There is no connection yet. Make one in the set-up or with jira_connect.")
    assert command(connection=77)[0] == 2


def test_the_page_runs_the_checks_and_leads_to_what_mends_them(patient: Patient, client: Client) -> None:
    client.force_login(a_person("ana", patient_project(patient), Role.ADMIN))
    address = f"/jira/connections/{patient.connection.pk}/doctor/"
    patient.sandbox.control("settings", {"token": "another-token"})

    empty = client.get(address).content.decode()
    page = client.post(f"{address}run/").content.decode()
    piece = client.post(f"{address}run/", headers={"HX-Request": "true"}).content.decode()

    assert "Run the checks" in empty
    assert 'data-check="sign_in" data-about="" data-result="failed"' in page
    assert f"/jira/connections/{patient.connection.pk}/setup/sign-in/" in page
    assert piece.lstrip().startswith("<section")


def test_the_support_file_holds_the_report_and_no_secret(patient: Patient, client: Client, settings: Settings) -> None:
    settings.JIRA_PROXY = "http://proxy-user:proxy-password@127.0.0.1:1"
    settings.JIRA_REDIS_URL = "redis://:redis-password@127.0.0.1:1/0"
    client.force_login(a_person("ana", patient_project(patient), Role.ADMIN))

    answer = client.post(f"/jira/connections/{patient.connection.pk}/doctor/file/")

    text = answer.content.decode()
    assert answer["Content-Disposition"].startswith("attachment")
    assert json.loads(text)["connection"]["has_secret"] is True
    assert json.loads(text)["settings"]["PROXY"] == "http://127.0.0.1:1"
    ciphertext = patient.connection.secret.ciphertext if patient.connection.secret else "?"
    for secret in (patient.sandbox.token, "a-webhook-secret", "proxy-password", "redis-password", ciphertext):
        assert secret not in text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR, Role.EXPORTER])
def test_only_a_jira_admin_examines_a_connection(role: str, patient: Patient, client: Client) -> None:
    client.force_login(a_person("vic", patient_project(patient), role))
    address = f"/jira/connections/{patient.connection.pk}/doctor/"
    patient.sandbox.clear_log()

    answers = [client.get(address), client.post(f"{address}run/"), client.post(f"{address}file/")]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert patient.sandbox.log() == []


def patient_project(patient: Patient) -> Project:
    return Project.objects.get(ref=patient.mapping.project_ref)
