from __future__ import annotations

import pytest

from tests.contract.openapi import MISSING


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A stranger's clone says in one line what it could not check."""
    if MISSING:
        terminalreporter.write_line(MISSING)


@pytest.fixture(autouse=True)
def _needs_the_document(request: pytest.FixtureRequest) -> None:
    if MISSING:
        pytest.skip(MISSING)
