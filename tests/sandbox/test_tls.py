"""Https with certificates of a private authority, and with such as no client should take."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import requests
from django.core.management import CommandError, call_command

from tests.private_ca import PrivateCa
from tests.sandbox.test_issues import make, story
from tests.sandbox_server import running_sandbox


def test_who_trusts_the_private_authority_is_served_over_https(tmp_path: Path) -> None:
    ca = PrivateCa(tmp_path)
    with running_sandbox(tls=ca.issue(), trust=ca.file) as sandbox:
        key = make(sandbox, story())

        assert sandbox.url.startswith("https://")
        assert sandbox.call("GET", f"issue/{key}").json()["self"].startswith(sandbox.url)
        assert sandbox.call("GET", "serverInfo").json()["baseUrl"] == sandbox.url


def test_who_does_not_trust_it_gets_nothing(tmp_path: Path) -> None:
    ca, other = PrivateCa(tmp_path), PrivateCa(tmp_path, "Other CA")
    with running_sandbox(tls=ca.issue(), trust=ca.file) as sandbox:
        for trusted in (True, str(other.file)):
            with pytest.raises(requests.exceptions.SSLError):
                requests.get(f"{sandbox.url}/rest/api/3/serverInfo", verify=trusted, timeout=5)

        assert sandbox.log() == []


@pytest.mark.parametrize(
    ("host", "life", "reason"),
    [("jira.example.test", timedelta(days=1), "IP address mismatch"), ("127.0.0.1", timedelta(days=-1), "expired")],
)
def test_a_certificate_of_another_host_or_time_is_told_apart(
    tmp_path: Path, host: str, life: timedelta, reason: str
) -> None:
    ca = PrivateCa(tmp_path)
    with (
        running_sandbox(tls=ca.issue(host, life=life)) as sandbox,
        pytest.raises(requests.exceptions.SSLError, match=reason),
    ):
        requests.get(f"{sandbox.url}/rest/api/3/serverInfo", verify=str(ca.file), timeout=5)


def test_a_dropped_connection_is_dropped_over_https_too(tmp_path: Path) -> None:
    ca = PrivateCa(tmp_path)
    with running_sandbox(tls=ca.issue(), trust=ca.file) as sandbox:
        sandbox.faults({"kind": "close_after_write", "path": ".*/issue", "nth": 1})

        with pytest.raises(requests.ConnectionError):
            sandbox.call("POST", "issue", json=story())

        assert len(sandbox.issues()) == 1


def test_files_that_are_no_certificate_are_named(tmp_path: Path) -> None:
    bad = tmp_path / "bad.pem"
    bad.write_text("nothing")

    with pytest.raises(CommandError, match=r"bad\.pem"):
        call_command("jira_sandbox", "--tls-cert", str(bad), "--tls-key", str(bad))
