"""A server on a socket that does to each connection what a test tells it, byte by byte, and keeps what it was sent."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Self

Act = Callable[[socket.socket], None]


def answer(body: bytes = b"{}", status: str = "200 OK", kind: str = "application/json", **headers: str) -> Act:
    """A whole answer, after which the connection stays open."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return raw("\r\n".join([*lines, "", ""]).encode() + body)


def raw(data: bytes) -> Act:
    return lambda connection: connection.sendall(data)


def hang_up(connection: socket.socket) -> None:
    """Close without a word; the request has been read."""
    connection.shutdown(socket.SHUT_RDWR)


class ScriptedServer:
    """Answers request after request with the acts in `script`; the last one is used for all further ones.

    `requests` holds each request as it came: head and body in one. `released` lets a waiting act go on at the end.
    `greet` is done to a new connection before anything is read.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.script: list[Act] = [answer()]
        self.greet: Act | None = None
        self.requests: list[bytes] = []
        self.connections = 0
        self.released = threading.Event()
        self.answered = threading.Event()
        self._tls = tls
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            if self.greet is not None:
                self.greet(connection)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            while request := read_request(connection):
                self.requests.append(request)
                act = self.script.pop(0) if len(self.script) > 1 else self.script[0]
                act(connection)
                self.answered.set()


def read_request(connection: socket.socket) -> bytes:
    """Head and body of one request; empty when the other side has gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65_536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body
