"""Transitions: which are open now to this user, and carrying one out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from jira_integration.sandbox.beans import Json
from jira_integration.sandbox.call import Call, answer, nothing
from jira_integration.sandbox.comments import write_comment
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.history import change_item, record, status_item
from jira_integration.sandbox.metadata import allowed_values
from jira_integration.sandbox.model import OnScreen, Transition
from jira_integration.sandbox.shape import shaped
from jira_integration.sandbox.store import Issue
from jira_integration.sandbox.values import not_on_screen, read_value
from jira_integration.sandbox.webhooks import announce


def open_transitions(call: Call, issue: Issue) -> list[Transition]:
    """Those this user may take now; nobody and readers get none."""
    project = call.site.projects[issue.project_id]
    if issue.archived is not None or not call.may(project, "TRANSITION_ISSUES"):
        return []
    return [
        t
        for t in project.workflow.transitions
        if (not t.sources or issue.status_id in t.sources) and t.only_for in {"", call.user}
    ]


def transition_bean(call: Call, issue: Issue, step: Transition, *, with_fields: bool) -> Json:
    bean: Json = {
        "id": step.id,
        "name": step.name,
        "to": call.beans.status(call.site.statuses[step.target]),
        "hasScreen": bool(step.screen),
        "isGlobal": not step.sources,
        "isInitial": False,
        "isAvailable": True,
        "isConditional": bool(step.only_for),
        "looped": False,
    }
    if with_fields:
        bean["fields"] = {place.field_id: _screen_field(call, issue, place) for place in step.screen}
    return bean


def _screen_field(call: Call, issue: Issue, place: OnScreen) -> Json:
    field = call.site.fields[place.field_id]
    project = call.site.projects[issue.project_id]
    bean: Json = {
        "required": place.required,
        "schema": call.beans.schema(field),
        "name": field.name,
        "key": field.id,
        "hasDefaultValue": False,
        "operations": ["set"],
    }
    values = allowed_values(call, project, field)
    return bean if values is None else bean | {"allowedValues": values}


def carry_out(call: Call, issue: Issue, transition_id: str, body: Mapping[str, Any]) -> None:
    """Take one step. Going to a done status resolves the issue, leaving it unresolves.

    Raises JiraProblem 400 for a step that is not open, a field that is not on its screen or is missing.
    """
    step = next((t for t in open_transitions(call, issue) if t.id == transition_id), None)
    if step is None:
        raise JiraProblem(400, [f"Transition id '{transition_id}' is not valid for this issue."])
    project = call.site.projects[issue.project_id]
    given = _screen_values(call, issue, step, body.get("fields") or {})
    old, new = call.site.statuses[issue.status_id], call.site.statuses[step.target]
    if new.category.key == "done":
        given.setdefault("resolution", call.site.resolutions[0].id)
    elif issue.doc.get("resolution"):
        given["resolution"] = None
    items = []
    for field_id, value in given.items():
        if issue.doc.get(field_id) != value:
            items.append(change_item(call, project, call.site.fields[field_id], issue.doc.get(field_id), value))
            issue.doc[field_id] = value
    if new.id != old.id:
        items.append(status_item(call, old.id, new.id))
    issue.status_id = new.id
    issue.resolved = (issue.resolved or call.now) if new.category.key == "done" else None
    if new.category != old.category:
        issue.moved = call.now
    issue.updated = max(call.now, issue.updated)
    call.store.save(issue)
    if items:
        entry = record(call, issue, items)
        announce(call, "jira:issue_updated", issue, changelog={"id": str(entry), "items": items})
    for operation in shaped(body.get("update") or {}, comment=[dict]).get("comment") or []:
        write_comment(call, issue, shaped(operation.get("add"), properties=[dict]))


def _screen_values(call: Call, issue: Issue, step: Transition, fields: Mapping[str, Any]) -> dict[str, Any]:
    project = call.site.projects[issue.project_id]
    places = {place.field_id: place for place in step.screen}
    values, errors = {}, {}
    for field_id, value in fields.items():
        if field_id not in places:
            errors[field_id] = not_on_screen(field_id)
            continue
        try:
            values[field_id] = read_value(call.site, project, call.site.fields[field_id], value)
        except ValueError as trouble:
            errors[field_id] = str(trouble)
    for place in step.screen:
        if place.required and values.get(place.field_id) is None and place.field_id not in errors:
            errors[place.field_id] = f"{call.site.fields[place.field_id].name} is required."
    if errors:
        raise JiraProblem(400, fields=errors)
    return {k: v for k, v in values.items() if v is not None}


def get_transitions(call: Call) -> Response:
    issue = call.issue(call.path["issue"])
    steps = open_transitions(call, issue)
    if wanted := call.query.get("transitionId"):
        steps = [s for s in steps if s.id == wanted]
    with_fields = "transitions.fields" in call.listed("expand")
    beans = [transition_bean(call, issue, s, with_fields=with_fields) for s in steps]
    return answer({"expand": "transitions", "transitions": beans})


def do_transition(call: Call) -> Response:
    """204, and the status is another."""
    issue = call.issue(call.path["issue"])
    body = call.object(transition=dict, fields=dict, update=dict)
    wanted = body.get("transition") or {}
    if not wanted.get("id"):
        raise JiraProblem(400, ["Missing 'transition' identifier"])
    carry_out(call, issue, str(wanted["id"]), body)
    return nothing()
