"""The site's settings for worker processes that tests kill: the same, with short leases and small batches."""

from __future__ import annotations

import os

from config.settings import *  # noqa: F403

JIRA_LEASE_SECONDS = float(os.environ.get("JIRA_LEASE_SECONDS", "3"))
JIRA_UNKNOWN_WAIT_SECONDS = float(os.environ.get("JIRA_UNKNOWN_WAIT_SECONDS", "4"))
JIRA_BATCH_SIZE = int(os.environ.get("JIRA_BATCH_SIZE", "50"))
