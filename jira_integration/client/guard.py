"""Where we may connect to. A person types the address, so it must not become a way into our own network.

`normalise_site` reads what was typed; `Guard.check` judges its scheme, host and port; `Guard.resolve` asks the
resolver once and judges every address it gives. The transport then connects to exactly those addresses, so a name
that changes its mind between look and leap (DNS rebinding) gains nothing. docs/decisions/0003-the-client.md.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import idna

from jira_integration.client.addresses import Address, embedded_ipv4, is_public, never_a_site
from jira_integration.client.exceptions import ErrorCode, JiraAddressRefused, JiraUnavailable

ORDINARY_PORTS = frozenset({443, 8443})
# Where Data Center's own pages and its API begin; what stands before one of these is a context path.
JIRA_PATHS = frozenset({"browse", "issues", "login.jsp", "plugins", "projects", "rest", "secure", "servicedesk"})
CLOUD_DOMAINS = (".atlassian.net", ".jira.com", ".jira-dev.com")

Resolver = Callable[[str, int], Iterable[str]]


@dataclass(frozen=True, slots=True)
class SiteAddress:
    """One Jira site. `host` is ASCII (punycode for other scripts); `context` is empty or like "/jira"."""

    scheme: str
    host: str
    port: int | None = None
    context: str = ""

    @property
    def origin(self) -> str:
        """https://acme.atlassian.net, with a port only where it is not the scheme's own; secrets are bound to it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (f":{self.port}" if self.port else "")

    @property
    def url(self) -> str:
        """The origin with the context path: what API paths are appended to."""
        return self.origin + self.context

    @property
    def effective_port(self) -> int:
        return self.port or (443 if self.scheme == "https" else 80)

    def __str__(self) -> str:
        return self.url


def normalise_site(text: str, *, keep_context: bool = False) -> SiteAddress:
    """Read what a person pasted as a Jira address: a name, an origin, or the address of any page in Jira.

    Without a scheme it is https. Everything after the host is cut; with `keep_context` (Data Center) the part before
    Jira's own paths stays: https://intranet.test/jira/browse/SHOP-7 becomes https://intranet.test/jira.

    Raises JiraAddressRefused (bad_address) for what is no address, or one that hides where it leads: user info,
    backslashes, spaces, control characters, numbers in disguise (0x7f000001, 127.1).
    """
    origin, path = taken_apart(text)
    return replace(origin, context=context_path(origin.host, path)) if keep_context else origin


def api_base(text: str) -> SiteAddress:
    """What API paths are appended to, its own path kept whole: a context path, or the gateway's /ex/jira/{id}."""
    origin, path = taken_apart(text)
    return replace(origin, context=plain_path(path.split("/")))


def taken_apart(text: str) -> tuple[SiteAddress, str]:
    """The origin of an address, judged by its spelling alone, and the path as it was typed."""
    typed = text.strip()
    if not typed or len(typed) > 2000 or re.search(r"[\s\\\x00-\x20\x7f-\x9f]", typed):
        raise refused(ErrorCode.BAD_ADDRESS, "the text cannot be read as an address")
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", typed):
        if re.match(r"(?:javascript|data|file|mailto|vbscript|about):", typed, re.IGNORECASE):
            raise refused(ErrorCode.BAD_ADDRESS, "the address is not one of the web")
        typed = "https://" + typed.removeprefix("//")
    try:
        parts = urlsplit(typed)
        port = parts.port
    except ValueError:
        raise refused(ErrorCode.BAD_ADDRESS, "the address cannot be taken apart") from None
    if parts.scheme not in {"http", "https"}:
        raise refused(ErrorCode.BAD_ADDRESS, "the address is not one of the web")
    if "@" in parts.netloc:
        raise refused(ErrorCode.BAD_ADDRESS, "the address holds a user name")
    host = ascii_host(parts.hostname or "", bracketed=parts.netloc.startswith("["))
    if port == 0:
        raise refused(ErrorCode.BAD_ADDRESS, "port 0 cannot be reached")
    ordinary = 443 if parts.scheme == "https" else 80
    return SiteAddress(parts.scheme, host, None if port == ordinary else port), parts.path


def context_path(host: str, path: str) -> str:
    """The part of a Data Center path before Jira's own pages: /jira, /tools/jira, or nothing. Cloud has none."""
    if host.endswith(CLOUD_DOMAINS):
        return ""
    kept: list[str] = []
    for segment in (part for part in path.split("/") if part):
        if segment in JIRA_PATHS:
            break
        kept.append(segment)
    return plain_path(kept)


def plain_path(segments: Iterable[str]) -> str:
    """The segments as a path without a slash at its end. Raises JiraAddressRefused for one that is not plain."""
    kept = [segment for segment in segments if segment]
    if not all(re.fullmatch(r"[A-Za-z0-9._~-]+", segment) and segment.strip(".") for segment in kept):
        raise refused(ErrorCode.BAD_ADDRESS, "the path of the address cannot be used")
    return "".join(f"/{segment}" for segment in kept)


def ascii_host(host: str, *, bracketed: bool = False) -> str:
    """The host as DNS knows it: lower case, punycode, no trailing dot; or an address in its one plain form.

    Wide digits and ideographic dots become what they look like first, and are judged after that.
    """
    if bracketed:
        try:
            address = ipaddress.IPv6Address(host)
        except ValueError:
            address = None
        if address is None or address.scope_id is not None:
            raise refused(ErrorCode.BAD_ADDRESS, "the address holds no plain IPv6 address between its brackets")
        return str(address)
    try:
        name = idna.encode(host, uts46=True).decode("ascii") if not host.isascii() else host.lower()
    except UnicodeError:
        raise refused(ErrorCode.BAD_ADDRESS, "the name of the host cannot be read") from None
    name = name.removesuffix(".")
    labels = name.split(".")
    if re.fullmatch(r"(?:0x[0-9a-f]*|[0-9]+)", labels[-1]):
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise refused(ErrorCode.BAD_ADDRESS, "the host is a number in disguise") from None
    # Underscores are no host names, but private DNS has them; browsers and Jira live with that.
    if len(name) > 253 or not all(re.fullmatch(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", label) for label in labels):
        raise refused(ErrorCode.BAD_ADDRESS, "the name of the host cannot be read")
    return name


def system_resolver(host: str, port: int) -> list[str]:
    """All addresses of a host, in the system's order of preference. Blocks; raises OSError when there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def refused(code: ErrorCode, why: str) -> JiraAddressRefused:
    return JiraAddressRefused(f"The address is refused: {why}.", code=code)


class Guard:
    """What this installation lets its people connect to.

    `allowed_hosts` are names (or addresses) an admin opened: they may be private and use any port, over https.
    `allow_loopback_http` is for the local profile and its sandbox only.
    """

    def __init__(
        self,
        allow_loopback_http: bool = False,
        allowed_hosts: Iterable[str] = frozenset(),
        *,
        resolver: Resolver = system_resolver,
    ) -> None:
        self.allow_loopback_http = allow_loopback_http
        self.allowed_hosts = frozenset(ascii_host(host.strip("[]"), bracketed=":" in host) for host in allowed_hosts)
        self._resolver = resolver

    def check(self, site: SiteAddress) -> None:
        """Judge scheme, host and port without touching the network. Raises JiraAddressRefused."""
        loopback = self.allow_loopback_http and is_loopback_name(site.host)
        if site.scheme != "https" and not loopback:
            raise refused(ErrorCode.NOT_HTTPS, "it must start with https://")
        if loopback or site.host in self.allowed_hosts:
            return
        if site.effective_port not in ORDINARY_PORTS:
            raise refused(ErrorCode.FORBIDDEN_ADDRESS, f"port {site.effective_port} is not open to us")
        if is_address(site.host):
            self._judge(site.host, site.host)

    def resolve(self, host: str, port: int) -> tuple[str, ...]:
        """The addresses to connect to, each judged; asks the resolver once. Blocks: call it in a thread.

        One bad address among good ones condemns all: a mixed answer is how a name is aimed at our own network.

        Raises JiraAddressRefused for a forbidden address, JiraUnavailable (dns) when the name is not found.
        """
        if is_address(host):
            found = [host]
        else:
            try:
                found = list(self._resolver(host, port))
            except (OSError, UnicodeError):
                found = []
        if not found:
            raise JiraUnavailable(f"The name {host} was not found.", code=ErrorCode.DNS)
        for address in found:
            self._judge(host, address)
        return tuple(found)

    def judge_for_proxy(self, host: str, port: int) -> None:
        """The same judgement where a proxy connects for us, as far as it goes: what this machine's resolver says.

        Behind many proxies there is no resolver for outside names; what is unknown here is the proxy's to judge.
        """
        try:
            self.resolve(host, port)
        except JiraUnavailable:
            return

    def _judge(self, host: str, text: str) -> None:
        try:
            address: Address = ipaddress.ip_address(text)
        except ValueError:
            raise refused(ErrorCode.FORBIDDEN_ADDRESS, "the resolver gave no plain address") from None
        plain = embedded_ipv4(address) or address
        if plain.is_loopback and self.allow_loopback_http and is_loopback_name(host):
            return
        if host in self.allowed_hosts and not never_a_site(address):
            return
        if not is_public(address):
            raise refused(ErrorCode.FORBIDDEN_ADDRESS, "it leads into a private or reserved network")

    def __repr__(self) -> str:
        return f"Guard(allow_loopback_http={self.allow_loopback_http}, allowed_hosts={sorted(self.allowed_hosts)})"


def is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback_name(host: str) -> bool:
    """Whether the name itself says loopback; a public name that resolves to 127.0.0.1 does not."""
    if is_address(host):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")
