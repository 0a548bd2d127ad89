"""Documents made from texts, kept by what they were made from, so that a text is turned into a document once.

The key holds everything a document depends on: the story's values, the builder that makes it and the code that does.
Whatever of that changes, an old document is just never found again; the cache lets go of it after a week.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path

import redis
from django.core.cache import cache as site_cache

from jira_integration import richtext
from jira_integration.mapping.values import Sent

log = logging.getLogger(__name__)
KEEP_SECONDS = 7 * 24 * 3600
PREFIX = "jira-rendered:"


@dataclass
class Rendered:
    """The documents of the items at hand. `load` before a hundred of them are built and `store` after it: one question
    to the site's cache each. A cache that is away costs time and nothing else."""

    _found: dict[str, Sent] = field(default_factory=dict)
    _fresh: dict[str, Sent] = field(default_factory=dict)

    def get(self, key: str) -> Sent | None:
        return self._found.get(key) or self._fresh.get(key)

    def keep(self, key: str, sent: Sent) -> Sent:
        self._fresh[key] = sent
        return sent

    def load(self, keys: Iterable[str]) -> None:
        self._fresh.clear()
        try:
            found = site_cache.get_many([PREFIX + key for key in keys])
        except (OSError, redis.RedisError) as away:
            log.warning("Documents are made anew, the cache is away: %s", away)
            found = {}
        self._found = {key.removeprefix(PREFIX): sent for key, sent in found.items() if isinstance(sent, Sent)}

    def store(self) -> None:
        try:
            site_cache.set_many({PREFIX + key: sent for key, sent in self._fresh.items()}, KEEP_SECONDS)
        except (OSError, redis.RedisError) as away:
            log.warning("Documents are not kept, the cache is away: %s", away)
        self._fresh.clear()


@cache
def code_stamp() -> str:
    """sha256 of the code that turns texts into documents: another version of it has never kept anything."""
    here = Path(__file__).parent
    files = [*sorted(Path(richtext.__file__).parent.glob("*.py")), *sorted(here.glob("*.py"))]
    return sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()
