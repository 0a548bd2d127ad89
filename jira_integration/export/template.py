"""Bodies with holes: a plan freezes the body it shows, and only ids that do not exist yet are left open.

A hole is `{"$issue": <ticket uid>, "as": "id" | "key"}`. `fill` closes holes with ids from the ledger, `put_back` opens
them again in what was sent; both sides then have the same digest, which is how a run proves that it sent the preview.

One more thing may not be known before the first issue of a type exists: the transition that leads to its status. Its
hole is the body's whole `transition`, `{"$step": <Jira's status>, "of": <issue type>}`: closed by the id of a step
towards that status, or left out where there is none.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jira_integration.export.ways import Ways


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


def step_hole(type_id: str, status: Mapping[str, str]) -> dict[str, Any]:
    """A place for the transition that brings a new issue of this type towards `status` ({id, category})."""
    return {"$step": {"id": status["id"], "category": status["category"]}, "of": type_id}


def is_step_hole(node: Any) -> bool:
    return isinstance(node, dict) and "$step" in node


def fill(template: Any, issues: Mapping[str, IssueIds]) -> Any:
    """The template with every hole closed. Parts without holes are shared, documents among them: nothing in a text is
    a hole. Raises OpenHole for a uid that `issues` does not know."""
    if isinstance(template, dict):
        if template.keys() == {"$issue", "as"}:
            ids = issues.get(template["$issue"])
            if ids is None:
                raise OpenHole(template["$issue"])
            return ids.key if template["as"] == "key" else ids.id
        if template.get("type") == "doc":
            return template
        return {name: fill(value, issues) if type(value) in (dict, list) else value for name, value in template.items()}
    if isinstance(template, list):
        return [fill(value, issues) for value in template]
    return template


def fill_create(template: Mapping[str, Any], issues: Mapping[str, IssueIds], ways: Ways) -> dict[str, Any]:
    """The same for the body of a create, with the step towards its status."""
    body: dict[str, Any] = fill(template, issues)
    if is_step_hole(template.get("transition")):
        wanted = template["transition"]
        step = ways.first(wanted["of"], wanted["$step"])
        body.pop("transition")
        body |= {"transition": {"id": step.id}} if step else {}
    return body


def put_back(sent: Any, template: Any) -> Any:
    """What was sent, with the holes of `template` opened again where `template` has them."""
    if sent is template:
        return template
    if is_hole(template) and isinstance(sent, str):
        return template
    if isinstance(template, dict) and isinstance(sent, dict):
        opened = {name: put_back(value, template.get(name)) for name, value in sent.items()}
        if is_step_hole(template.get("transition")):
            opened["transition"] = template["transition"]
        return opened
    if isinstance(template, list) and isinstance(sent, list) and len(template) == len(sent):
        return [put_back(value, shape) for value, shape in zip(sent, template, strict=True)]
    return sent


def edit_body(fields: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """The body of an edit; {} where nothing is to be edited. `now` is what Jira holds, reduced.

    Labels go by what is added and removed, so that one which somebody adds in the same moment stays. A parent is taken
    away by an operation of its own.
    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-put
    """
    kept: dict[str, Any] = {}
    update: dict[str, Any] = {}
    for name, value in fields.items():
        if name == "parent" and value is None:
            update[name] = [{"set": {"none": True}}]
        elif operations := _label_operations(value, now.get(name)):
            update[name] = operations
        else:
            kept[name] = value
    return ({"fields": kept} if kept else {}) | ({"update": update} if update else {})


def _label_operations(wanted: Any, now: Any) -> list[dict[str, str]]:
    """[] where the two are not lists of plain words, which nothing but labels are in Jira's form."""
    before, after = now or [], wanted or []
    if not all(isinstance(side, list) and all(isinstance(one, str) for one in side) for side in (before, after)):
        return []
    added, removed = (one for one in after if one not in before), (one for one in before if one not in after)
    return [*({"add": one} for one in added), *({"remove": one} for one in removed)]


def labels_after(operations: Sequence[Mapping[str, str]], now: Sequence[str] | None) -> list[str]:
    """The labels that such operations lead to."""
    removed = {one["remove"] for one in operations if "remove" in one}
    kept = [label for label in now or () if label not in removed]
    return kept + [one["add"] for one in operations if "add" in one]


def canonical(body: Any) -> bytes:
    """A body as JSON with its keys sorted and no spaces: equal bodies, equal bytes."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


def digest(text: bytes) -> str:
    """sha256 of a canonical body, as 64 hex digits."""
    return hashlib.sha256(text).hexdigest()
