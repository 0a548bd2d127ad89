"""The project list and the boards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from jira_integration.sandbox.call import Call, Jira
from jira_integration.sandbox.model import Project, Status
from jira_integration.sandbox.page import Html, fill, join, render, respond
from jira_integration.sandbox.settings import JONAS_ACCOUNT
from jira_integration.sandbox.start import acting_as
from jira_integration.sandbox.store import Issue, issue_of
from jira_integration.sandbox.workflow import open_transitions

_CARDS = 50  # in one column, before "show all"


def as_jonas(request: Request) -> Call:
    """Who works on the web face: Jonas Ortiz, so that his edits differ from the integration's own."""
    jira: Jira = request.app.state.jira
    return acting_as(jira, JONAS_ACCOUNT, str(request.base_url))


def lozenge(status: Status) -> Html:
    return fill('<span class="lozenge $kind">$name</span>', kind=status.category.key, name=status.name)


def points_of(call: Call, issue: Issue) -> str:
    """Story points, found as an integration finds them: by the field's type."""
    for field in call.site.fields.values():
        if field.schema.get("custom", "").endswith(":jsw-story-points") and field.id in issue.doc:
            return f"{issue.doc[field.id]:g}"
    return ""


def person(call: Call, account_id: str | None) -> Html:
    if not account_id:
        return Html('<span class="muted">Nobody</span>')
    user = call.site.users[account_id]
    initials = "".join(word[0] for word in user.name.split()[:2])
    return fill(
        '<span class="person"><span class="face" aria-hidden="true">$i</span>$n</span>', i=initials, n=user.name
    )


async def projects(request: Request) -> Response:
    call = as_jonas(request)
    counts = {
        r["project_id"]: r["n"]
        for r in call.store.rows("SELECT project_id, count(*) AS n FROM issue GROUP BY project_id")
    }
    rows = [
        render(
            "project_row",
            key=p.key,
            name=p.name,
            kind="Team-managed" if p.team_managed else "Company-managed",
            note="Archived" if p.archived else "The bot may only read" if p.read_only else "",
            count=counts.get(p.id, 0),
        )
        for p in sorted(call.site.projects.values(), key=lambda p: (p.archived, p.read_only, p.id))
    ]
    settings = call.jira.settings
    on_server = call.site.data_center
    main = render(
        "projects",
        rows=join(rows),
        url=call.beans.base,
        user_word="User name" if on_server else "E-mail",
        user=settings.user,
        token_word="Personal access token" if on_server else "API token",
        token=settings.token,
        password_for="" if on_server else " (to consent)",
        password=settings.password,
    )
    return respond(call.site.title, main)


async def board(request: Request) -> Response:
    call = as_jonas(request)
    project = call.site.project_named(request.path_params["project"])
    if project is None:
        return not_here("There is no such project.")
    query = request.query_params
    found = _matching(call, project, query.get("q", ""), query.get("epic", ""))
    epics = [i for i in _all(call, project) if call.site.types[i.type_id].level > 0]
    cards = [i for i in found if call.site.types[i.type_id].level <= 0]
    columns = [
        _column(call, call.site.statuses[s], [i for i in cards if i.status_id == s], query)
        for s in project.workflow.statuses
    ]
    main = render(
        "board",
        key=project.key,
        name=project.name,
        q=query.get("q", ""),
        epic=query.get("epic", ""),
        epics=_epics(call, project, epics, query.get("epic", "")),
        columns=join(columns),
        count=_counted(len(cards), "issue"),
        empty=Html("" if found or epics else "<p class='empty'>No issues yet. An export puts them here.</p>"),
    )
    return respond(
        f"{project.name} board", main, trail=fill("<a href='/projects/$k'>$n</a>", k=project.key, n=project.name)
    )


def not_here(message: str) -> Response:
    return respond("Not found", fill("<h1>$m</h1><p><a href='/'>All projects</a></p>", m=message), status=404)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _all(call: Call, project: Project) -> list[Issue]:
    rows = call.store.rows("SELECT * FROM issue WHERE project_id = ? ORDER BY number", project.id)
    return [issue_of(r) for r in rows]


def _matching(call: Call, project: Project, text: str, epic: str) -> list[Issue]:
    found = _all(call, project)
    if words := text.lower().split():
        found = [i for i in found if all(w in f"{i.key} {i.doc['summary']}".lower() for w in words)]
    parent = call.store.issue(epic) if epic else None
    return [i for i in found if i.parent_id == parent.id] if parent else found


def _epics(call: Call, project: Project, epics: Sequence[Issue], chosen: str) -> Html:
    if not epics:
        return Html("")
    chips = [
        render(
            "epic_chip",
            project=project.key,
            key=e.key,
            summary=e.doc["summary"],
            current=Html(' aria-current="true"') if e.key == chosen else "",
            status=lozenge(call.site.statuses[e.status_id]),
        )
        for e in epics
    ]
    return fill("<ul class='epics' aria-label='Epics'>$chips</ul>", chips=join(chips))


def _column(call: Call, status: Status, issues: Sequence[Issue], query: QueryParams) -> Html:
    shown = issues if "all" in query else issues[:_CARDS]
    more = len(issues) - len(shown)
    rest = (
        fill("<p><a href='?$q'>Show $n more</a></p>", n=more, q=urlencode({**query, "all": "1"})) if more else Html("")
    )
    cards = join(_card(call, i) for i in shown)
    return render("column", name=status.name, kind=status.category.key, count=len(issues), cards=cards, more=rest)


def _card(call: Call, issue: Issue) -> Html:
    parent = call.store.issue(issue.parent_id) if issue.parent_id else None
    points = points_of(call, issue)
    values: dict[str, Any] = {
        "key": issue.key,
        "summary": issue.doc["summary"],
        "kind": call.site.types[issue.type_id].name,
        "epic": fill("<span class='epic'>$s</span>", s=parent.doc["summary"]) if parent else Html(""),
        "points": fill("<span class='points' title='Story points'>$p</span>", p=points) if points else Html(""),
        "move": move_form(call, issue, back="board"),
    }
    return render("card", **values)


def move_form(call: Call, issue: Issue, *, back: str) -> Html:
    """The steps open now, in a list with a button; nothing where there are none."""
    steps = open_transitions(call, issue)
    if not steps:
        return Html("")
    steps = [s for s in steps if s.target != issue.status_id]
    targets = [s.target for s in steps]
    options = []
    for step in steps:
        name = call.site.statuses[step.target].name
        text = f"{name} ({step.name})" if targets.count(step.target) > 1 else name
        options.append(fill("<option value='$id'>$text</option>", id=step.id, text=text))
    return render("move", key=issue.key, options=join(options), back=back)
