"""The REST resources of issues: one, many at once, and reading them back."""

from __future__ import annotations

from starlette.responses import Response

from jira_integration.sandbox.beans import Json
from jira_integration.sandbox.call import Call, answer, nothing
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.issue_bean import issue_bean
from jira_integration.sandbox.issues import Created, create, delete, edit
from jira_integration.sandbox.metadata import allowed_values

BULK_LIMIT = 50
_FETCH_LIMIT = 100
UNHEARD_OF = "To discard the user notification either admin or project admin permissions are required."


def _created_bean(call: Call, made: Created) -> Json:
    issue = made.issue
    bean: Json = {"id": str(issue.id), "key": issue.key, "self": call.beans.link("issue", issue.id)}
    return bean if made.transition is None else bean | {"transition": made.transition}


def post_issue(call: Call) -> Response:
    return answer(_created_bean(call, create(call, call.object())), 201)


def post_bulk(call: Call) -> Response:
    """Each element by itself: 201 when any was made, 400 with the same body when none was.

    `issues` holds successes only and no index; `failedElementNumber` counts from 0 in the request.
    """
    call.must_be_somebody()
    updates = call.object(issueUpdates=list).get("issueUpdates")
    if not updates:
        raise JiraProblem(400, ["At least one issue must be given in issueUpdates."])
    if len(updates) > BULK_LIMIT and not call.site.data_center:
        raise JiraProblem(400, [f"The limit of {BULK_LIMIT} issues in one request is exceeded: {len(updates)} given."])
    made: list[Json] = []
    errors: list[Json] = []
    for place, update in enumerate(updates):
        call.store.write("SAVEPOINT element")
        try:
            made.append(_created_bean(call, create(call, update)))
        except JiraProblem as problem:
            call.store.write("ROLLBACK TO element")
            errors.append({"status": problem.status, "elementErrors": problem.body, "failedElementNumber": place})
        call.store.write("RELEASE element")
    return answer({"issues": made, "errors": errors}, 201 if made else 400)


def get_issue(call: Call) -> Response:
    """A moved issue answers under its new key, without a redirect."""
    issue = call.issue(call.path["issue"])
    asked = call.listed("fields") or ["*all"]
    return answer(issue_bean(call.beans, issue, asked, call.listed("properties"), call.listed("expand")))


def put_issue(call: Call) -> Response:
    issue = call.issue(call.path["issue"])
    if call.query.get("notifyUsers") == "false" and not call.is_admin():
        raise JiraProblem(400, [UNHEARD_OF])
    edit(call, issue, call.object())
    if call.flag("returnIssue"):
        return answer(issue_bean(call.beans, issue, ["*all"], (), call.listed("expand")))
    return nothing()


def delete_issue(call: Call) -> Response:
    issue = call.issue(call.path["issue"])
    delete(call, issue, with_subtasks=call.flag("deleteSubtasks"))
    return nothing()


def bulk_fetch(call: Call) -> Response:
    """Ordered by id, not by request; what is missing or hidden is simply absent."""
    body = call.object(issueIdsOrKeys=[str], fields=[str], properties=[str], expand=[str])
    names = body.get("issueIdsOrKeys")
    if not names:
        raise JiraProblem(400, ["issueIdsOrKeys must name at least one issue."])
    if len(names) > _FETCH_LIMIT:
        raise JiraProblem(400, [f"No more than {_FETCH_LIMIT} issues can be requested."])
    properties = body.get("properties") or []
    if len(properties) > 5:
        raise JiraProblem(400, ["At most 5 properties can be asked for."])
    found = {}
    for name in names:
        issue = call.store.issue(str(name))
        if issue is not None and call.sees(call.site.projects[issue.project_id]):
            found[issue.id] = issue
    asked = body.get("fields") or ["*navigable"]
    expand = body.get("expand") or []
    beans = [issue_bean(call.beans, found[i], asked, properties, expand) for i in sorted(found)]
    return answer({"issues": beans, "issueErrors": []})


def edit_meta(call: Call) -> Response:
    """The fields an edit may set, with their allowed values."""
    issue = call.issue(call.path["issue"])
    project = call.site.projects[issue.project_id]
    beans = {}
    for place in project.screens[issue.type_id]:
        field = call.site.fields[place.field_id]
        if field.id in {"project", "attachment"}:
            continue
        beans[field.id] = {
            "required": place.required,
            "schema": call.beans.schema(field),
            "name": field.name,
            "key": field.id,
            "hasDefaultValue": place.default is not None,
            "operations": ["add", "set", "remove"] if field.schema["type"] == "array" else ["set"],
        }
        if (values := allowed_values(call, project, field)) is not None:
            beans[field.id]["allowedValues"] = values
    return answer({"fields": beans})
