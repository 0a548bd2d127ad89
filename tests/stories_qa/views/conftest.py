"""A project with one person in each role, and somebody of another project."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client

from jira_integration.models import ExportedTicket
from stories_qa.lifetime import create
from stories_qa.models import Epic, Membership, Project, Role, Story, TestCase
from tests.jira_rows import a_mapping, a_ticket

Visitor = Callable[[str], Client]


@pytest.fixture
def shop(db: None) -> Project:
    """Project SHOP with EP-1, US-2 (in it), US-3 and TC-4 (of US-2)."""
    project = Project.objects.create(key="SHOP", name="Acme Commerce")
    other = Project.objects.create(key="OTHER", name="Somewhere else")
    people = get_user_model().objects
    for role in Role:
        user = people.create_user(role.value, first_name=role.value.title(), last_name="Person")
        Membership.objects.create(project=project, user=user, role=role)
    Membership.objects.create(project=other, user=people.create_user("stranger"), role=Role.ADMIN)
    with transaction.atomic():
        epic = create(Epic, project, {"title": "Guest checkout"}, by="Mira")
        criteria = [{"text": "It is fast."}, {"given": "a cart", "when": "I pay", "then": "it is mine"}]
        story = create(
            Story,
            project,
            {"title": "Pay as a guest", "epic": epic, "criteria": criteria, "labels": ["checkout"]},
            by="Mira",
        )
        create(Story, project, {"title": "Find a product", "status": "done"}, by="Mira")
        steps = [{"action": "Open the cart", "expected": "It shows two items"}, {"action": "Pay", "expected": ""}]
        create(TestCase, project, {"title": "Pay by card", "story": story, "steps": steps}, by="Mira")
    return project


@pytest.fixture
def visit() -> Visitor:
    """`visit("editor")`: a browser in which that person is signed in; "" is nobody."""

    def sign_in(username: str) -> Client:
        client = Client()
        if username:
            client.force_login(get_user_model().objects.get(username=username))
        return client

    return sign_in


@pytest.fixture
def exported(shop: Project) -> ExportedTicket:
    """US-2 is SHOP-318 in Jira, and matches it."""
    story = shop.storys.get(key="US-2")
    return a_ticket(a_mapping(shop), story, issue_key="SHOP-318", sync="in_sync", story_version=story.version)
