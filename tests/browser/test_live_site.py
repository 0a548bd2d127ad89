"""The stage the browser tests play on is real: server, sockets, worker, Valkey, database, browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter
from django.contrib.auth import get_user_model
from playwright.sync_api import Page

from config.celery import app as celery_app
from tests.browser import chromium
from tests.browser.conftest import OpenPage
from tests.browser.site import serving

LISTEN = """(address) => new Promise((resolve, reject) => {
    const socket = new WebSocket(address);
    socket.onmessage = (event) => resolve(event.data);
    socket.onclose = () => reject(new Error("closed"));
})"""


@celery_app.task(name="tests.browser.count_people")
def count_people(group: str) -> None:
    """What a task of ours does: read the database, tell the open pages."""
    message = {"type": "people.counted", "count": get_user_model().objects.count()}
    async_to_sync(get_channel_layer().group_send)(group, message)


class Watcher(AsyncWebsocketConsumer):
    """Joins the group, has the task started, passes on what the task says."""

    async def connect(self) -> None:
        await self.channel_layer.group_add("people", self.channel_name)
        await self.accept()
        count_people.delay("people")

    async def people_counted(self, event: dict[str, int]) -> None:
        await self.send(f"{event['count']} people")


def test_a_task_in_the_worker_reaches_a_page_through_valkey(live_site: str, page: Page) -> None:
    for name in ("ada", "grace", "mary"):
        get_user_model().objects.create_user(name)

    with serving(ProtocolTypeRouter({"websocket": Watcher.as_asgi()})) as address:
        heard = page.evaluate(LISTEN, address.replace("http:", "ws:"))

    assert heard == "3 people"


def test_a_test_starts_with_an_empty_database(live_site: str) -> None:
    assert get_user_model().objects.count() == 0


def test_the_sign_in_page_comes_with_its_style_sheets(live_site: str, page: Page) -> None:
    failed: list[str] = []
    page.on("response", lambda answer: failed.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    page.on("console", lambda line: failed.append(line.text) if line.type == "error" else None)

    page.goto("/")
    page.get_by_label("Password").wait_for()

    assert page.url.startswith(live_site)
    assert page.evaluate("document.styleSheets.length") > 0
    assert failed == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_page_opens_in_the_asked_theme_and_width(theme: str, open_page: OpenPage) -> None:
    page = open_page(theme=theme, width=390)

    assert page.evaluate(f"matchMedia('(prefers-color-scheme: {theme})').matches")
    assert page.evaluate("innerWidth") == 390


def test_axe_finds_a_planted_fault(page: Page, axe_violations: Callable[[Page], list[str]]) -> None:
    page.set_content(
        "<!doctype html><html lang=en><title>One</title><main><h1>One</h1><img src='data:,'></main></html>"
    )

    found = axe_violations(page)

    assert [line for line in found if line.startswith("image-alt:")]


def test_a_chromium_that_is_not_there_is_not_replaced_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/no/such/browser")

    with pytest.raises(FileNotFoundError, match="/no/such/browser"):
        chromium.find_chromium()


def test_a_machine_without_a_browser_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(chromium, "downloaded_by_playwright", lambda: None)

    assert chromium.main() == 1
    assert "apt-get install chromium" in capsys.readouterr().err
