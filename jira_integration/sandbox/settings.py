"""What one sandbox is told at its start."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

DC_VERSIONS = ("8.20", "9.12", "10.3")


class Flavour(StrEnum):
    CLOUD = "cloud"
    DATACENTER = "datacenter"


class BadLogin(StrEnum):
    """What Jira answers to a wrong token: both have been seen on real sites."""

    REFUSED = "refused"  # 401
    ANONYMOUS = "anonymous"  # the request goes on as nobody: 200 with little in it, or 404


@dataclass(frozen=True)
class Login:
    """A user's name, API token or personal access token, and the account; `password` is for the login
    page, and on Data Center for Basic."""

    user: str
    secret: str = field(repr=False)
    account_id: str
    password: str = field(default="", repr=False)


BOT_ACCOUNT = "5f0c1a7be8d4c30071b2aa01"
JONAS_ACCOUNT = "5f0c1a7be8d4c30071b2aa02"


@dataclass(frozen=True)
class SandboxSettings:
    """Every knob. Times are seconds or milliseconds as their names say; `base_url` is what `self` links begin with."""

    data_file: Path | None = None  # None: a temporary file, gone with the program
    base_url: str = ""  # empty: taken from the request's Host header
    flavour: Flavour = Flavour.CLOUD
    dc_version: str = "9.12"  # 8.20 has the old createmeta, 10.3 signs webhooks
    context: str = ""  # the path under which Data Center lives, such as /jira
    user: str = ""  # empty: qa-bot@example.test, or qa-bot on Data Center
    token: str = field(default="sandbox-token", repr=False)
    password: str = field(default="sandbox-password", repr=False)  # for the login page; Data Center takes it as Basic
    basic_auth: bool = True  # Data Center lets an administrator switch passwords off
    token_ended: bool = False  # every API token and personal access token has run out
    bad_login: BadLogin = BadLogin.REFUSED
    captcha_after: int = 0  # failed logins until Jira asks for a CAPTCHA; 0: never
    may_bulk_change: bool = True  # the global permission that bulk deletes need
    bulk_ms_per_issue: int = 0  # how long a bulk task works on one issue, by the site's clock
    bulk_ends: str = "COMPLETE"  # or FAILED, DEAD: then half of the issues are done
    account_is_admin: bool = True  # may register webhooks and suppress notifications
    site_zone: str = "Europe/Berlin"  # timestamps in answers
    account_zone: str = "America/New_York"  # times inside JQL
    latency_ms: int = 0
    latency_per_issue_ms: int = 0
    user_limit: int = 1000  # Data Center: requests a user has at once, and how many come back each second; 0: no limit
    user_fill_rate: int = 100
    indexed_properties: tuple[str, ...] = ()  # "key.path" that JQL may ask for, as if a plugin had declared it
    index_lag_ms: int = 0  # how long search does not see a write
    key_gap: int = 0  # issue numbers left out before each new key
    resolution_required: bool = False  # on the way to Done in the company-managed project
    faults_file: Path | None = None
    keep_bodies: bool = False  # the request log holds request and answer bodies
    cloud_id: str = "11223344-a1b2-4c33-8d44-def012345678"
    oauth_client_id: str = "sandbox-client"
    oauth_client_secret: str = field(default="sandbox-client-secret", repr=False)
    oauth_callbacks: tuple[str, ...] = ()  # empty: any address
    access_seconds: int = 3600
    refresh_leeway_seconds: int = 600
    ended_access_status: int = 401  # 403 and 404 have been seen for an access token that ended
    scoped_token: str = field(default="sandbox-scoped-token", repr=False)
    scoped_to: str = "read:jira-work write:jira-work read:jira-user"
    web_hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "::1")  # names the pages answer to; empty: any
    webhook_url: str = ""
    webhook_secret: str = field(default="", repr=False)
    webhook_retry_scale: float = 1 / 60  # Jira waits 5 to 15 minutes between tries; here 5 to 15 seconds
    webhook_timeout_seconds: float = 10.0
    seed_issues: bool = False  # a few issues that were there before, as on any real site

    @property
    def version(self) -> tuple[int, int]:
        major, _, minor = self.dc_version.partition(".")
        return int(major), int(minor or 0)

    @property
    def logins(self) -> tuple[Login, ...]:
        if self.flavour is Flavour.DATACENTER:
            jonas = Login("jonas", "jonas-token", JONAS_ACCOUNT, "jonas-password")
            return (Login(self.user, self.token, BOT_ACCOUNT, self.password), jonas)
        jonas = Login("jonas@example.test", "jonas-token", JONAS_ACCOUNT, "jonas-password")
        return (Login(self.user, self.token, BOT_ACCOUNT, self.password), jonas)


def complete(settings: SandboxSettings) -> SandboxSettings:
    """With what follows from the flavour. Raises ValueError for a version or a context path that cannot be."""
    if settings.dc_version not in DC_VERSIONS:
        raise ValueError(f"The Data Center version is one of {', '.join(DC_VERSIONS)}.")
    if settings.context and not re.fullmatch(r"(/[A-Za-z0-9_.-]+)+", settings.context):
        raise ValueError("The context path begins with a slash, such as /jira.")
    name = "qa-bot" if settings.flavour is Flavour.DATACENTER else "qa-bot@example.test"
    return replace(settings, user=settings.user or name)
