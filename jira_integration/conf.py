"""The plug-in's settings: annotated attributes are the defaults, read from Django at each access.

Every setting is explained in docs/settings.md; a test compares the two.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from django.conf import settings
from django.utils.module_loading import import_string

from jira_integration.contracts import StorySource


class JiraSettings:
    """`JIRA_` + name in Django's settings, else the default here."""

    STORY_SOURCE: str = ""
    ALLOW_LOOPBACK_HTTP: bool = False
    ALLOWED_HOSTS: list[str] = []
    PROXY: str = ""
    PUBLIC_URL: str = ""
    AUTH_BASE_URL: str = "https://auth.atlassian.com"
    GATEWAY_BASE_URL: str = "https://api.atlassian.com"
    OAUTH_CLIENT_ID: str = ""
    OAUTH_CLIENT_SECRET: str = ""
    OAUTH_REUSE_SECONDS: int = 9 * 60  # Atlassian's leeway is ten minutes; beyond it the token counts as stolen
    CONNECT_TIMEOUT_SECONDS: float = 5
    READ_TIMEOUT_SECONDS: float = 30
    REQUEST_DEADLINE_SECONDS: float = 60
    MAX_ANSWER_BYTES: int = 20 * 1024 * 1024
    BATCH_SIZE: int = 50
    BATCH_MAX_BYTES: int = 4 * 1024 * 1024
    REQUESTS_IN_FLIGHT: int = 4
    LEASE_SECONDS: float = 30
    TAKE_OVER_SECONDS: float = 60
    UNKNOWN_WAIT_SECONDS: float = 60
    METADATA_TTL_SECONDS: int = 15 * 60
    PEOPLE_TTL_SECONDS: int = 24 * 3600
    PLAN_STALE_SECONDS: int = 15 * 60
    POLL_SECONDS: int = 120
    POLL_OVERLAP_SECONDS: int = 15 * 60
    WEBHOOK_MAX_BYTES: int = 2 * 1024 * 1024
    WEBHOOK_REPLAY_SECONDS: int = 48 * 3600
    WEBHOOK_KEEP_DAYS: int = 30
    BODIES_KEEP_DAYS: int = 90  # of runs that ended and previews never sent; 0: for ever
    AUDIT_KEEP_DAYS: int = 0  # 0: for ever
    WEBHOOK_ROTATION_SECONDS: int = 24 * 3600
    QUIET_SECONDS: int = 60
    UNDO_DAYS: int = 30
    GIVE_UP_SECONDS: int = 3600
    REDIS_URL: str = ""  # for the governor; empty: the site's own REDIS_URL, else each process keeps the limits alone
    GOVERNOR_LONGEST_WAIT_SECONDS: float = 3  # a turn that takes longer is given back: the run is re-scheduled
    GOVERNOR_RATES: dict[str, float] = {"GET": 50, "POST": 50, "PUT": 25, "DELETE": 25}  # a second, per endpoint
    GOVERNOR_BURST: float = 10  # requests at once, per endpoint
    GOVERNOR_IN_FLIGHT: int = 8  # requests on the wire to one site, of all workers together
    PROPERTY_KEY: str = "stories-qa.item"

    def __getattribute__(self, name: str) -> Any:
        default = super().__getattribute__(name)
        if name.startswith("_") or not name.isupper():
            return default
        return getattr(settings, f"JIRA_{name}", default)


conf = JiraSettings()


@cache
def _source(path: str) -> StorySource:
    return cast(StorySource, import_string(path)())


def story_source() -> StorySource:
    """The host's StorySource, made once per dotted path."""
    return _source(conf.STORY_SOURCE)
