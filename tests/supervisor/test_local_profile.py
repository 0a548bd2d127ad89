"""`make run` from the first start to the last process gone, with nothing replaced."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import redis
import requests
from websockets import CloseCode, ConnectionClosed, Origin
from websockets.sync.client import ClientConnection, connect

from tests.supervisor.running import LOOPBACK, Supervisor, all_gone, busy_port, listening_addresses, supervisor

STOP_SECONDS = 5.0


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("local") / "var"


def people(data_dir: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(data_dir / "db.sqlite3")) as database:
        return database.execute("SELECT username, first_name FROM auth_user ORDER BY username").fetchall()


def valkey(data_dir: Path) -> redis.Redis:
    conf = dict(line.split(" ", 1) for line in (data_dir / "valkey" / "valkey.conf").read_text().splitlines())
    return redis.Redis(port=int(conf["port"]), password=conf["requirepass"])


@contextmanager
def person(address: str, name: str, password: str) -> Iterator[tuple[requests.Session, requests.Response]]:
    """A browser and the page it lands on after the sign-in form is filled in; the form again when refused."""
    with requests.Session() as browser:
        browser.trust_env = False
        form = browser.get(address, timeout=30)
        token = browser.cookies["stories_qa_csrf"]
        fields = {"username": name, "password": password, "csrfmiddlewaretoken": token}
        yield browser, browser.post(form.url, data=fields, headers={"Referer": form.url}, timeout=30)


@contextmanager
def open_page(address: str) -> Iterator[ClientConnection]:
    """The socket of a page that somebody signed in and left open."""
    with person(address, "demo", "demo") as (browser, page):
        project = re.search(r"/p/([^/]+)/", page.url)
        assert project, page.url
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.cookies)
    socket = f"{address.replace('http', 'ws', 1)}/ws/workspace/{project[1]}/"
    with connect(socket, origin=Origin(address), additional_headers={"Cookie": cookies}, proxy=None) as line:
        line.send("{}")
        yield line


@pytest.fixture(scope="module")
def first_run(data_dir: Path) -> Iterator[tuple[Supervisor, int]]:
    """The first start in an empty folder, with its wished port taken; yields the run and that port."""
    with busy_port() as taken, supervisor(data_dir, PORT=str(taken)) as run:
        yield run, taken


@pytest.fixture(scope="module")
def stopped(first_run: tuple[Supervisor, int], data_dir: Path) -> tuple[Supervisor, set[int], float]:
    """The first run after Ctrl-C, a page still open: the run, the processes it had, the seconds it took to stop."""
    run, _ = first_run
    with closing(sqlite3.connect(data_dir / "db.sqlite3", timeout=20)) as database, database:
        database.execute("UPDATE auth_user SET first_name = 'Mine' WHERE username = 'demo'")
    with valkey(data_dir) as queue:
        queue.set("left-behind", "still here")
    family = run.family()
    with open_page(run.address) as line:
        seconds = run.end(signal.SIGINT)
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                line.recv(timeout=5)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == CloseCode.SERVICE_RESTART
    return run, family, seconds


def test_a_busy_port_is_said_and_the_next_free_one_taken(first_run: tuple[Supervisor, int]) -> None:
    run, taken = first_run

    assert f"Port {taken} (PORT) is busy; using {taken + 1}." in run.said
    assert run.address == f"http://127.0.0.1:{taken + 1}"


def test_the_printed_login_opens_the_seeded_backlog(first_run: tuple[Supervisor, int]) -> None:
    run, _ = first_run

    assert "demo / demo" in run.said
    with person(run.address, "demo", "demo") as (_, page):
        assert page.status_code == 200
        assert "/p/" in page.url


def test_a_wrong_password_stays_outside(first_run: tuple[Supervisor, int]) -> None:
    run, _ = first_run

    with person(run.address, "demo", "not-demo") as (browser, page):
        assert "/sign-in/" in page.url
        assert "stories_qa_session" not in browser.cookies


def test_the_printed_sandbox_answers_to_the_printed_sign_in_data(first_run: tuple[Supervisor, int]) -> None:
    run, _ = first_run

    assert "qa-bot@example.test / sandbox-token" in run.said
    me = requests.get(
        f"{run.sandbox_address}/rest/api/3/myself", auth=("qa-bot@example.test", "sandbox-token"), timeout=30
    )

    assert me.status_code == 200
    assert me.json()["emailAddress"] == "qa-bot@example.test"


def test_the_secrets_are_for_their_owner_alone(first_run: tuple[Supervisor, int], data_dir: Path) -> None:
    secrets = data_dir / "secrets.json"

    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert json.loads(secrets.read_text())["DJANGO_SECRET_KEY"].startswith("local-")
    written = [path for path in data_dir.rglob("*") if path.is_file()]
    assert [path for path in written if path.stat().st_mode & 0o077] == []


def test_the_queue_server_wants_its_password(first_run: tuple[Supervisor, int], data_dir: Path) -> None:
    port = valkey(data_dir).connection_pool.connection_kwargs["port"]

    with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_nothing_listens_beyond_this_machine(first_run: tuple[Supervisor, int]) -> None:
    run, _ = first_run

    assert listening_addresses(run.family()) == {LOOPBACK}


def test_a_second_one_on_the_same_data_is_refused(first_run: tuple[Supervisor, int], data_dir: Path) -> None:
    run, _ = first_run

    second = Supervisor(data_dir)
    second.process.wait(60)

    assert second.process.returncode == 1
    second.wait_until_it_says(f"already runs on {data_dir} (process {run.process.pid})")
    assert requests.get(run.address, timeout=30).status_code == 200


def test_ctrl_c_stops_within_five_seconds_and_leaves_no_process(stopped: tuple[Supervisor, set[int], float]) -> None:
    run, family, seconds = stopped

    assert len(family) >= 6, "keeper, Valkey, sandbox, web, worker, beat"
    assert seconds < STOP_SECONDS
    assert run.process.returncode == 0
    assert all_gone(family, seconds=0)


def test_a_second_start_keeps_all_data_and_a_kill_leaves_no_process(
    stopped: tuple[Supervisor, set[int], float], data_dir: Path
) -> None:
    before = people(data_dir)
    secrets = (data_dir / "secrets.json").read_text()

    with supervisor(data_dir) as run:
        with valkey(data_dir) as queue:
            kept = queue.get("left-behind")
        family = run.family()
        run.end(signal.SIGKILL)
        gone = all_gone(family, seconds=STOP_SECONDS)

    assert kept == b"still here"
    assert people(data_dir) == before
    assert ("demo", "Mine") in before
    assert (data_dir / "secrets.json").read_text() == secrets
    assert gone
