"""The address that was judged is the one connected to, and TLS still belongs to the name."""

from __future__ import annotations

import datetime
import socket
import ssl
import threading
import time as real_time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from jira_integration.client.exceptions import ErrorCode, JiraAddressRefused, JiraUnavailable
from jira_integration.client.guard import Guard
from tests.client.conftest import MakeTransport
from tests.client.scripted import ScriptedServer

MYSELF = "/rest/api/3/myself"


class Resolver:
    """Gives the next of `answers` each time it is asked; the last one for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def test_the_connection_goes_to_the_address_the_guard_saw_under_the_name_that_was_asked_for(
    server: ScriptedServer, make_transport: MakeTransport
) -> None:
    resolver = Resolver(["127.0.0.1"])
    guard = Guard(allow_loopback_http=True, resolver=resolver)
    transport = make_transport(f"http://nowhere.localhost:{server.port}", guard, pool=1)

    await transport.request("GET", MYSELF)
    await transport.request("GET", MYSELF)

    assert resolver.asked == ["nowhere.localhost"]
    assert f"Host: nowhere.localhost:{server.port}".encode() in server.requests[0]


async def test_a_name_that_turns_to_our_own_network_is_refused_before_anything_is_sent(
    server: ScriptedServer, make_transport: MakeTransport
) -> None:
    resolver = Resolver(["104.192.141.1"], ["127.0.0.1"])
    guard = Guard(resolver=resolver)
    guard.resolve("rebinding.test", 443)  # what setup saw
    transport = make_transport("https://rebinding.test", guard)

    with pytest.raises(JiraAddressRefused) as caught:
        await transport.request("GET", MYSELF)

    assert caught.value.code == ErrorCode.FORBIDDEN_ADDRESS
    assert server.connections == 0
    assert transport.sent.total == 0


async def test_one_private_address_among_public_ones_condemns_the_name(make_transport: MakeTransport) -> None:
    guard = Guard(resolver=Resolver(["104.192.141.1", "10.0.0.5"]))

    with pytest.raises(JiraAddressRefused):
        await make_transport("https://mixed.test", guard).request("GET", MYSELF)


async def test_the_second_address_is_tried_when_nobody_answers_at_the_first(
    server: ScriptedServer, make_transport: MakeTransport
) -> None:
    guard = Guard(allow_loopback_http=True, resolver=Resolver(["127.0.0.9", "127.0.0.1"]))
    transport = make_transport(f"http://twice.localhost:{server.port}", guard)

    await transport.request("GET", MYSELF)

    assert len(server.requests) == 1


async def test_a_name_nobody_knows_is_said_to_be_unknown(make_transport: MakeTransport) -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    transport = make_transport("https://acme.atlasian.net", Guard(resolver=unknown), tries=1)

    with pytest.raises(JiraUnavailable) as caught:
        await transport.request("POST", "/rest/api/3/issue/bulk", json={})

    assert caught.value.code == ErrorCode.DNS
    assert not caught.value.outcome_unknown


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for jira.acme.test, its key in the same file; it vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "jira.acme.test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(7)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("jira.acme.test")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "jira.pem"
    encoding, plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    pem.write_bytes(key.private_bytes(encoding, plain, serialization.NoEncryption()) + made.public_bytes(encoding))
    return pem


@pytest.fixture
def names_asked() -> list[str | None]:
    return []


@pytest.fixture
def tls_server(certificate: Path, names_asked: list[str | None]) -> Iterator[ScriptedServer]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _socket, name, _context: names_asked.append(name)
    with ScriptedServer(context) as running:
        yield running


async def test_tls_asks_for_and_checks_the_name_while_the_socket_goes_to_the_address(
    tls_server: ScriptedServer, make_transport: MakeTransport, certificate: Path, names_asked: list[str | None]
) -> None:
    guard = Guard(allowed_hosts={"jira.acme.test"}, resolver=Resolver(["127.0.0.1"]))
    transport = make_transport(f"https://jira.acme.test:{tls_server.port}", guard, ca_bundle=str(certificate))

    await transport.request("GET", MYSELF)

    assert names_asked == ["jira.acme.test"]
    assert f"Host: jira.acme.test:{tls_server.port}".encode() in tls_server.requests[0]


async def test_a_certificate_for_another_name_is_refused_and_nothing_is_sent(
    tls_server: ScriptedServer, make_transport: MakeTransport, certificate: Path
) -> None:
    guard = Guard(allowed_hosts={"other.acme.test"}, resolver=Resolver(["127.0.0.1"]))
    transport = make_transport(f"https://other.acme.test:{tls_server.port}", guard, ca_bundle=str(certificate))

    with pytest.raises(JiraUnavailable) as caught:
        await transport.request("POST", "/rest/api/3/issue/bulk", json={})

    assert caught.value.code == ErrorCode.TLS
    assert not caught.value.outcome_unknown
    assert tls_server.requests == []


async def test_a_certificate_nobody_vouches_for_is_refused(
    tls_server: ScriptedServer, make_transport: MakeTransport
) -> None:
    guard = Guard(allowed_hosts={"jira.acme.test"}, resolver=Resolver(["127.0.0.1"]))
    transport = make_transport(f"https://jira.acme.test:{tls_server.port}", guard)

    with pytest.raises(JiraUnavailable) as caught:
        await transport.request("GET", MYSELF)

    assert caught.value.code == ErrorCode.TLS


async def test_a_slow_answer_over_tls_is_cut_at_the_deadline_too(
    tls_server: ScriptedServer, make_transport: MakeTransport, certificate: Path
) -> None:
    tls_server.script = [lambda _: tls_server.released.wait(10)]
    guard = Guard(allowed_hosts={"jira.acme.test"}, resolver=Resolver(["127.0.0.1"]))
    transport = make_transport(f"https://jira.acme.test:{tls_server.port}", guard, ca_bundle=str(certificate))

    with pytest.raises(JiraUnavailable) as caught:
        await transport.request("POST", "/rest/api/3/issue/bulk", json={}, deadline=0.5)
    await transport.aclose()
    tls_server.released.set()

    assert caught.value.code == ErrorCode.TIMEOUT
    assert caught.value.outcome_unknown


async def test_a_handshake_that_drips_is_cut_at_the_deadline_and_nothing_was_sent(
    server: ScriptedServer, make_transport: MakeTransport
) -> None:
    def never_a_hello(connection: socket.socket) -> None:
        connection.sendall(b"\x16\x03\x03\x40\x00")  # a record of 16 kB is announced, and comes byte by byte
        while True:
            connection.sendall(b"\x00")
            real_time.sleep(0.02)

    server.greet = never_a_hello
    guard = Guard(allowed_hosts={"jira.acme.test"}, resolver=Resolver(["127.0.0.1"]))
    transport = make_transport(f"https://jira.acme.test:{server.port}", guard)
    began = real_time.monotonic()

    with pytest.raises(JiraUnavailable) as caught:
        await transport.request("POST", "/rest/api/3/issue/bulk", json={}, deadline=0.3)
    await transport.aclose()

    assert real_time.monotonic() - began < 3
    assert not caught.value.outcome_unknown
    assert server.connections == 1
    assert transport.sent.total == 0


async def test_a_create_whose_time_is_over_while_its_name_is_looked_up_never_leaves(
    server: ScriptedServer, make_transport: MakeTransport
) -> None:
    found = threading.Event()

    def slow(host: str, port: int) -> list[str]:
        found.wait(10)
        return ["127.0.0.1"]

    guard = Guard(allow_loopback_http=True, resolver=slow)
    transport = make_transport(f"http://slow.localhost:{server.port}", guard)

    with pytest.raises(JiraUnavailable) as caught:
        await transport.request("POST", "/rest/api/3/issue/bulk", json={}, deadline=0.2)
    found.set()
    await transport.aclose()

    assert caught.value.code == ErrorCode.TIMEOUT
    assert not caught.value.outcome_unknown
    assert server.requests == []
    assert transport.sent.total == 0
