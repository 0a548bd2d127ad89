"""The guard as a whole: addresses and tricks that lead inside, typed as a site, and traps that would notice.

The pieces (spelling, ranges, pinning) have tests of their own in test_guard.py and test_pinning.py. Here every address
goes the whole way a person's does, and what counts is whether a socket inside was opened.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from jira_integration.client.auth import BasicToken
from jira_integration.client.exceptions import JiraAddressRefused, JiraError
from jira_integration.client.guard import Guard, normalise_site
from jira_integration.client.transport import Transport
from tests.client.scripted import ScriptedServer, answer
from tests.private_ca import PrivateCa

MYSELF = "/rest/api/3/myself"
TOKEN = "a-token-that-stays-here"

# {port} is the trap's. Each of these leads to this machine, its network or its cloud's metadata, or would on some
# resolver, some parser or some system.
TRICKS = [
    # loopback, in every spelling that inet_aton, a browser or a URL parser has ever read
    "http://127.0.0.1:{port}",
    "https://127.0.0.1:{port}",
    "https://127.0.0.1",
    "https://127.0.0.2:{port}",
    "https://127.255.255.254:{port}",
    "https://127.1:{port}",
    "https://127.0.1:{port}",
    "https://2130706433:{port}",
    "https://0x7f000001:{port}",
    "https://0x7f.0x0.0x0.0x1:{port}",
    "https://0177.0.0.1:{port}",
    "https://017700000001:{port}",
    "https://0177.0.0x1:{port}",
    "https://127.0.0.1.:{port}",
    "https://127.000.000.001:{port}",
    "https://1.0.0.127.in-addr.arpa@127.0.0.1:{port}",
    "https://0:{port}",
    "https://0.0.0.0:{port}",
    "https://00000000:{port}",
    "https://4294967295:{port}",
    "https://localhost:{port}",
    "https://LOCALHOST:{port}",
    "https://localhost.:{port}",
    "https://x.localhost:{port}",
    "https://localhost.localdomain:{port}",
    # digits and dots of other scripts
    "https://１２７.０.０.１:{port}",
    "https://①②⑦.0.0.1:{port}",
    "https://127。0。0。1:{port}",
    "https://127．0．0．1:{port}",
    "https://127｡0｡0｡1:{port}",
    "https://ｌｏｃａｌｈｏｓｔ:{port}",
    "https://loc\u00adalhost:{port}",
    "https://local\u200bhost:{port}",
    "https://𝟏𝟐𝟕.𝟎.𝟎.𝟏:{port}",
    # IPv6, and IPv4 inside it
    "https://[::1]:{port}",
    "https://[0:0:0:0:0:0:0:1]:{port}",
    "https://[::]:{port}",
    "https://[::ffff:127.0.0.1]:{port}",
    "https://[::ffff:7f00:1]:{port}",
    "https://[::127.0.0.1]:{port}",
    "https://[::ffff:0:127.0.0.1]:{port}",
    "https://[64:ff9b::127.0.0.1]:{port}",
    "https://[64:ff9b:1::127.0.0.1]:{port}",
    "https://[2002:7f00:1::]:{port}",
    "https://[2001:0:7f00:1::]:{port}",
    "https://[fe80::1%25lo]:{port}",
    "https://[fe80::1%lo]:{port}",
    "https://[::1%25lo]:{port}",
    "https://[fc00::1]:{port}",
    "https://[ff02::1]:{port}",
    # private networks and the metadata of clouds
    "https://10.0.0.1",
    "https://172.16.0.1",
    "https://192.168.0.1",
    "https://100.64.0.1",
    "https://169.254.169.254",
    "http://169.254.169.254/latest/meta-data/",
    "https://[::ffff:169.254.169.254]",
    "https://[fd00:ec2::254]",
    "https://0xa9fea9fe",
    "https://2852039166",
    "https://0251.0376.0251.0376",
    "https://100.100.100.200",
    "https://168.63.129.16",
    "https://192.0.0.192",
    "https://metadata.google.internal",
    # addresses that read as one host and lead to another
    "https://acme.atlassian.net@127.0.0.1:{port}",
    "https://acme.atlassian.net:443@127.0.0.1:{port}/",
    "https://acme.atlassian.net\\@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}\\@acme.atlassian.net/",
    "https://127.0.0.1:{port}#@acme.atlassian.net/",
    "https://127.0.0.1:{port}?@acme.atlassian.net/",
    "https://acme.atlassian.net%40127.0.0.1:{port}",
    "https://127.0.0.1%23.atlassian.net:{port}",
    "https://127.0.0.1%00.atlassian.net:{port}",
    "https://127.0.0.1\t:{port}",
    "https://127.0.0.1\r\nHost: acme.atlassian.net:{port}",
    "https:127.0.0.1:{port}",
    "https:/127.0.0.1:{port}",
    "https:///127.0.0.1:{port}",
    "//127.0.0.1:{port}",
    "127.0.0.1:{port}",
    "https://127.0.0.1:{port}/https://acme.atlassian.net",
    "https://..127.0.0.1:{port}",
    "https://.:{port}",
    "https://acme..atlassian.net:{port}",
    # names that point inside
    "https://inside.example",
    "https://inside.example:8443",
    "https://inside.example:{port}",
    "https://mixed.example",
    "https://rebinds.example",
    "https://metadata.example",
    "https://mapped.example",
    "https://nat64.example",
    # other protocols and ports
    "http://public.example",
    "https://public.example:22",
    "https://public.example:6379",
    "https://public.example:{port}",
    "gopher://127.0.0.1:{port}/_x",
    "file:///etc/passwd",
    "ftp://127.0.0.1:{port}",
    "dict://127.0.0.1:{port}/x",
    "unix:///run/redis.sock",
]
PUBLIC = "104.192.141.1"
NAMES = {
    "inside.example": [["127.0.0.1"]],
    "mixed.example": [[PUBLIC, "127.0.0.1"]],
    "rebinds.example": [[PUBLIC], ["127.0.0.1"]],  # the second question gets the other answer
    "metadata.example": [["169.254.169.254"]],
    "mapped.example": [["::ffff:127.0.0.1"]],
    "nat64.example": [["64:ff9b::7f00:1"]],
    "metadata.google.internal": [["169.254.169.254"]],
    "localhost": [["127.0.0.1"]],
    "x.localhost": [["127.0.0.1"]],
    "localhost.localdomain": [["127.0.0.1"]],
    "public.example": [[PUBLIC]],
    "allowed.example": [["127.0.0.1"]],
}


class LocalResolver:
    """A resolver as an attacker would run it: it knows NAMES, and changes an answer from one question to the next."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        if host not in NAMES:
            raise OSError("Name or service not known")
        answers = NAMES[host]
        return answers[min(self.asked.count(host), len(answers)) - 1]


class Sockets:
    """Every address this process opens a socket to, at the system's own door; what is not loopback goes nowhere."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened: list[str] = []
        before = socket.socket.connect

        def connect(sock: socket.socket, address: tuple[str, int]) -> None:
            if sock.family in (socket.AF_INET, socket.AF_INET6):
                self.opened.append(address[0])
                if not address[0].startswith("127."):
                    raise ConnectionRefusedError("No way out of this test.")
            before(sock, address)

        monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> Sockets:
    return Sockets(monkeypatch)


@pytest.fixture
def trap() -> Iterator[ScriptedServer]:
    """Listens where it must never be heard."""
    with ScriptedServer() as running:
        yield running


async def visit(typed: str, guard: Guard, **options: object) -> str:
    """The whole way of an address: read, judged, resolved, connected. How it ended."""
    try:
        site = normalise_site(typed, keep_context=True)
        transport = Transport(site.url, BasicToken("qa-bot", TOKEN), guard, tries=1, connect_timeout=1, **options)  # type: ignore[arg-type]
    except JiraAddressRefused:
        return "refused"
    try:
        await transport.request("GET", MYSELF, deadline=3)
    except JiraAddressRefused:
        return "refused"
    except JiraError as trouble:
        return str(trouble.code)
    finally:
        await transport.aclose()
    return "answered"


@pytest.mark.parametrize("typed", TRICKS)
async def test_no_trick_opens_a_socket_inside(typed: str, trap: ScriptedServer, sockets: Sockets) -> None:
    guard = Guard(resolver=LocalResolver())

    ended = await visit(typed.format(port=trap.port), guard)
    again = await visit(typed.format(port=trap.port), guard)  # a name that rebinds has changed its answer by now

    assert trap.connections == 0
    assert set(sockets.opened) <= {PUBLIC}
    assert "answered" not in (ended, again)
    assert "refused" in (ended, again) or "dns" in (ended, again)


def test_there_are_tricks_enough() -> None:
    assert len(set(TRICKS)) >= 60


async def test_the_trap_hears_what_is_allowed(trap: ScriptedServer, sockets: Sockets, tmp_path: Path) -> None:
    """The positive control: the same way, the same names, with the host opened by an admin, over TLS."""
    ca = PrivateCa(tmp_path)
    issued = ca.issue("allowed.example")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(issued.cert, issued.key)
    with ScriptedServer(context) as allowed:
        guard = Guard(allowed_hosts={"allowed.example"}, resolver=LocalResolver())

        ended = await visit(f"https://allowed.example:{allowed.port}", guard, ca_bundle=str(ca.file))

        assert ended == "answered"
        assert allowed.connections == 1
        assert sockets.opened == ["127.0.0.1"]
    assert trap.connections == 0


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:{port}/",
        "https://127.0.0.1:{port}/",
        "http://169.254.169.254/latest/meta-data/",
        "//127.0.0.1:{port}/",
        "http://inside.example:{port}/",
        "/rest/api/3/serverInfo",
    ],
)
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Again", "308 For good"])
async def test_no_redirect_is_followed_wherever_it_leads(
    target: str, status: str, trap: ScriptedServer, sockets: Sockets
) -> None:
    with ScriptedServer() as site:
        site.script = [answer(b"", status, Location=target.format(port=trap.port))]
        guard = Guard(allow_loopback_http=True, resolver=LocalResolver())

        ended = await visit(site.url, guard)

        assert len(site.requests) == 1
    assert ended != "answered"
    assert trap.connections == 0
    assert len(sockets.opened) == 1


async def test_behind_a_proxy_what_this_machine_knows_to_be_inside_is_still_refused(
    trap: ScriptedServer, sockets: Sockets
) -> None:
    guard = Guard(resolver=LocalResolver())
    proxy = f"http://127.0.0.1:{trap.port}"

    ended = [await visit(f"https://{name}.example", guard, proxy=proxy) for name in ("inside", "mixed", "metadata")]

    assert ended == ["refused"] * 3
    assert trap.connections == 0
