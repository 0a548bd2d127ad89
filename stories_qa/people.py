"""Finding the member a file or Jira means by a name."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser

from stories_qa.models import Project


def names_of(user: AbstractUser) -> Iterable[str]:
    """What a person may be called by, case-folded: e-mail, user name, full name."""
    names = (user.email, user.get_username(), user.get_full_name())
    return [name.casefold() for name in names if name]


def members_by_name(project: Project) -> dict[str, AbstractUser]:
    """Each name of each active member → that member. A name that two members share leads to nobody."""
    found: dict[str, AbstractUser | None] = {}
    for user in get_user_model().objects.filter(memberships__project=project, is_active=True):
        for name in set(names_of(user)):
            found[name] = None if name in found else user
    return {name: user for name, user in found.items() if user is not None}


def find_member(project: Project, *names: str) -> AbstractUser | None:
    """The member one of these names means, the last name tried first (an e-mail says more than a name)."""
    members = members_by_name(project)
    for name in reversed(names):
        if name and name.casefold() in members:
            return members[name.casefold()]
    return None
