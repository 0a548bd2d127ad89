"""The whole site inside the test's process: pages and sockets by uvicorn, tasks by a real Celery worker."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from celery.contrib.testing.worker import start_worker
from channels.routing import ProtocolTypeRouter

from config.celery import app as celery_app

START_SECONDS = 20.0
STOP_SECONDS = 10.0


@contextmanager
def serving(application: ProtocolTypeRouter) -> Iterator[str]:
    """Serve `application` on a free loopback port from a thread; yields "http://127.0.0.1:port".

    The socket is bound before the server starts, so the port cannot be lost to somebody else in between.
    """
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            log_level="warning",
            lifespan="off",
            loop="asyncio",
            timeout_graceful_shutdown=2,  # a page left open keeps its socket; the test is over all the same
        )
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="uvicorn", daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("uvicorn did not start; its log says why.")
        time.sleep(0.01)  # polled: uvicorn offers a flag, not an event
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(STOP_SECONDS)
        listener.close()
        if thread.is_alive():
            raise RuntimeError("uvicorn did not stop.")


@contextmanager
def working() -> Iterator[None]:
    """A real worker on the app's broker, its threads in this process so that they share the test's database file."""
    with start_worker(
        celery_app, pool="threads", concurrency=2, perform_ping_check=False, shutdown_timeout=STOP_SECONDS
    ):
        yield
