"""Connections that go where the guard looked, and that know whether anything has left.

Resolving inside the connection, once, right before connecting, leaves no moment at which a name could change its
mind. TLS still checks the certificate against the name, and the Host header still carries it: only the socket's
target is ours.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.connection import create_connection

Resolve = Callable[[str, int], tuple[str, ...]]


class TooLate(TimeoutError):
    """The exchange was aborted before its request could leave."""


class Exchange:
    """One try on the wire, watched from the event loop while a pool thread carries it out.

    After `abort` nothing can leave any more, so its answer is final: True when the request may have reached Jira.
    """

    def __init__(self, may_leave: Callable[[], bool] | None = None) -> None:
        self._may_leave = may_leave
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._aborted = False
        self._left = False

    @property
    def left(self) -> bool:
        """Whether bytes of the request may have left this machine."""
        return self._left

    def hold(self, sock: socket.socket | None, *, leaving: bool = False) -> None:
        """Keep a handle of the socket in use, one of our own: TLS takes the first one over while it shakes hands.

        `leaving` right before the first byte of the request. Raises TooLate when nothing may leave any more.
        """
        with self._lock:
            if self._aborted:
                raise TooLate("The time for this request is over.")
            if leaving and self._may_leave is not None and not self._may_leave():
                raise TooLate("Who sends this request may not send any more.")
            if isinstance(sock, socket.socket):
                self._let_go()
                self._socket = socket.fromfd(sock.fileno(), sock.family, sock.type)
            self._left = self._left or leaving

    def abort(self) -> bool:
        """Wake the thread, whatever it waits for on the socket. Returns whether the request may have left."""
        with self._lock:
            self._aborted = True
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)
            return self._left

    def abort_after(self, seconds: float) -> None:
        """The same later, where nobody waits for the answer any more but its thread must come free."""
        timer = threading.Timer(max(seconds, 0.0), self.abort)
        timer.daemon = True
        timer.start()

    def end(self) -> None:
        """The connection goes back to its pool; a late abort must not cut somebody else's answer."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class Wire(threading.local):
    """The exchange of this thread; urllib3 gives connections no other way to know whom they work for."""

    exchange: Exchange | None = None


def connect_to(connection: HTTPConnection, resolve: Resolve) -> socket.socket:
    """A socket to one of the checked addresses, tried in the resolver's order, errors as urllib3 words them."""
    port = int(connection.port or 0)
    failure: OSError | None = None
    for address in resolve(connection.host, port):
        try:
            return create_connection((address, port), connection.timeout, socket_options=connection.socket_options)
        except OSError as trouble:
            failure = trouble
    if isinstance(failure, TimeoutError):
        raise ConnectTimeoutError(connection, "Connecting took too long.") from failure
    raise NewConnectionError(connection, "Nobody answers at that address.") from failure


def pinned_pools(resolve: Resolve | None, wire: Wire) -> dict[str, Any]:
    """Pool classes for urllib3's pool manager, by scheme.

    With `resolve` None (behind a proxy, which resolves for itself) connections only tell what has left.
    """

    class Watched(HTTPConnection):
        def endheaders(self, message_body: Any = None, *, encode_chunked: bool = False) -> None:
            if self.sock is None:
                self.connect()
            if wire.exchange is not None:
                wire.exchange.hold(self.sock, leaving=True)
            super().endheaders(message_body, encode_chunked=encode_chunked)

        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn() if resolve is None else connect_to(self, resolve)
            try:
                if wire.exchange is not None:
                    wire.exchange.hold(sock)
            except TooLate:
                sock.close()
                raise
            return sock

    class WatchedTLS(Watched, HTTPSConnection):
        """The same over TLS; the method order puts our socket under urllib3's handshake."""

    class Pool(HTTPConnectionPool):
        ConnectionCls = Watched

    class TLSPool(HTTPSConnectionPool):
        ConnectionCls = WatchedTLS

    return {"http": Pool, "https": TLSPool}
