"""Checks documents against Atlassian's own schema of ADF (draft 4, in the folder `shared` beside the checkout)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator
from jsonschema.exceptions import best_match

SCHEMA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "jira" / "adf-full-schema.json"


@cache
def _validator() -> Draft4Validator:
    return Draft4Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def violations(document: Any) -> list[str]:
    """What the schema forbids in this document, each with the place; empty when it is valid."""
    found = []
    for error in _validator().iter_errors(document):
        deepest = best_match([error]) or error
        found.append(f"{'/'.join(str(step) for step in deepest.absolute_path) or 'document'}: {deepest.message[:300]}")
    return found
