"""Checks documents against Atlassian's own schema of ADF (draft 4, in the folder `shared` beside the checkout)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator
from jsonschema.exceptions import ValidationError, best_match
from jsonschema.validators import extend

SCHEMA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "jira" / "adf-full-schema.json"


@cache
def _schema() -> dict[str, Any]:
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


@cache
def _node_types(reference: str) -> frozenset[str] | None:
    """The node types a definition is about, None where it does not say."""
    definition = _schema()["definitions"][reference.rpartition("/")[2]]
    while "allOf" in definition:
        definition = _schema()["definitions"][definition["allOf"][0]["$ref"].rpartition("/")[2]]
    types = definition.get("properties", {}).get("type", {}).get("enum")
    return frozenset(types) if types else None


def _any_of(validator: Any, choices: list[Any], instance: Any, schema: Any) -> Iterator[ValidationError]:
    """anyOf, looking only into the choices that are about this type of node.

    The others fail on the type, but only after the whole content was looked at for each: with lists in lists that
    doubles the time at every level.
    """
    if isinstance(instance, Mapping) and isinstance(instance.get("type"), str):
        kind = instance["type"]
        choices = [each for each in choices if "$ref" not in each or kind in (_node_types(each["$ref"]) or {kind})]
        if not choices:
            yield ValidationError(f"{kind} is not allowed here")
            return
    yield from Draft4Validator.VALIDATORS["anyOf"](validator, choices, instance, schema)


@cache
def _validator() -> Draft4Validator:
    return extend(Draft4Validator, {"anyOf": _any_of})(_schema())


def violations(document: Any) -> list[str]:
    """What the schema forbids in this document, each with the place; empty when it is valid."""
    found = []
    for error in _validator().iter_errors(document):
        deepest = best_match([error]) or error
        found.append(f"{'/'.join(str(step) for step in deepest.absolute_path) or 'document'}: {deepest.message[:300]}")
    return found
