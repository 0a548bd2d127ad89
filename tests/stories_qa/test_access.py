from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, User

from stories_qa.access import may, project_view, who_may
from stories_qa.models import Membership, Project, Role

pytestmark = pytest.mark.django_db
ACTS = ["view", "edit", "export", "admin"]


@pytest.fixture
def shop() -> Project:
    return Project.objects.create(key="SHOP", name="Storefront")


def member(project: Project, name: str, role: Role, **columns: object) -> User:
    user = User.objects.create_user(name, **columns)  # type: ignore[arg-type]
    Membership.objects.create(project=project, user=user, role=role)
    return user


@pytest.mark.parametrize(("role", "allowed"), zip(Role, (1, 2, 3, 4), strict=True))
def test_each_role_may_all_that_the_ones_before_it_may(shop: Project, role: Role, allowed: int) -> None:
    user = member(shop, "mira", role)

    assert [may(user, shop, act) for act in ACTS] == [number < allowed for number in range(4)]


def test_strangers_the_anonymous_the_inactive_and_mere_superusers_may_nothing(shop: Project) -> None:
    gone = member(shop, "gone", Role.ADMIN, is_active=False)
    chief = User.objects.create_superuser("chief")

    assert not any(may(user, shop, act) for user in (None, AnonymousUser(), gone, chief) for act in ACTS)


def test_a_role_in_one_project_counts_in_no_other(shop: Project) -> None:
    other = Project.objects.create(key="OTHER", name="Other")

    assert not may(member(other, "mira", Role.ADMIN), shop, "view")


def test_those_who_may_are_named_with_admins_first(shop: Project) -> None:
    member(shop, "zoe", Role.EXPORTER, first_name="Zoe", last_name="Zett")
    member(shop, "ana", Role.EDITOR)
    member(shop, "mira", Role.ADMIN, first_name="Mira", last_name="Kovač")
    member(shop, "gone", Role.ADMIN, is_active=False)

    assert who_may(shop, "export") == ["Mira Kovač", "Zoe Zett"]
    assert who_may(shop, "edit") == ["Mira Kovač", "Zoe Zett", "ana"]


def test_an_act_nobody_knows_is_a_mistake_in_the_program(shop: Project) -> None:
    with pytest.raises(KeyError):
        may(member(shop, "mira", Role.ADMIN), shop, "dance")
    with pytest.raises(ValueError, match="dance"):
        project_view("dance")
