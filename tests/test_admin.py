"""The plug-in's rows in Django's admin site."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client

from jira_integration.models import JiraConnection, OAuthClient
from stories_qa.models import Story
from tests.jira_rows import a_backlog, a_mapping, a_person, a_plan, a_run

pytestmark = pytest.mark.django_db
OURS = [model for model in admin.site._registry if model._meta.app_label == "jira_integration"]


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(a_person("root", is_staff=True, is_superuser=True))
    project = a_backlog(stories=1)
    a_run(a_plan(a_mapping(project), {Story.objects.get(): "create"}))
    return client


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_rows_are_listed_and_cannot_be_added(model: type, root: Client) -> None:
    base = f"/admin/jira_integration/{model.__name__.lower()}/"

    assert root.get(base).status_code == 200
    assert root.get(f"{base}add/").status_code == (200 if model is OAuthClient else 403)


def test_the_oauth_apps_secret_is_written_and_never_shown(root: Client) -> None:
    add = "/admin/jira_integration/oauthclient/add/"

    refusal = root.post(add, {"client_id": "our-app"}).content.decode()
    root.post(add, {"client_id": "our-app", "new_secret": "a-secret-of-the-app"})

    kept = OAuthClient.objects.get()
    assert "Enter the secret that belongs to this client id." in refusal
    assert kept.client_secret is not None
    assert kept.client_secret.open(kept.bound_to) == "a-secret-of-the-app"
    change = f"/admin/jira_integration/oauthclient/{kept.pk}/change/"
    page = root.get(change).content.decode()
    assert "our-app" in page
    assert "a-secret-of-the-app" not in page
    assert kept.client_secret.ciphertext not in page
    assert root.get(add).status_code == 403  # there is one
    renamed = root.post(change, {"client_id": "another-app"}).content.decode()
    assert "Enter the secret that belongs to this client id." in renamed
    root.post(change, {"client_id": "our-app", "new_secret": ""})
    kept.refresh_from_db()
    assert kept.client_secret.open(kept.bound_to) == "a-secret-of-the-app"


def test_the_oauth_app_is_for_superusers_alone(client: Client) -> None:
    client.force_login(a_person("helper", is_staff=True))

    assert client.get("/admin/jira_integration/oauthclient/").status_code == 403


def test_a_connection_shows_no_secret_not_even_sealed(root: Client) -> None:
    connection = JiraConnection.objects.get()
    assert connection.secret is not None

    page = root.get(f"/admin/jira_integration/jiraconnection/{connection.pk}/change/").content.decode()

    assert "acme.atlassian.net" in page
    assert "a-token-that-is-long-enough" not in page
    assert connection.secret.ciphertext not in page
    assert "Webhook secret" not in page


def test_nothing_is_changed_by_hand(root: Client) -> None:
    connection = JiraConnection.objects.get()

    answer = root.post(f"/admin/jira_integration/jiraconnection/{connection.pk}/change/", {"name": "Other"})

    assert answer.status_code == 403
    connection.refresh_from_db()
    assert connection.name == "Acme"
