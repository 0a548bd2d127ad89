from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox_server import RunningSandbox, running_sandbox


@pytest.fixture(scope="session")
def _one_sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def sandbox(_one_sandbox: RunningSandbox) -> RunningSandbox:
    """A sandbox at its first state: one server for all tests, put back before each."""
    _one_sandbox.control("reset", {})
    return _one_sandbox
