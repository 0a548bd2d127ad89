"""What every test may ask for: a real Valkey, a real Postgres, and the site pointed at them.

Services start when the first test asks, once per xdist worker. Where none can be had the test fails; it is never
skipped. Tests in browser/ and supervisor/ need a pytest process of their own and are left out unless named.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from django.db import connection
from kombu import pools
from pytest_django import DjangoDbBlocker, Settings

from config.celery import app as celery_app
from tests.postgres import running_postgres
from tests.valkey import running_valkey, worker_number

TESTS = Path(__file__).resolve().parent
APART = {
    TESTS / "browser": "Playwright's synchronous interface leaves an event loop running in the main thread",
    TESTS / "supervisor": "they start the whole local profile and time how fast it stops",
}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "both_databases: behaviour that differs between SQLite and Postgres; `make test` runs it on both."
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave a folder that needs its own process out of a run that did not ask for it by name."""
    if collection_path not in APART:
        return None
    asked = [(config.invocation_params.dir / arg.split("::")[0]).resolve() for arg in config.args]
    return None if any(path.is_relative_to(collection_path) for path in asked) else True


def pytest_report_header(config: pytest.Config) -> list[str]:
    return [f"apart: tests/{folder.name}, because {reason}" for folder, reason in APART.items()]


@pytest.fixture(autouse=True)
def clean_books() -> None:
    """No test begins with the pauses or the open breaker of another."""
    from jira_integration.setup import governing  # models can be imported once Django is set up

    governing.memory.clear()


@pytest.fixture(scope="session")
def worker_name(request: pytest.FixtureRequest) -> str:
    """The xdist worker this process is ("gw0"), or "master"."""
    workerinput: dict[str, str] = getattr(request.config, "workerinput", {})
    return workerinput.get("workerid", "master")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """pytest-django's own, and before it drops a Postgres database, threads that still hold a connection lose it."""
    yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )


@pytest.fixture(scope="session")
def valkey_url(worker_name: str) -> Iterator[str]:
    with running_valkey(worker_name) as url:
        yield url


@pytest.fixture
def redis_url(valkey_url: str) -> Iterator[str]:
    """The URL of a real, empty Valkey or Redis."""
    with redis.Redis.from_url(valkey_url) as client:
        client.flushdb()
    yield valkey_url


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A DATABASE_URL of a real Postgres, for a test that speaks to it itself.

    The site's own database stays what the run was started with: see the marker `both_databases`.
    """
    with running_postgres() as url:
        yield url


@pytest.fixture
def with_redis(redis_url: str, worker_name: str, settings: Settings) -> Iterator[str]:
    """The site as with REDIS_URL set: channel layer, cache and Celery's broker are the real server. Yields its URL."""
    settings.REDIS_URL = redis_url
    # Pub/sub knows no database numbers: a prefix keeps two xdist workers on one given server apart.
    layer = {"hosts": [redis_url], "prefix": f"test{worker_number(worker_name)}"}
    settings.CHANNEL_LAYERS = {
        "default": {"BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer", "CONFIG": layer},
    }
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": redis_url}}
    before = celery_app.conf.broker_url
    point_celery_at(redis_url)
    yield redis_url
    point_celery_at(before)


def point_celery_at(broker_url: str) -> None:
    """Change the broker of the running Celery app; connections to the former one are let go."""
    pools.reset()
    celery_app._pool = celery_app.amqp._producer_pool = None
    celery_app.conf.broker_url = broker_url
