"""The site's settings for worker processes that tests kill: the same, with short leases."""

from __future__ import annotations

from config.settings import *  # noqa: F403

JIRA_LEASE_SECONDS = 3
JIRA_UNKNOWN_WAIT_SECONDS = 4
