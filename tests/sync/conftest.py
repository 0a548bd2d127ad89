"""An exported backlog, joined to a sandbox Jira."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jira_integration.models import ProjectMapping
from stories_qa.models import Project
from tests.jira_rows import a_backlog, a_story
from tests.jira_site import connect, export
from tests.sandbox_server import RunningSandbox, running_sandbox


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def backlog(transactional_db: None) -> Project:
    return a_backlog()


@pytest.fixture
def mapping(backlog: Project, sandbox: RunningSandbox) -> ProjectMapping:
    """Three stories in Jira, in sync."""
    mapping = connect(backlog, sandbox)
    for number in range(1, 4):
        a_story(backlog, number, description="Text")
    export(mapping)
    sandbox.clear_log()
    return mapping
