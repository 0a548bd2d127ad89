"""A WebSocket without a server: what channels.testing offers, which cannot be imported without Daphne."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.test import Client


class WebsocketCommunicator(ApplicationCommunicator):
    """Speaks the ASGI side of one socket. Time-outs are in seconds."""

    def __init__(self, application: Any, address: str, headers: list[tuple[bytes, bytes]]) -> None:
        parts = urlsplit(address)
        scope = {
            "type": "websocket",
            "path": unquote(parts.path),
            "query_string": parts.query.encode(),
            "headers": headers,
            "subprotocols": [],
        }
        super().__init__(application, scope)

    async def connect(self, timeout: float = 5) -> bool:
        """Whether the application accepted."""
        await self.send_input({"type": "websocket.connect"})
        answer: dict[str, Any] = await self.receive_output(timeout)
        return bool(answer["type"] == "websocket.accept")

    async def send_to(self, text: str) -> None:
        await self.send_input({"type": "websocket.receive", "text": text})

    async def receive_from(self, timeout: float = 5) -> str:
        answer = await self.receive_output(timeout)
        assert answer["type"] == "websocket.send", answer
        return str(answer["text"])

    async def disconnect(self, code: int = 1000, timeout: float = 5) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": code})
        await self.wait(timeout)


async def open_socket(application: Any, path: str, person: Any = None) -> WebsocketCommunicator:
    """An open socket with that person's session, as a browser opens it."""
    headers = [(b"origin", b"http://localhost"), (b"host", b"localhost")]
    if person is not None:
        client = Client()
        await sync_to_async(client.force_login)(person)
        session = client.cookies["stories_qa_session"].value
        headers.append((b"cookie", f"stories_qa_session={session}".encode()))
    socket = WebsocketCommunicator(application, path, headers)
    assert await socket.connect()
    return socket
