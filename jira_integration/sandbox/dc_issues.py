"""Issues by Data Center's REST v2, where it differs from Cloud: search, edits, archiving, epics."""

from __future__ import annotations

import json

from starlette.responses import Response

from jira_integration.sandbox.beans import Json
from jira_integration.sandbox.call import Call, answer, nothing
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.issue_api import UNHEARD_OF
from jira_integration.sandbox.issue_bean import issue_bean
from jira_integration.sandbox.issues import edit
from jira_integration.sandbox.jql import JqlError, parse
from jira_integration.sandbox.jql_sql import Scope, to_sql
from jira_integration.sandbox.places import set_archived
from jira_integration.sandbox.rights import create_screen, must
from jira_integration.sandbox.search import UNSEARCHABLE
from jira_integration.sandbox.shape import Shape
from jira_integration.sandbox.store import issue_of
from jira_integration.sandbox.workflow import carry_out, open_transitions

_PAGE_LIMIT = 1000  # jira.search.views.default.max: more is cut without a word
_EPIC_LIMIT = 50


def search_post(call: Call) -> Response:
    kinds: dict[str, Shape] = {"jql": str, "startAt": int, "maxResults": int, "fields": [str], "expand": [str]}
    return answer(search(call, call.object(validateQuery=bool, **kinds)))


def search_get(call: Call) -> Response:
    body: Json = {"jql": call.query.get("jql", ""), "startAt": call.number("startAt", 0)}
    body |= {"maxResults": call.number("maxResults", 50), "fields": call.listed("fields")}
    body |= {"expand": call.listed("expand"), "validateQuery": call.query.get("validateQuery", "true") != "false"}
    return answer(search(call, body))


def search(call: Call, body: Json) -> Json:
    """`{startAt, maxResults, total, issues}`. A query without conditions finds everything; reads the index."""
    start = max(body.get("startAt") or 0, 0)
    size = min(50 if body.get("maxResults") is None else max(body["maxResults"], 0), _PAGE_LIMIT)
    result: Json = {"expand": "schema,names", "startAt": start, "maxResults": size, "total": 0, "issues": []}
    call.store.catch_up()
    settings = call.jira.settings
    try:
        query = to_sql(
            parse(body.get("jql") or ""), Scope(call.site, call.store, call.user, call.now, settings.account_zone)
        )
    except JqlError as trouble:
        if body.get("validateQuery") is False:
            return result | {"warningMessages": trouble.messages}
        raise JiraProblem(400, trouble.messages) from None
    hidden = json.dumps([p.id for p in call.site.projects.values() if p.archived or not call.sees(p)])
    where, values = f"({query.where}) AND {UNSEARCHABLE}", [*query.values, hidden]
    order = ", ".join(f"{expression} {'DESC' if down else 'ASC'}" for expression, down in query.order)
    counted = call.store.row(f"SELECT count(*) AS n FROM indexed WHERE {where}", *values)  # noqa: S608
    rows = call.store.rows(
        f"SELECT * FROM indexed WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",  # noqa: S608  (values are bound)
        *values, size, start,
    )  # fmt: skip
    asked = body.get("fields") or ["*navigable"]
    result["issues"] = [issue_bean(call.beans, issue_of(r), asked, (), body.get("expand") or []) for r in rows]
    result["total"] = counted["n"] if counted else 0
    return result


def put_issue(call: Call) -> Response:
    """204. The edit screen decides what may be set, unlike on Cloud; nobody gets an issue back."""
    issue = call.issue(call.path["issue"])
    if call.query.get("notifyUsers") == "false" and not call.is_admin():
        raise JiraProblem(403, [UNHEARD_OF])
    project = call.site.projects[issue.project_id]
    edit(call, issue, call.object(), screen={p.field_id for p in create_screen(call, project, issue.type_id)})
    return nothing()


def do_transition(call: Call) -> Response:
    """A step that does not exist is 500 here, one that is not open is 400."""
    issue = call.issue(call.path["issue"])
    body = call.object(transition=dict, fields=dict, update=dict)
    wanted = str((body.get("transition") or {}).get("id") or "")
    if not wanted:
        raise JiraProblem(400, ["Missing 'transition' identifier"])
    project = call.site.projects[issue.project_id]
    if not any(step.id == wanted for step in project.workflow.transitions):
        raise JiraProblem(500, ["Internal server error"])
    if not any(step.id == wanted for step in open_transitions(call, issue)):
        message = (
            f"It seems that you have tried to perform a workflow operation ({wanted}) that is not valid for the "
            f"current state of this issue ({issue.key})."
        )
        raise JiraProblem(400, [message])
    carry_out(call, issue, wanted, body)
    return nothing()


def archive(call: Call) -> Response:
    return _archived(call, archived=True)


def restore(call: Call) -> Response:
    return _archived(call, archived=False)


def _archived(call: Call, *, archived: bool) -> Response:
    """204; sub-tasks go with their parent, and only so."""
    issue = call.issue(call.path["issue"])
    if not call.is_admin():
        raise JiraProblem(403, ["You do not have permission to archive issues."])
    must(call, call.site.projects[issue.project_id], "EDIT_ISSUES")
    if call.site.types[issue.type_id].subtask:
        raise JiraProblem(400, ["Sub-tasks are archived with their parent."])
    set_archived(call, issue, archived=archived)
    return nothing()


def add_to_epic(call: Call) -> Response:
    """`POST /rest/agile/1.0/epic/{epic}/issue`: for stories whose create screen lacks Epic Link."""
    epic = call.issue(call.path["epic"])
    names = call.object(issues=[str]).get("issues") or []
    if not names or len(names) > _EPIC_LIMIT:
        raise JiraProblem(400, [f"Between 1 and {_EPIC_LIMIT} issues can be moved to an epic."])
    link = next(f.id for f in call.site.fields.values() if f.kind == "epic_link")
    for name in names:
        edit(call, call.issue(name), {"fields": {link: epic.key}})
    return nothing()
