"""`manage.py jira_sandbox`, as a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from django.core.management import CommandError, call_command

from tests.private_ca import PrivateCa
from tests.sandbox_server import Bearer

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def test_the_command_serves_until_ctrl_c_and_keeps_its_data(tmp_path: Path) -> None:
    data, port = tmp_path / "jira.sqlite3", free_port()
    faults = tmp_path / "faults.json"
    faults.write_text('{"rules": [{"path": ".*/field", "kind": "status", "status": 503}]}')
    arguments = ["jira_sandbox", "--port", str(port), "--data", str(data), "--faults", str(faults)]
    program = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        answer = first_answer(f"http://127.0.0.1:{port}/rest/api/3/serverInfo", program)
        refused = requests.get(f"http://127.0.0.1:{port}/rest/api/3/field", timeout=5)
        program.send_signal(signal.SIGINT)
        said, _ = program.communicate(timeout=10)
    finally:
        program.kill()
        program.communicate()

    assert answer.json()["deploymentType"] == "Cloud"
    assert refused.status_code == 503
    assert f"http://127.0.0.1:{port}/" in said
    assert "Traceback" not in said
    assert data.exists()


def test_the_command_serves_data_center_over_https_and_broken_on_purpose(tmp_path: Path) -> None:
    ca, port = PrivateCa(tmp_path), free_port()
    issued = ca.issue()
    arguments = [
        "jira_sandbox", "--port", str(port), "--flavour", "datacenter", "--dc-version", "8.20", "--context", "/jira/",
        "--tls-cert", str(issued.cert), "--tls-key", str(issued.key), "--sabotage", "basic_off",
    ]  # fmt: skip
    program = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    address, trusted = f"https://127.0.0.1:{port}/jira", str(ca.file)
    try:
        told = first_answer(f"{address}/rest/api/2/serverInfo", program, trusted).json()
        password = requests.get(
            f"{address}/rest/api/2/myself", auth=("qa-bot", "sandbox-password"), verify=trusted, timeout=5
        )
        token = requests.get(f"{address}/rest/api/2/myself", auth=Bearer("sandbox-token"), verify=trusted, timeout=5)
        program.send_signal(signal.SIGINT)
        said, _ = program.communicate(timeout=10)
    finally:
        program.kill()
        program.communicate()

    assert (told["baseUrl"], told["versionNumbers"][:2]) == (address, [8, 20])
    assert (password.status_code, token.status_code) == (403, 200)
    assert f"{address}/" in said
    assert "sandbox-password" in said


def first_answer(url: str, program: subprocess.Popen[str], trusted: str | bool = True) -> requests.Response:
    deadline = time.monotonic() + 30
    while True:
        try:
            return requests.get(url, timeout=5, verify=trusted)
        except requests.ConnectionError:
            assert program.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", "0.0.0.0"], "this machine only"),
        (["--tls-cert", "a.pem"], "belong together"),
        (["--webhook-url", "http://127.0.0.1/", "--webhook-secret-env", "NOT_SET_ANYWHERE"], "is not set"),
        (["--webhook-url", "127.0.0.1/hook"], "a whole address"),
        (["--flavour", "datacenter", "--context", "jira"], "begins with a slash"),
        (["--faults", "/not/there.json"], "No such file"),
        (["--sabotage", "gremlins"], "no sabotage gremlins"),
    ],
)
def test_the_command_says_why_it_cannot_start(arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("jira_sandbox", *arguments)
