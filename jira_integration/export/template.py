"""Bodies with holes: a plan freezes the body it shows, and only ids that do not exist yet are left open.

A hole is `{"$issue": <ticket uid>, "as": "id" | "key"}`. `fill` closes holes with ids from the ledger, `put_back` opens
them again in what was sent; both sides then have the same digest, which is how a run proves that it sent the preview.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class OpenHole(Exception):
    """A hole names an issue that has no id yet; the item must wait for it."""


@dataclass(frozen=True)
class IssueIds:
    id: str
    key: str


def hole(uid: object, form: str = "id") -> dict[str, str]:
    """A place for the id (or key) of the issue that the ticket `uid` will get."""
    return {"$issue": str(uid), "as": form}


def is_hole(node: Any) -> bool:
    return isinstance(node, dict) and node.keys() == {"$issue", "as"}


def fill(template: Any, issues: Mapping[str, IssueIds]) -> Any:
    """A copy of the template with every hole closed. Raises OpenHole for a uid that `issues` does not know."""
    if is_hole(template):
        ids = issues.get(template["$issue"])
        if ids is None:
            raise OpenHole(template["$issue"])
        return ids.key if template["as"] == "key" else ids.id
    if isinstance(template, dict):
        return {name: fill(value, issues) for name, value in template.items()}
    if isinstance(template, list):
        return [fill(value, issues) for value in template]
    return template


def put_back(sent: Any, template: Any) -> Any:
    """What was sent, with the holes of `template` opened again where `template` has them."""
    if is_hole(template) and isinstance(sent, str):
        return template
    if isinstance(template, dict) and isinstance(sent, dict):
        return {name: put_back(value, template.get(name)) for name, value in sent.items()}
    if isinstance(template, list) and isinstance(sent, list) and len(template) == len(sent):
        return [put_back(value, shape) for value, shape in zip(sent, template, strict=True)]
    return sent


def edit_body(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The body of an edit; {} where nothing is to be edited. A parent is taken away by an operation of its own.
    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-put
    """
    body: dict[str, Any] = {}
    kept = {name: value for name, value in fields.items() if name != "parent" or value is not None}
    if kept:
        body["fields"] = kept
    if len(kept) < len(fields):
        body["update"] = {"parent": [{"set": {"none": True}}]}
    return body


def digest(body: Any) -> str:
    """sha256 over the canonical JSON of a body (keys sorted, no spaces), as 64 hex digits."""
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
