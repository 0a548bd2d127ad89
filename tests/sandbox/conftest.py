from __future__ import annotations

from collections.abc import Iterator

import pytest

from jira_integration.sandbox.settings import Flavour
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


@pytest.fixture(scope="session")
def _one_data_center() -> Iterator[RunningSandbox]:
    with running_sandbox(flavour=Flavour.DATACENTER, context="/jira") as running:
        yield running


@pytest.fixture
def data_center(_one_data_center: RunningSandbox) -> RunningSandbox:
    """A Data Center 9.12 under /jira, at its first state before each test."""
    _one_data_center.control("reset", {})
    return _one_data_center
