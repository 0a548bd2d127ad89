"""Files to backlogs: one module a format, pure functions, no database. docs/importing.md describes what is read."""

from __future__ import annotations

from stories_qa.importers.parsed import (
    BacklogUnreadable,
    ParsedBacklog,
    ParsedCriterion,
    ParsedEpic,
    ParsedStep,
    ParsedStory,
    ParsedTest,
    Problem,
)
from stories_qa.importers.reading import FORMATS, MAX_BYTES, read

__all__ = [
    "FORMATS",
    "MAX_BYTES",
    "BacklogUnreadable",
    "ParsedBacklog",
    "ParsedCriterion",
    "ParsedEpic",
    "ParsedStep",
    "ParsedStory",
    "ParsedTest",
    "Problem",
    "read",
]
