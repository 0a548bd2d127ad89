"""The web face, as a browser without JavaScript uses it."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.sandbox.test_issues import document, epic, make, story
from tests.sandbox_server import RunningSandbox

NASTY = "<script>alert(1)</script> & 'co' \u202etxt"


def page(sandbox: RunningSandbox, path: str) -> str:
    answer = requests.get(sandbox.url + path, timeout=5)
    assert answer.status_code == 200
    return answer.text


def send(sandbox: RunningSandbox, path: str, data: dict[str, str], **headers: str) -> requests.Response:
    return requests.post(sandbox.url + path, data=data, headers=headers, timeout=5)


def field(sandbox: RunningSandbox, key: str, name: str) -> Any:
    return sandbox.call("GET", f"issue/{key}").json()["fields"][name]


def test_the_first_page_lists_projects_and_how_to_connect(sandbox: RunningSandbox) -> None:
    text = page(sandbox, "/")

    assert all(name in text for name in ("Storefront", "Mobile app", "qa-bot@example.test", "sandbox-token"))


def test_an_issue_is_moved_on_the_board_by_a_person(sandbox: RunningSandbox) -> None:
    key = make(sandbox, story())

    answer = send(sandbox, f"/browse/{key}/move", {"transition": "11", "back": "board"})

    assert answer.url.startswith(f"{sandbox.url}/projects/SHOP")
    assert field(sandbox, key, "status")["name"] == "In Progress"
    history = sandbox.call("GET", f"issue/{key}/changelog").json()["values"]
    assert history[-1]["author"]["displayName"] == "Jonas Ortiz"


def test_the_board_shows_points_epics_and_finds_by_words(sandbox: RunningSandbox) -> None:
    parent = make(sandbox, epic("Checkout & co"))
    make(sandbox, story("Pay by card", parent={"key": parent}, customfield_10016=5))
    make(sandbox, story("Browse offers"))

    board, found = page(sandbox, "/projects/SHOP"), page(sandbox, "/projects/SHOP?q=card")

    assert "Checkout &amp; co" in board
    assert 'title="Story points">5<' in board.replace("'", '"')
    assert "Pay by card" in found
    assert "Browse offers" not in found


def test_summary_priority_and_description_are_edited(sandbox: RunningSandbox) -> None:
    key = make(sandbox, story(description=document("Old")))

    send(sandbox, f"/browse/{key}/edit", {"summary": "New", "priority": "1", "description": "One\r\n\r\nTwo"})

    assert field(sandbox, key, "summary") == "New"
    assert field(sandbox, key, "priority")["name"] == "Highest"
    texts = [block["content"][0]["text"] for block in field(sandbox, key, "description")["content"]]
    assert texts == ["One", "Two"]


def test_editing_the_summary_alone_keeps_the_formatting_of_the_description(sandbox: RunningSandbox) -> None:
    bold = {"type": "text", "text": "bold", "marks": [{"type": "strong"}]}
    text = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [bold]}]}
    key = make(sandbox, story(description=text))

    send(sandbox, f"/browse/{key}/edit", {"summary": "New", "priority": "3", "description": "bold"})

    assert field(sandbox, key, "description")["content"][0]["content"] == [bold]
    assert "has formatting" in page(sandbox, f"/browse/{key}")


def test_a_refused_edit_says_why_and_changes_nothing(sandbox: RunningSandbox) -> None:
    key = make(sandbox, story())

    answer = send(sandbox, f"/browse/{key}/edit", {"summary": "", "priority": "1", "description": ""})

    assert answer.status_code == 400
    assert "You must specify a summary" in answer.text
    assert field(sandbox, key, "priority")["name"] == "Medium"


def test_comments_are_written_changed_and_deleted(sandbox: RunningSandbox) -> None:
    key = make(sandbox, story())
    send(sandbox, f"/browse/{key}/comment", {"comment": "First thought"})
    (comment,) = sandbox.call("GET", f"issue/{key}/comment").json()["comments"]

    send(sandbox, f"/browse/{key}/comment", {"id": comment["id"], "comment": "Second thought"})
    text = page(sandbox, f"/browse/{key}")
    send(sandbox, f"/browse/{key}/comment/delete", {"id": comment["id"]})

    assert "Second thought" in text
    assert "First thought" not in text
    assert sandbox.call("GET", f"issue/{key}/comment").json()["comments"] == []


def test_an_issue_is_deleted(sandbox: RunningSandbox) -> None:
    key = make(sandbox, story())

    send(sandbox, f"/browse/{key}/delete", {})

    assert sandbox.issues() == []
    assert requests.get(f"{sandbox.url}/browse/{key}", timeout=5).status_code == 404


def test_text_from_outside_is_shown_and_never_run(sandbox: RunningSandbox) -> None:
    link = {"type": "text", "text": NASTY, "marks": [{"type": "link", "attrs": {"href": "javascript:alert(1)"}}]}
    code = {"type": "codeBlock", "content": [{"type": "text", "text": NASTY}]}
    text = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [link]}, code]}
    make(sandbox, epic(NASTY))
    key = make(
        sandbox, story(NASTY, description=text, labels=["<b>"], parent={"key": "SHOP-1"}, customfield_10050=NASTY)
    )
    sandbox.call("POST", f"issue/{key}/comment", json={"body": document(NASTY)})
    sandbox.call("PUT", f"issue/{key}/properties/{'<i>'}", json={"a": NASTY})

    for path in (
        "/projects/SHOP",
        f"/projects/SHOP?q={NASTY}",
        f"/browse/{key}",
        "/browse/SHOP-1",
        f"/projects/{quote(NASTY, safe='')}",
    ):
        text = requests.get(sandbox.url + path, timeout=5).text
        assert "<script" not in text
        assert "<b>" not in text.replace("<b>status", "").replace("<b>&lt;i&gt;", "")
        assert 'href="javascript' not in text.replace("'", '"')
        assert "\u202e" not in text


def test_pages_forbid_everything_but_their_own_stylesheet_and_forms(sandbox: RunningSandbox) -> None:
    policy = requests.get(f"{sandbox.url}/", timeout=5).headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}]
)
@pytest.mark.parametrize("path", ["/browse/SHOP-1/delete", "/_sandbox/reset"])
def test_forms_and_commands_from_other_sites_are_refused(
    sandbox: RunningSandbox, path: str, headers: dict[str, str]
) -> None:
    make(sandbox, story())

    assert send(sandbox, path, {}, **headers).status_code == 403
    assert len(sandbox.issues()) == 1


def test_the_pictures_that_answers_link_to_are_there(sandbox: RunningSandbox) -> None:
    avatar = sandbox.call("GET", "myself").json()["avatarUrls"]["48x48"]

    answer = requests.get(avatar, timeout=5)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")
