"""manage.py seed_demo: the backlog and the people that `make run` starts with. On a first start only."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from stories_qa.demo.checkout import CHECKOUT
from stories_qa.demo.returns import RETURNS
from stories_qa.demo.search import SEARCH
from stories_qa.importers import ParsedBacklog
from stories_qa.models import Membership, Project, Role
from stories_qa.store import bring_in

KEY, NAME = "SHOP", "Storefront"
# user name, given name, family name, role; the first may also see the admin site
PEOPLE = [
    ("demo", "Mira", "Kovač", Role.ADMIN),
    ("ana", "Ana", "Lindqvist", Role.EXPORTER),
    ("tomas", "Tomás", "Silva", Role.EDITOR),
]
PASSWORD = "demo"  # noqa: S105 - the local profile's; the command refuses to run in production


class Command(BaseCommand):
    help = "Makes the project Storefront with people and a backlog, when there is no project yet. Never overwrites."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PROFILE == "production":
            raise CommandError("seed_demo makes accounts whose password everybody knows; not here.", returncode=2)
        with transaction.atomic():
            if Project.objects.exists():
                self.stdout.write("There is a project already; nothing was changed.")
                return
            project = Project.objects.create(key=KEY, name=NAME)
            for name, given, family, role in PEOPLE:
                user = self._person(name, given, family)
                Membership.objects.create(project=project, user=user, role=role)
            report = bring_in(project, backlog(), by="Mira Kovač")
        counts = report.as_json(rows=False)
        self.stdout.write(
            f"Made {NAME} ({KEY}): {counts['epics']} epics, {counts['stories']} stories, "
            f"{counts['test_cases']} test cases. Sign in as demo / {PASSWORD}."
        )

    def _person(self, name: str, given: str, family: str) -> User:
        """The account of this name; one that is there already stays as it is, its password too."""
        users = User.objects
        found = users.filter(username=name).first()
        if found is not None:
            return found
        first = name == PEOPLE[0][0]
        return users.create_user(
            name,
            f"{name}@example.com",
            PASSWORD,
            first_name=given,
            last_name=family,
            is_staff=first,
            is_superuser=first,
        )


def backlog() -> ParsedBacklog:
    parts = (CHECKOUT, SEARCH, RETURNS)
    return ParsedBacklog(
        file="demo",
        format="demo",
        epics=tuple(part.epic for part in parts),
        stories=tuple(story for part in parts for story in part.stories),
        tests=tuple(test for part in parts for test in part.tests),
        project_key=KEY,
        project_name=NAME,
    )
