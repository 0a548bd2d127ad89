"""The test services are what they say they are."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

import psycopg
import pytest
import redis
from channels.layers import get_channel_layer
from django.core.cache import cache
from django.db import connection

from config.celery import app as celery_app
from tests import postgres, valkey


@pytest.mark.both_databases
@pytest.mark.django_db
def test_the_run_uses_the_database_it_was_started_for() -> None:
    expected = os.environ.get("TESTS_EXPECT_DATABASE", "sqlite")

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")

    assert connection.vendor == expected


@pytest.mark.both_databases
@pytest.mark.django_db(transaction=True)
def test_another_thread_reads_what_the_test_committed(django_user_model: type) -> None:
    django_user_model.objects.create_user("ada")  # type: ignore[attr-defined]
    seen: list[int] = []

    def look() -> None:
        seen.append(django_user_model.objects.filter(username="ada").count())  # type: ignore[attr-defined]
        connection.close()

    reader = threading.Thread(target=look)
    reader.start()
    reader.join()

    assert seen == [1]


def test_the_postgres_fixture_is_a_real_server_that_lets_us_create_databases(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as session:
        version = session.execute("SHOW server_version_num").fetchone()
        session.execute("CREATE DATABASE made_by_a_test")
        session.execute("DROP DATABASE made_by_a_test")

    assert version is not None and int(version[0]) >= 140000


def test_a_postgres_in_a_closed_folder_is_copied_to_where_it_can_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = [one for one in postgres.installations() if one.libraries]
    assert wheels, "the wheel's Postgres is part of the development dependencies"
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "inside").symlink_to(wheels[0].root)
    closed.chmod(0)
    monkeypatch.setattr(
        postgres, "installations", lambda: iter([postgres.Installation(closed / "inside", wheels[0].libraries)])
    )
    monkeypatch.setattr(postgres, "installation", lambda: next(postgres.installations()))
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    try:
        if os.geteuid() == 0:
            with postgres.running_postgres() as url, psycopg.connect(url) as session:
                assert session.execute("SELECT 1").fetchone() == (1,)
        else:
            # Only root can look past its own closed door, so only root has anything to copy.
            assert postgres.unprivileged() == {}
    finally:
        closed.chmod(0o700)


def test_redis_is_real_and_empty(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        assert client.eval("return redis.call('TIME')[1]", 0)


async def test_a_group_message_travels_through_the_real_server(with_redis: str) -> None:
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add("watchers", channel)

    await layer.group_send("watchers", {"type": "ticket.changed", "id": 7})

    assert await layer.receive(channel) == {"type": "ticket.changed", "id": 7}
    await layer.flush()


async def test_a_page_left_alone_still_hears_what_comes_later(with_redis: str) -> None:
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add("watchers", channel)
    listening = asyncio.create_task(layer.receive(channel))

    # redis-py gives up on a silent connection after 5 s unless it is told not to; some channel layers do not tell it.
    await asyncio.wait([listening], timeout=6.5)
    await layer.group_send("watchers", {"type": "ticket.changed", "id": 8})

    assert await asyncio.wait_for(listening, 5) == {"type": "ticket.changed", "id": 8}
    await layer.flush()


def test_with_redis_moves_cache_and_broker_and_gives_them_back(with_redis: str) -> None:
    cache.set("colour", "green")
    celery_app.send_task("jira_integration.tasks.nothing")

    with redis.Redis.from_url(with_redis) as client:
        assert client.llen("celery") == 1
        assert any(b"colour" in key for key in client.scan_iter())


def test_without_asking_nothing_needs_a_server() -> None:
    assert celery_app.conf.broker_url == "memory://"


@pytest.mark.parametrize(("worker", "database"), [("master", 3), ("gw0", 4), ("gw1", 5)])
def test_a_given_redis_has_one_database_per_worker(worker: str, database: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_REDIS_URL", "redis://localhost:6379/3")

    assert valkey.given_url(worker) == f"redis://localhost:6379/{database}"


def test_a_missing_service_fails_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_REDIS_URL", raising=False)
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    monkeypatch.setattr(valkey.valkey, "installed_binary", lambda: None)
    monkeypatch.setattr(valkey.valkey, "wheel_binary", lambda: None)
    monkeypatch.setattr(postgres, "installations", lambda: iter([]))

    with pytest.raises(RuntimeError, match="TEST_REDIS_URL"), valkey.running_valkey():
        pass
    with pytest.raises(RuntimeError, match="TEST_DATABASE_URL"), postgres.running_postgres():
        pass
