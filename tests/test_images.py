"""Addresses of images and links in texts: this site never asks for them, nor does a reader's browser."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from jira_integration.richtext.html import markdown_to_html
from stories_qa.models import Role
from tests.client.scripted import ScriptedServer
from tests.jira_rows import a_backlog, a_person, a_story
from tests.jira_site import connect, export
from tests.sandbox_server import running_sandbox

pytestmark = pytest.mark.django_db(transaction=True)
TRICKS = ["![a]({0}/a.png)", "[![b]({0}/b.png)]({0}/b)", '<img src="{0}/c.png">', "!{0}/d.png!", "<{0}/e.png>"]


def test_an_image_in_a_text_is_fetched_by_nobody_on_its_way_to_jira_and_back(client: Client) -> None:
    project = a_backlog()
    client.force_login(a_person("ana", project, Role.ADMIN))
    with ScriptedServer() as trap, running_sandbox() as sandbox:
        a_story(project, description="\n\n".join(TRICKS).format(trap.url))
        run = export(connect(project, sandbox))
        pages = [client.get("/p/SHOP/stories/US-1/"), client.get(f"/p/SHOP/jira/runs/{run.pk}/")]
        sent = str(sandbox.issues())
        heard = trap.connections
        policy = pages[0].headers["Content-Security-Policy"]

    assert heard == 0
    assert trap.url in sent  # as a link: the address went along, and nobody followed it
    for page in pages:
        assert not re.findall(
            r"<(?:img|iframe|object|embed|video|audio|source)\b[^>]*127\.0\.0\.1", page.content.decode()
        )
    assert "img-src 'self'" in policy


@pytest.mark.parametrize("trick", TRICKS)
def test_the_html_of_a_text_asks_a_browser_for_nothing(trick: str) -> None:
    assert "<img" not in str(markdown_to_html(trick.format("http://169.254.169.254")))
