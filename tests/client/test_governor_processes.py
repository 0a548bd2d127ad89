"""Several processes share one Redis: its limits hold between them, a killed one leaks nothing, a dead Redis stops
nobody."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from config.supervisor import valkey
from jira_integration.client.desk import DeskLost
from jira_integration.client.exceptions import JiraRateLimited
from jira_integration.client.local_desk import Memory
from jira_integration.client.redis_desk import RedisDesk
from tests.client.governors import BULK, MYSELF, Remembering, goes, making

ROOT = Path(__file__).resolve().parents[2]
RULES = {"rates": {"POST": 20}, "burst": 5}


def start_worker(url: str, seconds: float, rules: dict[str, object]) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.client.governor_worker", url, str(seconds), json.dumps(rules)]
    worker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert worker.stdout is not None and worker.stdout.readline() == "ready\n"
    return worker


@contextmanager
def workers(count: int, url: str, seconds: float, rules: dict[str, object]) -> Iterator[list[subprocess.Popen[str]]]:
    started = [start_worker(url, seconds, rules) for _ in range(count)]
    try:
        yield started
    finally:
        for worker in started:
            if worker.poll() is None:
                worker.kill()
            worker.wait()
            if worker.stdout is not None:
                worker.stdout.close()


def test_four_processes_use_one_bucket_up_and_never_more(redis_url: str) -> None:
    with workers(4, redis_url, 6, RULES) as running:
        told = [json.loads(worker.communicate(timeout=30)[0]) for worker in running]
    turns = sorted(turn for one in told for turn in one["turns"])
    in_time = [turn for turn in turns if 1 <= turn - turns[0] < 6]
    fullest = max(sum(start <= turn < start + 1 for turn in turns) for start in turns)

    assert len(in_time) >= 0.95 * 20 * 5
    assert fullest <= 20 + 5 + 1
    assert max(one["longest"] for one in told) < 3
    assert min(len(one["turns"]) for one in told) > 10  # nobody is left out


async def test_after_a_retry_after_no_process_goes_before_its_end_and_the_first_goes_soon_after(
    redis_url: str,
) -> None:
    with workers(4, redis_url, 6, RULES) as running:
        await asyncio.sleep(1)
        async with making(redis_url) as make:
            await make().told(BULK, 429, {"Retry-After": "4"})
        told_at = time.time()
        told = [json.loads(worker.communicate(timeout=30)[0]) for worker in running]
    turns = sorted(turn for one in told for turn in one["turns"])
    before = [turn for turn in turns if told_at <= turn < told_at + 3.99]
    after = [turn for turn in turns if turn >= told_at + 3.99]

    assert before == []
    assert after and after[0] - told_at < 4.5
    assert sum(one["refused"] for one in told) > 0


async def test_the_slot_of_a_killed_worker_comes_free(redis_url: str) -> None:
    rules: dict[str, object] = {"in_flight": 1, "slot_lease": 1}
    with workers(1, redis_url, 60, rules) as running:
        assert running[0].stdout is not None and running[0].stdout.readline() == "held\n"
        async with making(redis_url) as make:
            impatient, patient = make({**rules, "longest_queue": 1.5}), make({**rules, "longest_queue": 4})
            held = await goes(impatient)
            os.kill(running[0].pid, signal.SIGKILL)
            freed = await goes(patient)

    assert isinstance(held, JiraRateLimited)  # longer than a lease: it is renewed
    assert freed is None


class OwnServer:
    """A Valkey that a test may kill; it comes back at the same address, with nothing in it."""

    def __init__(self, folder: Path) -> None:
        binary = valkey.installed_binary() or valkey.wheel_binary()
        assert binary is not None
        port, password = valkey.free_port(), valkey.new_password()
        conf = valkey.write_conf(folder, port=port, password=password, append_only=False)
        self.url, self._command = valkey.url_of(port, password), [str(binary), str(conf)]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        assert valkey.wait_until_ready(self.url)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[OwnServer]:
    server = OwnServer(tmp_path)
    yield server
    server.kill()


async def test_an_hours_pause_survives_a_restart_of_redis(own_server: OwnServer) -> None:
    store = Remembering()
    async with making(own_server.url) as make:
        running, other = make(pauses=store), make(pauses=store)
        await running.told(BULK, 429, {"Retry-After": "3600", "RateLimit-Reason": "jira-quota-tenant-based"})
        own_server.kill()
        own_server.start()

        held = [await goes(governor, scope) for governor in (running, other) for scope in (BULK, MYSELF)]
    async with making(own_server.url) as make:
        held.append(await goes(make(pauses=store)))

    assert [type(one) for one in held] == [JiraRateLimited] * 5


async def test_work_goes_on_without_redis_within_the_limits_and_the_log_says_so_once(
    own_server: OwnServer, caplog: pytest.LogCaptureFixture
) -> None:
    store = Remembering()
    caplog.set_level(logging.WARNING)
    async with making(own_server.url) as make:
        governor = make({"rates": {"POST": 20}, "burst": 1, "in_flight": 30}, pauses=store)
        assert await goes(governor) is None
        own_server.kill()

        began = time.monotonic()
        went = await asyncio.gather(*(goes(governor) for _ in range(11)))
        took = time.monotonic() - began
        await governor.told(BULK, 429, {"Retry-After": "2", "RateLimit-Reason": "jira-burst-based"})

    assert went == [None] * 11
    assert 0.49 <= took < 3
    assert [record.message for record in caplog.records if "Redis" in record.message] == [
        "Redis does not answer (ConnectionError): this process keeps Jira's limits alone."
    ]
    # Other processes are on their own too: they hear of a pause through the store, however short.
    assert [pause.seconds for pause in store.pauses.values()] == [2]


async def test_a_slot_held_while_redis_dies_is_given_back_without_a_word(own_server: OwnServer) -> None:
    async with making(own_server.url) as make:
        governor = make()
        async with governor.turn(BULK):
            own_server.kill()
            await governor.told(BULK, 201, {})

        assert await goes(governor) is None


async def test_a_redis_that_comes_back_with_an_older_copy_is_told_the_pause_again(own_server: OwnServer) -> None:
    store = Remembering()
    async with making(own_server.url) as make:
        governor = make(pauses=store)
        assert await goes(governor) is None
        with redis.Redis.from_url(own_server.url) as client:
            client.save()
        await governor.told(BULK, 429, {"Retry-After": "3600"})
        own_server.kill()
        own_server.start()

        refused = await goes(make(pauses=store))

    assert isinstance(refused, JiraRateLimited)


async def test_a_redis_that_was_out_of_reach_hears_what_was_paused_meanwhile(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jira_integration.client.shared_governor.REDIS_AGAIN_SECONDS", 0.1)
    store = Remembering()
    async with making(redis_url) as make:
        cut_off, other = make(pauses=store, memory=Memory()), make(pauses=store)  # two processes
        for governor in (cut_off, other):
            assert await goes(governor) is None
        with monkeypatch.context() as broken:
            broken.setattr(RedisDesk, "told", out_of_reach)
            await cut_off.told(BULK, 429, {"Retry-After": "600"})
        before = await goes(other)
        await asyncio.sleep(0.12)
        await goes(cut_off, MYSELF)
        after = await goes(other)

    assert before is None
    assert isinstance(after, JiraRateLimited)


async def out_of_reach(*_: object, **__: object) -> None:
    raise DeskLost("TimeoutError")
