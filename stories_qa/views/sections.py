"""Saving a part of a page without losing what somebody else saved meanwhile.

A form carries the fingerprint of what it showed (`seen`). Only when that very part was changed since is there a
conflict: that Jira moved the status while somebody wrote the description is none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from stories_qa.models import Epic, Story, TestCase
from stories_qa.writing import VersionMoved, change

TRIES = 5
AnyItem = TypeVar("AnyItem", Epic, Story, TestCase)


def fingerprint(values: Mapping[str, Any]) -> str:
    """16 hex digits that stay the same as long as the values do."""
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class SavedMeanwhile(Exception):
    """Somebody saved this part since the form was opened; nothing was written."""


def save_section(
    item: AnyItem, values: Mapping[str, Any], *, seen: str, shown: Callable[[AnyItem], Mapping[str, Any]], by: str
) -> None:
    """Write `values` if the part that `shown` reads is still what the form showed, else raise SavedMeanwhile.
    LookupError when the item was deleted meanwhile."""
    for _try in range(TRIES):
        item.refresh_from_db()
        if fingerprint(shown(item)) != seen:
            raise SavedMeanwhile
        try:
            change(item, values, expected_version=item.version, by=by)
        except VersionMoved:
            continue  # another part was saved in between: look again
        return
    raise SavedMeanwhile
