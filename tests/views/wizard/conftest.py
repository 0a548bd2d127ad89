from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client

from stories_qa.models import Epic, Membership, Project, Role, Story
from tests.sandbox_server import RunningSandbox, running_sandbox
from tests.views.wizard.visits import Visitor


@pytest.fixture(scope="session")
def one_sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(one_sandbox: RunningSandbox) -> Iterator[RunningSandbox]:
    """A sandbox Jira over HTTP, with an empty log and no faults."""
    one_sandbox.faults()
    one_sandbox.clear_log()
    yield one_sandbox
    one_sandbox.faults()


@pytest.fixture
def backlog(db: None) -> Project:
    """A backlog SHOP with an epic and a story that has something in every field."""
    project = Project.objects.create(key="SHOP", name="Storefront")
    epic = Epic.objects.create(project=project, key="EP-1", title="Checkout", description="All of it")
    Story.objects.create(
        project=project,
        key="US-142",
        title="Guest can pay without creating an account",
        description="As a **guest** I want to pay",
        priority="urgent",
        points=5,
        labels=["checkout", "q3 2026"],
        epic=epic,
    )
    return project


def member(project: Project, name: str, role: Role, full: str = "") -> User:
    first, _space, last = full.partition(" ")
    user = User.objects.create_user(name, f"{name}@example.test", "pw", first_name=first, last_name=last)
    Membership.objects.create(project=project, user=user, role=role)
    return user


@pytest.fixture
def mira(backlog: Project) -> User:
    return member(backlog, "mira", Role.ADMIN, "Mira Kovač")


@pytest.fixture
def visitor(client: Client, mira: User) -> Visitor:
    """Mira, a Jira admin of SHOP, without scripts."""
    client.force_login(mira)
    return Visitor(client)
