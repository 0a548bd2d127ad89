from __future__ import annotations

import socket

import pytest

from jira_integration.client.auth import Anonymous
from jira_integration.client.exceptions import ErrorCode, JiraAddressRefused, JiraUnavailable
from jira_integration.client.guard import Guard, api_base, normalise_site
from jira_integration.client.transport import Transport

PUBLIC = "104.192.141.1"


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("acme.atlassian.net", "https://acme.atlassian.net"),
        ("  https://acme.atlassian.net/  ", "https://acme.atlassian.net"),
        ("HTTPS://ACME.Atlassian.NET", "https://acme.atlassian.net"),
        ("https://acme.atlassian.net./", "https://acme.atlassian.net"),
        ("https://acme.atlassian.net:443", "https://acme.atlassian.net"),
        ("//acme.atlassian.net", "https://acme.atlassian.net"),
        ("https://acme.atlassian.net/browse/SHOP-7?focusedId=1#c", "https://acme.atlassian.net"),
        ("acme.atlassian.net/jira/software/projects/SHOP/boards/1", "https://acme.atlassian.net"),
        ("https://jira.acme.test:8443/secure/Dashboard.jspa", "https://jira.acme.test:8443"),
        ("https://bücher.example/", "https://xn--bcher-kva.example"),
        ("https://acme。atlassian．net", "https://acme.atlassian.net"),
        ("http://localhost:8001/", "http://localhost:8001"),
        ("localhost:8001", "https://localhost:8001"),
        ("https://[2606:4700::6810:84E5]:8443/x", "https://[2606:4700::6810:84e5]:8443"),
        ("http://acme.atlassian.net:80", "http://acme.atlassian.net"),
    ],
)
def test_what_people_paste_becomes_the_sites_origin(typed: str, origin: str) -> None:
    assert normalise_site(typed).url == origin


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("https://intranet.test/jira/browse/SHOP-7", "https://intranet.test/jira"),
        ("https://intranet.test/jira/", "https://intranet.test/jira"),
        ("https://intranet.test/tools/jira/secure/Dashboard.jspa", "https://intranet.test/tools/jira"),
        ("https://intranet.test/browse/SHOP-7", "https://intranet.test"),
        ("https://intranet.test", "https://intranet.test"),
        ("https://acme.atlassian.net/jira/projects", "https://acme.atlassian.net"),
    ],
)
def test_a_data_center_context_path_is_kept_when_asked_for(typed: str, url: str) -> None:
    assert normalise_site(typed, keep_context=True).url == url


def test_the_base_of_an_api_keeps_its_own_path_whole() -> None:
    assert api_base("https://api.atlassian.com/ex/jira/11-22/").url == "https://api.atlassian.com/ex/jira/11-22"


@pytest.mark.parametrize(
    "text", ["https://a.test/..", "https://a.test/x/%2e%2e/y", "https://a.test/a b", "https://a.test/ä"]
)
def test_a_path_that_is_not_plain_is_refused(text: str) -> None:
    with pytest.raises(JiraAddressRefused):
        api_base(text)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "https://",
        "https:///browse",
        "https://mira@acme.atlassian.net",
        "https://mira:secret@acme.atlassian.net",
        "https://acme.atlassian.net@127.0.0.1/",
        "https://acme.atlassian.net\\@127.0.0.1/",
        "https://acme.atlassian.net/\r\nHost: x",
        "https://acme .atlassian.net",
        "https://acme%2eatlassian.net",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://0x7f.0.0.1/",
        "https://0x7f000001/",
        "https://2130706433/",
        "https://017700000001/",
        "https://127.0.0.0x1/",
        "https://１２７.１/",
        "https://[::1",
        "https://[fe80::1%25eth0]/",
        "https://[not-an-address]/",
        "https://acme.atlassian.net:0/",
        "https://acme.atlassian.net:99999/",
        "https://acme..net",
        "https://-acme.net",
        "https://a" + "a" * 63 + ".net",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "ftp://acme.atlassian.net",
        "gopher://acme.atlassian.net",
        "https://acme.atlassian.net/" + "x" * 2000,
    ],
)
def test_what_is_no_address_or_hides_where_it_leads_is_refused_without_being_quoted(typed: str) -> None:
    with pytest.raises(JiraAddressRefused) as caught:
        normalise_site(typed)

    assert caught.value.code == ErrorCode.BAD_ADDRESS
    assert "secret" not in str(caught.value)


FORBIDDEN = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:104.192.141.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "2001:db8::1",
    "2001:10::1",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fe80::5efe:10.0.0.1",
    "2606:4700::5efe:127.0.0.1",
    "fec0::1",
    "ff02::1",
    "5f00::1",
    "100::1",
]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_a_name_that_leads_to_a_private_or_reserved_address_is_refused(address: str) -> None:
    guard = Guard(resolver=lambda host, port: [address])

    with pytest.raises(JiraAddressRefused) as caught:
        guard.resolve("harmless.example", 443)

    assert caught.value.code == ErrorCode.FORBIDDEN_ADDRESS


@pytest.mark.parametrize("address", [address for address in FORBIDDEN if "%" not in address])
def test_a_private_or_reserved_address_typed_as_such_is_refused_before_any_request(address: str) -> None:
    host = f"[{address}]" if ":" in address else address

    with pytest.raises(JiraAddressRefused):
        Transport(f"https://{host}", Anonymous(), Guard())


@pytest.mark.parametrize("address", [PUBLIC, "2606:4700::6810:84e5", "64:ff9b::68c0:8d01"])
def test_public_addresses_are_let_through(address: str) -> None:
    guard = Guard(resolver=lambda host, port: [address])

    assert guard.resolve("acme.atlassian.net", 443) == (address,)


@pytest.mark.parametrize("disguise", ["2130706433", "0x7f000001", "017700000001", "127.1", "0177.1"])
def test_numbers_in_disguise_are_judged_by_where_the_system_would_go(disguise: str) -> None:
    def like_the_system(host: str, port: int) -> list[str]:
        return [socket.inet_ntoa(socket.inet_aton(host))]

    with pytest.raises(JiraAddressRefused):
        Guard(resolver=like_the_system).resolve(disguise, 443)


def test_plain_http_is_refused_even_to_an_opened_host() -> None:
    with pytest.raises(JiraAddressRefused) as caught:
        Guard(allowed_hosts={"jira.acme.test"}).check(normalise_site("http://jira.acme.test"))

    assert caught.value.code == ErrorCode.NOT_HTTPS


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8001", "http://localhost:8001", "http://[::1]:8001", "http://a.localhost"]
)
def test_the_local_profile_may_use_http_to_loopback(url: str) -> None:
    Guard(allow_loopback_http=True).check(normalise_site(url))

    with pytest.raises(JiraAddressRefused):
        Guard().check(normalise_site(url))


def test_a_public_name_does_not_become_loopback_in_the_local_profile() -> None:
    guard = Guard(allow_loopback_http=True, resolver=lambda host, port: ["127.0.0.1"])

    assert guard.resolve("sandbox.localhost", 8001) == ("127.0.0.1",)
    with pytest.raises(JiraAddressRefused):
        guard.resolve("acme.atlassian.net", 443)
    with pytest.raises(JiraAddressRefused):
        guard.check(normalise_site("http://acme.atlassian.net"))


def test_loopback_names_do_not_open_the_rest_of_the_network() -> None:
    guard = Guard(allow_loopback_http=True, resolver=lambda host, port: ["10.0.0.1"])

    with pytest.raises(JiraAddressRefused):
        guard.resolve("localhost", 8001)


def test_a_host_an_admin_opened_may_be_private_and_use_any_port() -> None:
    guard = Guard(allowed_hosts={"Jira.Acme.Test"}, resolver=lambda host, port: ["10.1.2.3"])

    guard.check(normalise_site("https://jira.acme.test:9443"))

    assert guard.resolve("jira.acme.test", 9443) == ("10.1.2.3",)
    with pytest.raises(JiraAddressRefused):
        guard.resolve("sub.jira.acme.test", 443)


@pytest.mark.parametrize("address", ["169.254.169.254", "0.0.0.0", "224.0.0.1", "::ffff:169.254.169.254", "fe80::1"])
def test_not_even_an_opened_host_may_lead_to_what_no_site_can_be(address: str) -> None:
    guard = Guard(allowed_hosts={"jira.acme.test"}, resolver=lambda host, port: [address])

    with pytest.raises(JiraAddressRefused):
        guard.resolve("jira.acme.test", 443)


@pytest.mark.parametrize("port", [22, 25, 80, 6379, 5432])
def test_other_hosts_are_reached_on_the_ordinary_ports_only(port: int) -> None:
    with pytest.raises(JiraAddressRefused) as caught:
        Guard().check(normalise_site(f"https://acme.example:{port}"))

    assert caught.value.code == ErrorCode.FORBIDDEN_ADDRESS


def test_a_name_with_no_address_is_unavailable_not_refused() -> None:
    with pytest.raises(JiraUnavailable) as caught:
        Guard(resolver=lambda host, port: []).resolve("acme.atlasian.net", 443)

    assert caught.value.code == ErrorCode.DNS


def test_the_system_knows_localhost() -> None:
    assert "127.0.0.1" in Guard(allow_loopback_http=True).resolve("localhost", 80)
