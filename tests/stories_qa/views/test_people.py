from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model

from stories_qa.models import Membership, Project
from tests.stories_qa.views.conftest import Visitor

PEOPLE = "/p/SHOP/people/"


def test_an_admin_adds_somebody_by_user_name_or_e_mail(shop: Project, visit: Visitor) -> None:
    get_user_model().objects.create_user("ana", "ana@acme.test")
    get_user_model().objects.create_user("ben", "ben@acme.test")
    admin = visit("admin")

    admin.post(PEOPLE, {"do": "add", "person": "ana", "role": "viewer"})
    admin.post(PEOPLE, {"do": "add", "person": "Ben@acme.test", "role": "exporter"})

    roles = dict(shop.memberships.values_list("user__username", "role"))
    assert (roles["ana"], roles["ben"]) == ("viewer", "exporter")


@pytest.mark.parametrize(
    ("person", "reason"),
    [("nobody", "Nobody with an account here"), ("editor", "is a member already"), ("", "Enter a user name")],
)
def test_somebody_who_cannot_be_added_is_refused_with_the_reason(
    person: str, reason: str, shop: Project, visit: Visitor
) -> None:
    answer = visit("admin").post(PEOPLE, {"do": "add", "person": person, "role": "viewer"})

    assert answer.status_code == 422
    assert reason in answer.content.decode()


def test_a_role_is_changed_and_a_member_removed(shop: Project, visit: Visitor) -> None:
    admin, viewer, editor = (
        visit("admin"),
        shop.memberships.get(user__username="viewer"),
        shop.memberships.get(user__username="editor"),
    )

    admin.post(PEOPLE, {"do": "role", "member": viewer.pk, "role": "exporter"})
    admin.post(PEOPLE, {"do": "remove", "member": editor.pk})

    viewer.refresh_from_db()
    assert viewer.role == "exporter"
    assert not Membership.objects.filter(pk=editor.pk).exists()


@pytest.mark.parametrize("act", [{"do": "role", "role": "viewer"}, {"do": "remove"}])
def test_the_last_admin_stays(act: dict[str, str], shop: Project, visit: Visitor) -> None:
    admin, member = visit("admin"), shop.memberships.get(user__username="admin")

    answer = admin.post(PEOPLE, act | {"member": str(member.pk)}, follow=True)

    assert "is the only admin. Make somebody else one first." in answer.content.decode()
    assert shop.memberships.get(pk=member.pk).role == "admin"


def test_a_member_of_another_project_cannot_be_reached(shop: Project, visit: Visitor) -> None:
    stranger = Membership.objects.get(user__username="stranger")

    visit("admin").post(PEOPLE, {"do": "remove", "member": str(stranger.pk)})

    assert Membership.objects.filter(pk=stranger.pk).exists()


def test_whoever_makes_a_project_is_its_admin(shop: Project, visit: Visitor) -> None:
    answer = visit("viewer").post("/projects/new/", {"name": "Garden", "key": "gard"})

    assert answer.headers["Location"] == "/p/GARD/stories/"
    assert Membership.objects.get(project__key="GARD").role == "admin"


@pytest.mark.parametrize("key", ["", "1A", "A", "SHOP", "TOOLONGKEY1", "A-B", "a b", "ÄÖ"])
def test_a_key_that_cannot_be_used_is_refused(key: str, shop: Project, visit: Visitor) -> None:
    answer = visit("viewer").post("/projects/new/", {"name": "Garden", "key": key})

    assert answer.status_code == 422
    assert 'href="#id_key"' in answer.content.decode()
    assert Project.objects.count() == 2
