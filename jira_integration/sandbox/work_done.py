"""Traces people leave on an issue: time they log, files they attach (the name and size of a file, not its bytes)."""

from __future__ import annotations

import json
import re
from datetime import datetime
from email.parser import BytesParser
from email.policy import HTTP

from starlette.responses import Response

from jira_integration.sandbox.beans import Json
from jira_integration.sandbox.call import Call, answer, nothing
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.rights import must_change
from jira_integration.sandbox.shape import as_id
from jira_integration.sandbox.store import Issue

_UNITS = {"w": 5 * 8 * 3600, "d": 8 * 3600, "h": 3600, "m": 60}  # a working week has five days of eight hours


def log_work(call: Call, issue: Issue, seconds: int, *, started_ms: int | None = None, body: object = None) -> int:
    """Log time on an issue; the entry's id."""
    must_change(call, issue, "WORK_ON_ISSUES")
    worklog = call.store.next_number("worklog", 60_000)
    call.store.write(
        "INSERT INTO worklog VALUES (?, ?, ?, ?, ?, ?, ?)",
        worklog, issue.id, call.user, call.now if started_ms is None else started_ms, call.now, seconds,
        json.dumps(body),
    )  # fmt: skip
    _touch(call, issue)
    return worklog


def attach(call: Call, issue: Issue, filename: str, kind: str, size: int) -> int:
    """Note a file on an issue; its id."""
    must_change(call, issue, "CREATE_ATTACHMENTS")
    number = call.store.next_number("attachment", 70_000)
    call.store.write(
        "INSERT INTO attachment VALUES (?, ?, ?, ?, ?, ?, ?)",
        number, issue.id, call.user, call.now, filename, kind, size,
    )  # fmt: skip
    _touch(call, issue)
    return number


def _touch(call: Call, issue: Issue) -> None:
    issue.updated = max(call.now, issue.updated)
    call.store.save(issue)


def seconds_of(text: str) -> int:
    """`1d 2h 30m` in seconds, 0 for what is no duration."""
    if not re.fullmatch(r"(\s*\d{1,4}\s*[wdhm])+\s*", text):
        return 0
    return sum(int(count) * _UNITS[unit] for count, unit in re.findall(r"(\d+)\s*([wdhm])", text))


def get_worklogs(call: Call) -> Response:
    issue = call.issue(call.path["issue"])
    beans = call.beans.worklogs(issue.id)
    start, size = call.number("startAt", 0), min(call.number("maxResults", 5000), 5000)
    return answer({"startAt": start, "maxResults": size, "total": len(beans), "worklogs": beans[start : start + size]})


def add_worklog(call: Call) -> Response:
    """201; the time as `timeSpentSeconds` or as `timeSpent` ("3h 20m")."""
    issue = call.issue(call.path["issue"])
    given = call.object(timeSpent=str, timeSpentSeconds=int, started=str)
    seconds = given.get("timeSpentSeconds") or seconds_of(given.get("timeSpent") or "")
    if seconds <= 0:
        raise JiraProblem(400, fields={"timeLogged": "You must indicate the time spent working."})
    worklog = log_work(call, issue, seconds, started_ms=_started(given.get("started")), body=given.get("comment"))
    return answer(next(b for b in call.beans.worklogs(issue.id) if b["id"] == str(worklog)), 201)


def _started(text: str | None) -> int | None:
    if not text:
        return None
    try:
        return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp() * 1000)
    except ValueError:
        raise JiraProblem(400, fields={"started": f"Error parsing time: {text}"}) from None


def delete_worklog(call: Call) -> Response:
    issue = call.issue(call.path["issue"])
    must_change(call, issue, "WORK_ON_ISSUES")
    row = call.store.row(
        "SELECT id FROM worklog WHERE issue_id = ? AND id = ?", issue.id, as_id(call.path["worklog"])
    )  # fmt: skip
    if row is None:
        raise JiraProblem(404, [f"Cannot find worklog with id: '{call.path['worklog']}'."])
    call.store.write("DELETE FROM worklog WHERE id = ?", row["id"])
    _touch(call, issue)
    return nothing()


def add_attachments(call: Call) -> Response:
    """A multipart form with one or more parts named `file`; `X-Atlassian-Token: no-check` is asked for.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-attachments/#api-rest-api-3-issue-issueidorkey-attachments-post
    """
    call.must_be_somebody()
    issue = call.issue(call.path["issue"])
    if call.headers.get("x-atlassian-token", "") not in {"no-check", "nocheck"}:
        raise JiraProblem(403, ["XSRF check failed"])
    head = f"Content-Type: {call.headers.get('content-type', '')}\r\n\r\n".encode()
    form = BytesParser(policy=HTTP).parsebytes(head + call.raw)
    made = []
    for part in form.iter_parts() if form.is_multipart() else ():
        if part.get_param("name", header="content-disposition") == "file":
            content = part.get_payload(decode=True)
            size = len(content) if isinstance(content, bytes) else 0
            made.append(attach(call, issue, part.get_filename() or "file", part.get_content_type(), size))
    if not made:
        raise JiraProblem(404, ["No file was attached."])
    return answer([bean for bean in call.beans.attachments(issue.id) if int(bean["id"]) in made])


def get_attachment(call: Call) -> Response:
    return answer(_attachment(call))


def delete_attachment(call: Call) -> Response:
    bean = _attachment(call)
    call.store.write("DELETE FROM attachment WHERE id = ?", int(bean["id"]))
    return nothing()


def _attachment(call: Call) -> Json:
    row = call.store.row("SELECT * FROM attachment WHERE id = ?", as_id(call.path["attachment"]))
    if row is None:
        raise JiraProblem(404, [f"The attachment with id '{call.path['attachment']}' does not exist"])
    issue = call.issue(str(row["issue_id"]))
    return next(b for b in call.beans.attachments(issue.id) if b["id"] == str(row["id"]))
