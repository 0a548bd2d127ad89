"""One issue on the web face."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from jira_integration.sandbox.adf_html import to_html
from jira_integration.sandbox.board import as_jonas, lozenge, move_form, not_here, person
from jira_integration.sandbox.call import Call
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.issue_bean import project_fields
from jira_integration.sandbox.model import FieldDef, Project
from jira_integration.sandbox.page import Html, fill, join, render, respond
from jira_integration.sandbox.store import Issue
from jira_integration.sandbox.texts import as_text, shown

# Shown elsewhere on the page, or not at all.
_APART = {
    "summary", "description", "issuetype", "project", "status", "parent", "issuelinks", "comment", "attachment",
    "worklog", "archivedby",
}  # fmt: skip
_PLAIN = {"text", "url", "date", "datetime"}


async def issue(request: Request) -> Response:
    return show(request, as_jonas(request))


def show(request: Request, call: Call, problem: JiraProblem | None = None) -> Response:
    """The page; with a problem above it when an edit was refused."""
    found = call.store.issue(request.path_params["issue"])
    if found is None:
        return not_here("There is no such issue.")
    project = call.site.projects[found.project_id]
    parent = call.store.issue(found.parent_id) if found.parent_id else None
    trail = [fill("<a href='/projects/$k'>$n</a>", k=project.key, n=project.name)]
    if parent:
        trail.append(fill("<a href='/browse/$k'>$k</a>", k=parent.key))
    main = render(
        "issue",
        key=found.key,
        kind=call.site.types[found.type_id].name,
        summary=found.doc["summary"],
        problem=_problem(problem),
        status=lozenge(call.site.statuses[found.status_id]),
        move=move_form(call, found, back="issue"),
        description=_description(found),
        description_text=as_text(found.doc.get("description")),
        warning=_warning(found),
        priorities=_priorities(call, found),
        children=_issues(call, call.beans.children(found), "Child issues"),
        links=_links(call, found),
        fields=_fields(call, project, found),
        traces=_traces(call, found),
        projects=_projects(call, found),
        archived=Html("" if found.archived is None else "<p>Archived: only for reading.</p>"),
        archive="0" if found.archived else "1",
        archive_word="Restore" if found.archived else "Archive",
        comments=_comments(call, found),
        history=_history(call, found),
        properties=_properties(call, found),
    )
    title = f"{found.key} {found.doc['summary']}"
    return respond(title, main, trail=join(trail, " / "), status=problem.status if problem else 200)


def _problem(problem: JiraProblem | None) -> Html:
    if problem is None:
        return Html("")
    lines = [fill("<li>$m</li>", m=m) for m in [*problem.messages, *problem.fields.values()]]
    return fill("<div class='problem' role='alert'><b>Nothing was changed.</b><ul>$l</ul></div>", l=join(lines))


def _description(issue: Issue) -> Html:
    document = issue.doc.get("description")
    return shown(document) if document else Html("<p class='muted'>No description.</p>")


def _warning(issue: Issue) -> str:
    """Editing here makes plain paragraphs of everything; say so where that loses something."""
    document = issue.doc.get("description") or {"content": []}
    if isinstance(document, str):
        return ""
    plain = all(
        block["type"] == "paragraph"
        and all(n["type"] in {"text", "hardBreak"} and "marks" not in n for n in block["content"])
        for block in document["content"]
        if "content" in block
    )
    return "" if plain else "This description has formatting. Saved from here it becomes plain paragraphs."


def _priorities(call: Call, issue: Issue) -> Html:
    return join(
        fill(
            "<option value='$id'$chosen>$n</option>",
            id=o.id,
            n=o.text,
            chosen=Html(" selected") if o.id == issue.doc.get("priority") else "",
        )
        for o in call.site.priorities
    )


def _issues(call: Call, issues: list[Issue], title: str) -> Html:
    if not issues:
        return Html("")
    rows = [
        fill(
            "<li><a href='/browse/$k'>$k</a> <span>$s</span> $status</li>",
            k=i.key,
            s=i.doc["summary"],
            status=lozenge(call.site.statuses[i.status_id]),
        )
        for i in issues
    ]
    return fill("<section><h2>$t</h2><ul class='issues'>$rows</ul></section>", t=title, rows=join(rows))


def _links(call: Call, issue: Issue) -> Html:
    rows = []
    for bean in call.beans.issue_links(issue):
        outward = "outwardIssue" in bean
        other = bean["outwardIssue" if outward else "inwardIssue"]
        rows.append(
            fill(
                "<li><span class='muted'>$verb</span> <a href='/browse/$k'>$k</a> <span>$s</span></li>",
                verb=bean["type"]["outward" if outward else "inward"],
                k=other["key"],
                s=other["fields"]["summary"],
            )
        )
    for row in call.store.rows("SELECT body FROM remote_link WHERE issue_id = ? ORDER BY id", issue.id):
        thing = json.loads(row["body"])["object"]
        link = {"type": "text", "text": thing["title"], "marks": [{"type": "link", "attrs": {"href": thing["url"]}}]}
        rows.append(fill("<li><span class='muted'>web link</span> $l</li>", l=to_html(link)))
    if not rows:
        return Html("")
    return fill("<section><h2>Links</h2><ul class='issues'>$rows</ul></section>", rows=join(rows))


def _fields(call: Call, project: Project, issue: Issue) -> Html:
    rows = []
    for field in project_fields(call.beans, project):
        stored = issue.doc.get(field.id)
        if field.id not in _APART and stored not in (None, []):
            rows.append(fill("<dt>$n</dt><dd>$v</dd>", n=field.name, v=_value(call, project, field, stored)))
    times = {"Created": issue.created, "Updated": issue.updated}
    rows += [fill("<dt>$n</dt><dd>$v</dd>", n=n, v=_time(call, at)) for n, at in times.items()]
    return fill("<dl>$rows</dl>", rows=join(rows))


def _time(call: Call, milliseconds: int) -> str:
    return call.beans.time(milliseconds)[:16].replace("T", " ")


def _value(call: Call, project: Project, field: FieldDef, stored: Any) -> Html:
    if field.kind == "user":
        return person(call, stored)
    if field.kind in {"adf", "wiki"}:
        return shown(stored)
    if field.kind == "number":
        return fill("$n", n=f"{stored:g}")
    if field.kind == "labels":
        return join((fill("<span class='label'>$l</span>", l=label) for label in stored), " ")
    if field.kind in _PLAIN:
        return fill("$v", v=stored)
    bean = call.beans.value(project, field, stored)
    listed = bean if isinstance(bean, list) else [bean]
    return fill(
        "$v", v=", ".join(str(b.get("name") or b.get("value")) if isinstance(b, dict) else str(b) for b in listed)
    )


def _traces(call: Call, issue: Issue) -> Html:
    """Files and logged time."""
    files = [
        fill("<li>$n <span class='muted'>attached by $who</span></li>", n=b["filename"], who=b["author"]["displayName"])
        for b in call.beans.attachments(issue.id)
    ]
    logs = [
        fill("<li>$t <span class='muted'>logged by $who</span></li>", t=b["timeSpent"], who=b["author"]["displayName"])
        for b in call.beans.worklogs(issue.id)
    ]
    return fill("<ul>$rows</ul>", rows=join([*files, *logs])) if files or logs else Html("")


def _projects(call: Call, issue: Issue) -> Html:
    others = [p for p in call.site.projects.values() if p.id != issue.project_id and not p.archived]
    return join(fill("<option value='$k'>$n</option>", k=p.key, n=p.name) for p in others)


def _comments(call: Call, issue: Issue) -> Html:
    rows = call.store.rows("SELECT * FROM comment WHERE issue_id = ? ORDER BY id", issue.id)
    return join(
        render(
            "comment",
            key=issue.key,
            id=r["id"],
            author=person(call, r["author"]),
            at=_time(call, r["created"]),
            edited=" · edited" if r["updated"] != r["created"] else "",
            body=shown(json.loads(r["body"])),
            text=as_text(json.loads(r["body"])),
        )
        for r in rows
    )


def _history(call: Call, issue: Issue) -> Html:
    lines = []
    for row in call.store.rows("SELECT * FROM history WHERE issue_id = ? ORDER BY id DESC LIMIT 100", issue.id):
        for item in json.loads(row["items"]):
            lines.append(
                fill(
                    "<li><time>$at</time> $who changed <b>$field</b> from <q>$old</q> to <q>$new</q></li>",
                    at=_time(call, row["created"]),
                    who=call.site.users[row["author"]].name,
                    field=item["field"],
                    old=_cut(item["fromString"]),
                    new=_cut(item["toString"]),
                )
            )
    return fill("<ul class='history'>$l</ul>", l=join(lines)) if lines else Html("<p class='muted'>No changes yet.</p>")


def _cut(text: str | None, length: int = 80) -> str:
    text = text or ""
    return text if len(text) <= length else text[: length - 1] + "…"


def _properties(call: Call, issue: Issue) -> Html:
    rows = call.store.rows("SELECT key, value FROM property WHERE issue_id = ? ORDER BY key", issue.id)
    if not rows:
        return Html("<p class='muted'>None.</p>")
    return join(fill("<p><b>$k</b></p><pre><code>$v</code></pre>", k=r["key"], v=r["value"]) for r in rows)
