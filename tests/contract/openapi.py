"""Checks one exchange with Jira Cloud against the part of Atlassian's OpenAPI document that we use.

    violations("POST", "/rest/api/3/issue", status=201, request=body, answer=answer) -> ["answer.key: …", …]

The document lies in the folder `shared` beside the checkout; `MISSING` says in one line what is left out without it.
It is OpenAPI 3.0: a dialect of JSON Schema draft 4 with `nullable`, and with formats we do not check (Jira's times
have an offset without a colon, which `date-time` forbids).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from jsonschema import Draft4Validator, ValidationError
from referencing import Registry
from referencing.jsonschema import DRAFT4

DOCUMENT = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "jira" / "cloud-v3-openapi-subset.json"
MISSING = (
    ""
    if DOCUMENT.exists()
    else "Left out: checks against Atlassian's OpenAPI document and ADF schema (no `shared` beside the checkout)."
)
_URI = "urn:jira-cloud"

# What any operation may answer though the document does not say so for each.
_ANYWHERE = {
    401: "a refused login",
    403: "a CAPTCHA, or a permission",
    404: "gone or hidden",
    409: "a conflicting update",
    410: "a removed resource",
    413: "a body that is too large",
    415: "a body that is not JSON",
    429: "too many requests",
    500: "trouble",
    502: "trouble",
    503: "trouble",
    504: "trouble",
}


@dataclass(frozen=True)
class Oddity:
    """A place where real sites do not keep to the document; `where` is a pattern over the violation's path."""

    operation: str
    where: str
    validator: str
    reason: str


ODDITIES = (
    Oddity(
        ".*",
        r".*\.items\.\d+\.(from|fromString|to|toString)",
        "type",
        "A changelog item holds null where a field was or became empty; the document says string.",
    ),
    Oddity(
        "createIssues|getCreateIssueMeta.*",
        r"answer(\.errors)?",
        "type|additionalProperties|anyOf",
        "A bulk create refused as a whole answers with an error collection, not with the body for single refusals.",
    ),
    Oddity(
        "searchAndReconsileIssuesUsingJqlPost",
        r"request\.reconcileIssues\.\d+",
        "type",
        "Ids go as numbers or as texts of digits; sites take both.",
    ),
)


def violations(
    method: str, path: str, *, status: int | None = None, request: Any = None, answer: Any = None, query: str = ""
) -> list[str]:
    """Everything about this exchange that the document forbids, in words; empty when it conforms.

    `request` and `answer` are parsed JSON, None for an empty body; without a `status` only the request is looked at.
    """
    found = _operation(method, path)
    if found is None:
        return [f"{method} {path} is not in the document"]
    operation = found
    wrong = [*_query_wrong(operation, query), *_request_wrong(operation, request)]
    if status is not None:
        wrong += _answer_wrong(operation, status, answer)
    return wrong


@cache
def _document() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    _translate(document)
    return document


def _translate(node: Any) -> None:
    """`nullable` into the draft-4 way of saying it."""
    if isinstance(node, list):
        for child in node:
            _translate(child)
    elif isinstance(node, dict):
        if node.get("nullable") is True and isinstance(node.get("type"), str):
            node["type"] = [node["type"], "null"]
            if "enum" in node:
                node["enum"] = [*node["enum"], None]
        for name, child in node.items():
            if name not in {"example", "examples"}:
                _translate(child)


@cache
def _registry() -> Registry[Any]:
    return Registry().with_resource(_URI, DRAFT4.create_resource(_document()))


@cache
def _templates() -> list[tuple[re.Pattern[str], str]]:
    """Paths as patterns, the most literal first: `issue/bulk` before `issue/{id}`."""
    paths = sorted(_document()["paths"], key=lambda p: (p.count("{"), -len(p)))
    return [(re.compile(re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(p))), p) for p in paths]


def _operation(method: str, path: str) -> dict[str, Any] | None:
    for pattern, template in _templates():
        if pattern.fullmatch(path):
            operation: dict[str, Any] | None = _document()["paths"][template].get(method.lower())
            if operation is not None:
                return operation
    return None


def operation_id(method: str, path: str) -> str:
    """Jira's name of the operation, empty for one that is not in the document."""
    operation = _operation(method, path)
    return operation["operationId"] if operation else ""


def _query_wrong(operation: dict[str, Any], query: str) -> list[str]:
    known = {p["name"]: p for p in operation.get("parameters", []) if p["in"] == "query"}
    given = parse_qsl(query, keep_blank_values=True)
    wrong = []
    for name, value in given:
        kind = known.get(name, {}).get("schema", {}).get("type")
        if name not in known:
            wrong.append(f"query.{name}: not a parameter of {operation['operationId']}")
        elif kind == "integer" and not re.fullmatch(r"-?\d+", value):
            wrong.append(f"query.{name}: {unquote(value)!r} is not a number")
        elif kind == "boolean" and value not in {"true", "false"}:
            wrong.append(f"query.{name}: {unquote(value)!r} is not true or false")
    missing = [n for n, p in known.items() if p.get("required") and n not in dict(given)]
    return wrong + [f"query.{name}: missing" for name in missing]


def _request_wrong(operation: dict[str, Any], request: Any) -> list[str]:
    described = operation.get("requestBody")
    if described is not None and "application/json" not in described["content"]:
        return []  # a form of files; its parts are not kept in the log
    if described is None:
        return [] if request is None else ["request: a body where none is described"]
    if request is None:
        return ["request: the body is missing"] if described.get("required") else []
    return _schema_wrong(operation, "request", described, request)


def _answer_wrong(operation: dict[str, Any], status: int, answer: Any) -> list[str]:
    described = operation["responses"].get(str(status))
    if described is None and status not in _ANYWHERE:
        return [f"status: {status} is not described for {operation['operationId']}"]
    if status >= 400 and not (described or {}).get("content"):
        described = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorCollection"}}}}
    if answer is None or described is None:
        return []
    if status == 204 or not described.get("content"):
        return ["answer: a body where none is described"]
    return _schema_wrong(operation, "answer", described, answer)


def _schema_wrong(operation: dict[str, Any], side: str, described: dict[str, Any], body: Any) -> list[str]:
    schema = described.get("content", {}).get("application/json", {}).get("schema")
    if not schema:
        return []
    anchored = json.loads(json.dumps(schema).replace('"#/', f'"{_URI}#/'))
    validator = Draft4Validator(anchored, registry=_registry())
    return [
        f"{where}: {error.message[:300]}"
        for error in _leaves(validator.iter_errors(body))
        if not _odd(operation["operationId"], where := _where(side, error), str(error.validator))
    ]


def _leaves(errors: Iterator[ValidationError]) -> Iterator[ValidationError]:
    for error in errors:
        if error.validator == "allOf" and error.context:
            yield from _leaves(iter(error.context))
        else:
            yield error


def _where(side: str, error: ValidationError) -> str:
    return ".".join([side, *(str(step) for step in error.absolute_path)])


def _odd(operation: str, where: str, validator: str) -> bool:
    return any(
        re.fullmatch(o.operation, operation) and re.fullmatch(o.where, where) and re.fullmatch(o.validator, validator)
        for o in ODDITIES
    )
