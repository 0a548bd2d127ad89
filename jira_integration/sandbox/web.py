"""The web face: addresses, forms, pictures. The boards need no sign-in; web_guard.py keeps other
sites out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from html import escape
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from jira_integration.sandbox.board import as_jonas, board, not_here, projects
from jira_integration.sandbox.call import Call
from jira_integration.sandbox.comments import change_comment, remove_comment, write_comment
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.issue_page import issue, show
from jira_integration.sandbox.issues import delete, edit
from jira_integration.sandbox.page import stylesheet
from jira_integration.sandbox.places import move, set_archived
from jira_integration.sandbox.sessions import log_in, log_out, login_page
from jira_integration.sandbox.store import Issue
from jira_integration.sandbox.texts import as_text, typed
from jira_integration.sandbox.work_done import attach, log_work, seconds_of
from jira_integration.sandbox.workflow import carry_out

Form = dict[str, str]
_Change = Callable[[Call, Issue, Form], str]
_FACES = ("#4646c6", "#1d7a4d", "#a04a00", "#8a2a6b", "#2a6f8a")


def _form(change: _Change) -> Callable[[Request], Awaitable[Response]]:
    """A POST on an issue: do it in one transaction, then go to the page that `change` names."""

    async def serve(request: Request) -> Response:
        # Plain forms only; uploads would need a library for multipart.
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        call = as_jonas(request)
        found = call.store.issue(request.path_params["issue"])
        if found is None:
            return not_here("There is no such issue.")
        try:
            with call.store.transaction():
                target = change(call, found, form)
        except JiraProblem as problem:
            return show(request, call, problem)
        call.jira.deliveries_due.set()
        return RedirectResponse(target, status_code=303)

    return serve


def _move(call: Call, found: Issue, form: Form) -> str:
    carry_out(call, found, form.get("transition", ""), {"fields": _resolution(call, form)})
    project = call.site.projects[found.project_id]
    return f"/projects/{project.key}#{found.key}" if form.get("back", "") == "board" else f"/browse/{found.key}"


def _resolution(call: Call, form: Form) -> dict[str, object]:
    """The board has no screen to ask for it, so a step that needs a resolution gets the first one."""
    wanted = form.get("transition", "")
    for project in call.site.projects.values():
        for step in project.workflow.transitions:
            if step.id == wanted and any(p.field_id == "resolution" and p.required for p in step.screen):
                return {"resolution": {"id": call.site.resolutions[0].id}}
    return {}


def _edit(call: Call, found: Issue, form: Form) -> str:
    """The description only when its text was touched, so that formatting survives an edit of the summary."""
    fields: dict[str, object] = {"summary": form.get("summary", ""), "priority": {"id": form.get("priority", "")}}
    text = form.get("description", "").replace("\r\n", "\n")
    if text.strip() != as_text(found.doc.get("description")).strip():
        fields["description"] = typed(call.site, text)
    edit(call, found, {"fields": fields})
    return f"/browse/{found.key}"


def _comment(call: Call, found: Issue, form: Form) -> str:
    document = typed(call.site, form.get("comment", ""))
    if document is None:
        raise JiraProblem(400, ["Comment body can not be empty!"])
    if number := form.get("id", ""):
        change_comment(call, found, number, document)
    else:
        write_comment(call, found, {"body": document})
    return f"/browse/{found.key}#comments"


def _remove_comment(call: Call, found: Issue, form: Form) -> str:
    remove_comment(call, found, form.get("id", ""))
    return f"/browse/{found.key}#comments"


def _move_project(call: Call, found: Issue, form: Form) -> str:
    move(call, found, call.project(form.get("project", "")))
    return f"/browse/{found.key}"


def _archive(call: Call, found: Issue, form: Form) -> str:
    set_archived(call, found, archived=form.get("archived") == "1")
    return f"/browse/{found.key}"


def _work(call: Call, found: Issue, form: Form) -> str:
    seconds = seconds_of(form.get("spent", ""))
    if not seconds:
        raise JiraProblem(400, ["Say how long it took, such as 2h 30m."])
    log_work(call, found, seconds)
    return f"/browse/{found.key}"


def _attach(call: Call, found: Issue, form: Form) -> str:
    """The name only: what is in a file is of no use here, and plain forms carry none."""
    if not form.get("filename", "").strip():
        raise JiraProblem(400, ["A file needs a name."])
    attach(call, found, form["filename"].strip(), "application/octet-stream", 0)
    return f"/browse/{found.key}"


def _delete(call: Call, found: Issue, form: Form) -> str:
    project = call.site.projects[found.project_id]
    delete(call, found, with_subtasks=True)
    return f"/projects/{project.key}"


async def css(request: Request) -> Response:
    return Response(stylesheet(), media_type="text/css", headers={"Cache-Control": "no-cache"})


async def picture(request: Request) -> Response:
    """Avatars and icons, to which the REST answers link: a letter on a colour."""
    kind, name = request.path_params["kind"], request.path_params["name"]
    color = _FACES[sum(name.encode()) % len(_FACES)]
    letter = escape((kind[:1] or "?").upper())
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" width="16" height="16">'
        f'<rect width="16" height="16" rx="3" fill="{color}"/><text x="8" y="12" font-size="10" text-anchor="middle" '
        f'fill="#fff" font-family="sans-serif">{letter}</text></svg>'
    )
    return Response(svg, media_type="image/svg+xml", headers={"Content-Security-Policy": "default-src 'none'"})


def web_routes() -> list[Route]:
    forms: dict[str, _Change] = {
        "move": _move,
        "edit": _edit,
        "comment": _comment,
        "comment/delete": _remove_comment,
        "project": _move_project,
        "archive": _archive,
        "work": _work,
        "attach": _attach,
        "delete": _delete,
    }
    return [
        Route("/login", login_page, methods=["GET"]),
        Route("/login.jsp", login_page, methods=["GET"]),
        Route("/login", log_in, methods=["POST"]),
        Route("/logout", log_out, methods=["POST"]),
        Route("/", projects),
        Route("/projects/{project}", board),
        Route("/browse/{issue}", issue),
        *(Route(f"/browse/{{issue}}/{path}", _form(change), methods=["POST"]) for path, change in forms.items()),
        Route("/_sandbox/static/sandbox.css", css),
        Route("/_sandbox/{what:str}/{kind}/{name}", picture, methods=["GET"]),
    ]
