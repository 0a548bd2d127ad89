"""What answers at an address that a person typed: is it Jira, of which kind, what does it call itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from jira_integration.client import DataCenterClient, JiraClient
from jira_integration.client.auth import Anonymous, Auth
from jira_integration.client.exceptions import ErrorCode, JiraError, JiraNotFound, JiraUnavailable
from jira_integration.client.guard import SiteAddress, normalise_site
from jira_integration.client.schemas import ServerInfo
from jira_integration.client.transport import Transport
from jira_integration.conf import conf
from jira_integration.models import JiraConnection
from jira_integration.setup.certificates import ca_file
from jira_integration.setup.connect import client_for, guard

PERSON_WAITS_SECONDS = 15.0  # in the wizard somebody looks at a page that does not move
Deployment = JiraConnection.Deployment
NOT_HERE = frozenset({ErrorCode.NOT_JIRA, ErrorCode.NOT_FOUND, ErrorCode.UNREADABLE, ErrorCode.REDIRECTED})


@dataclass(frozen=True)
class FoundSite:
    """A Jira that answered. `cut` is what was left out of the typed address ("/jira/software/projects/SHOP")."""

    url: str
    deployment: str
    title: str
    version: str
    cut: str = ""

    @property
    def named(self) -> str:
        """ "Acme", or the host where Jira has no title."""
        return self.title or self.url.split("://", 1)[-1]


async def discover_site(typed: str, *, ca_pem: str = "", seconds: float = PERSON_WAITS_SECONDS) -> FoundSite:
    """Ask the address for Jira's serverInfo, without any login: what answers decides which kind of Jira it is.

    A path before Jira's own pages is tried as Data Center's context path first, then without. `ca_pem` are the
    certificates of a private site's own authority.

    Raises JiraAddressRefused (bad_address, not_https, forbidden_address) before anything is sent, JiraUnavailable
    (dns, refused, tls, timeout, …), JiraRejected (not_jira) or what else stands at that address instead of Jira.
    """
    addresses = [normalise_site(typed, keep_context=True)]
    if addresses[0].context:
        addresses.append(normalise_site(typed))
    trouble: JiraError | None = None
    for address in addresses:
        try:
            info, kind = await _server_info(address, ca_pem, seconds / len(addresses))
        except JiraError as error:
            trouble = as_not_jira(error)
            if trouble.code not in NOT_HERE:
                break
        else:
            return FoundSite(
                url=address.url,
                deployment=kind,
                title=info.server_title[:200],
                version=info.version,
                cut=cut_off(typed, address),
            )
    assert trouble is not None
    raise trouble


@asynccontextmanager
async def quick_client(
    url: str, auth: Auth, seconds: float, *, deployment: str = Deployment.CLOUD, ca_pem: str = ""
) -> AsyncIterator[JiraClient]:
    """A client for an address or a login that is not saved yet; `seconds` for each request, no repeats.

    What it meets touches no connection's state: a mistyped new token says nothing about the saved one.
    """
    with ca_file(ca_pem) as certificates:
        transport = Transport(
            url,
            auth,
            guard(),
            pool=1,
            connect_timeout=min(conf.CONNECT_TIMEOUT_SECONDS, seconds),
            read_timeout=seconds,
            deadline=seconds,
            tries=1,
            max_bytes=conf.MAX_ANSWER_BYTES,
            proxy=conf.PROXY or None,
            ca_bundle=certificates,
        )
        try:
            yield client_for(deployment, transport)
        finally:
            await transport.aclose()


async def _server_info(address: SiteAddress, ca_pem: str, seconds: float) -> tuple[ServerInfo, str]:
    """What answers, and which kind it is. Both kinds have version 2 of this address, only Cloud has version 3."""
    async with quick_client(address.url, Anonymous(), seconds, ca_pem=ca_pem) as jira:
        try:
            info = await jira.server_info()
        except JiraError as trouble:
            if as_not_jira(trouble).code not in NOT_HERE:
                raise
            info = await DataCenterClient(jira.transport).server_info()
    if not info.deployment_type and not info.version:
        raise JiraUnavailable("serverInfo named neither a version nor a kind of Jira.", code=ErrorCode.NOT_JIRA)
    return info, Deployment.CLOUD if info.is_cloud else Deployment.DATACENTER


def as_not_jira(error: JiraError) -> JiraError:
    """Whatever else answers with a clear no where serverInfo should be is not Jira."""
    if isinstance(error, JiraNotFound) or error.code in (ErrorCode.UNREADABLE, ErrorCode.REJECTED):
        return JiraUnavailable(str(error), status=error.status, code=ErrorCode.NOT_JIRA)
    return error


def cut_off(typed: str, address: SiteAddress) -> str:
    """The part of the typed address that is not used: "/browse/SHOP-7"; a slash at the end does not count."""
    text = typed.strip()
    parts = urlsplit(text if "://" in text else f"https://{text.removeprefix('//')}")
    rest = parts.path.removeprefix(address.context).rstrip("/")
    return rest + (f"?{parts.query}" if parts.query else "") + (f"#{parts.fragment}" if parts.fragment else "")


def likely(typed: str) -> str:
    """What was typed, as an error names it: the host where there is one, else the text, cut."""
    try:
        return normalise_site(typed).url.split("://", 1)[-1]
    except JiraError:
        return typed.strip()[:80]
