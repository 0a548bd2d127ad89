"""Sockets. They only bring news down; what a person does goes by POST.

A group message says no more than that something changed. Each time, the consumer reads the rows again, asks again
whether this person may see them and renders the same pieces as the page; at most four messages a second.
A refused socket is accepted and then closed with a code: a handshake that is refused outright looks to the browser
like a broken line, and it would try for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Mapping
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth import get_user
from django.db import DatabaseError

from jira_integration.conf import story_source
from jira_integration.contracts import Act, ProjectInfo
from jira_integration.live import MOST_ROWS, News, plan_news, plan_of, run_news, run_of, workspace_news
from jira_integration.models import ExportPlan
from jira_integration.progress import plan_group, project_group, run_group

logger = logging.getLogger(__name__)

SIGN_IN = 4401  # the session is over
NO_ACCESS = 4403
ENDED = 1000
TRY_AGAIN = 1013
PACE_SECONDS = 0.25
HELLO_BYTES = 64 * 1024


class Refused(Exception):
    """This person may not see this, or not any more; `code` closes the socket."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class NewsConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """What all sockets share. The page's first message says what it shows and the last number it saw."""

    group: str = ""
    telling: asyncio.Task[None] | None = None
    behind = False

    async def connect(self) -> None:
        await self.accept()
        self.after = 0
        self.page: Mapping[str, Any] = {}
        self.last_sent = 0.0
        try:
            self.group = await database_sync_to_async(self.group_name)()
        except Refused as refused:
            await self.close(refused.code)
            return
        await self.channel_layer.group_add(self.group, self.channel_name)

    async def disconnect(self, code: int) -> None:
        if self.telling is not None and self.telling is not asyncio.current_task():
            self.telling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.telling
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """{"after": 12, "rows": ["3"], "keys": ["US-1"], "parts": ["conn"], "show": "all"}; all may be left out."""
        if not self.group or text_data is None or len(text_data) > HELLO_BYTES:
            return
        try:
            page = json.loads(text_data)
        except ValueError:
            return
        if not isinstance(page, dict):
            return
        self.page = page
        after = page.get("after", 0)
        self.after = after if isinstance(after, int) else 0
        self.soon()

    def listed(self, name: str) -> list[str]:
        given = self.page.get(name)
        return [str(one) for one in given[:MOST_ROWS]] if isinstance(given, list) else []

    def soon(self) -> None:
        """Tell the page a moment later; what arrives until then goes along."""
        self.behind = True
        if self.telling is None or self.telling.done():
            self.telling = asyncio.create_task(self.tell())

    async def tell(self) -> None:
        while self.behind:
            await asyncio.sleep(max(0.0, self.last_sent + PACE_SECONDS - time.monotonic()))
            self.last_sent = time.monotonic()
            self.behind = False  # before the rows are read: a change after this is told in another round
            try:
                news = await database_sync_to_async(self.news)()
            except Refused as refused:
                await self.close(refused.code)
                return
            except DatabaseError as trouble:
                logger.warning("A page could not be told what is new: %s", trouble)
                await self.close(TRY_AGAIN)
                return
            self.after = max(self.after, news.seq)
            await self.send(json.dumps({"html": news.html, "seq": news.seq, "ended": news.ended}))
            if news.ended:
                await self.close(ENDED)
                return

    async def changed(self, event: Mapping[str, Any]) -> None:
        if event.get("seq", 0) and event["seq"] <= self.after:
            return
        self.soon()

    def user(self) -> Any:
        """The person as the database knows them now; a session that was ended meanwhile is over here, too."""
        session = self.scope.get("session")
        if session is not None:
            if session.session_key is None or not session.exists(session.session_key):
                raise Refused(SIGN_IN)
            person: Any = get_user(_Asking(session.__class__(session.session_key)))  # type: ignore[arg-type]
        else:
            person = self.scope.get("user")
        if person is None or not person.is_authenticated or not person.is_active:
            raise Refused(SIGN_IN)
        return person

    def allowed(self, project: ProjectInfo | None) -> tuple[ProjectInfo, Any]:
        """The project and the person; raises Refused."""
        person = self.user()
        if project is None or not story_source().may(person, project.ref, Act.VIEW):
            raise Refused(NO_ACCESS)
        return project, person

    def group_name(self) -> str:
        raise NotImplementedError

    def news(self) -> News:
        raise NotImplementedError


class _Asking:
    """What `get_user` wants of a request."""

    def __init__(self, session: Any) -> None:
        self.session = session


class RunConsumer(NewsConsumer):
    """`/ws/runs/<id>/`: one run."""

    def group_name(self) -> str:
        self.user()
        run = run_of(self.number)
        self.allowed(story_source().project_by_ref(run.project_ref) if run else None)
        return run_group(self.number)

    def news(self) -> News:
        run = run_of(self.number)
        project, person = self.allowed(story_source().project_by_ref(run.project_ref) if run else None)
        if run is None:
            raise Refused(NO_ACCESS)
        rows = [int(one) for one in self.listed("rows") if one.isascii() and one.isdigit()]
        show = str(self.page.get("show", "all"))
        return run_news(run, project, person, after=self.after, rows=rows, show=show)

    @property
    def number(self) -> int:
        return int(self.scope["url_route"]["kwargs"]["number"])

    async def run_changed(self, event: Mapping[str, Any]) -> None:
        await self.changed(event)


class PlanConsumer(NewsConsumer):
    """`/ws/plans/<id>/`: one plan while it is being built."""

    def group_name(self) -> str:
        self.read()
        return plan_group(self.number)

    def news(self) -> News:
        return plan_news(*self.read())

    def read(self) -> tuple[ExportPlan, ProjectInfo]:
        """The plan as it is now, with its project; raises Refused."""
        self.user()
        plan = plan_of(self.number)
        project, _person = self.allowed(story_source().project_by_ref(plan.project_ref) if plan else None)
        if plan is None:
            raise Refused(NO_ACCESS)
        return plan, project

    @property
    def number(self) -> int:
        return int(self.scope["url_route"]["kwargs"]["number"])

    async def plan_changed(self, event: Mapping[str, Any]) -> None:
        await self.changed(event)


class WorkspaceConsumer(NewsConsumer):
    """`/ws/workspace/<project key>/`: badges, the card, counts."""

    def group_name(self) -> str:
        project, _person = self.allowed(story_source().project(self.key))
        return project_group(project.ref)

    def news(self) -> News:
        project, person = self.allowed(story_source().project(self.key))
        keys, parts = self.listed("keys"), self.listed("parts")
        return workspace_news(project, person, after=self.after, keys=keys, parts=parts)

    @property
    def key(self) -> str:
        return str(self.scope["url_route"]["kwargs"]["project"])

    async def workspace_changed(self, event: Mapping[str, Any]) -> None:
        await self.changed(event)
