"""From the bytes of an answer to a model, and from page to page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from jira_integration.client.answers import Answer
from jira_integration.client.asking import Params
from jira_integration.client.exceptions import ErrorCode, JiraUnavailable
from jira_integration.client.transport import Transport

Model = TypeVar("Model", bound=BaseModel)
Value = TypeVar("Value")

ROW_KEYS = ("values", "issueTypes", "createMetaIssueType", "fields", "results", "comments")


def read(kind: type[Model], answer: Answer, what: str, *, wrote: bool = False) -> Model:
    """The body as a model. Raises JiraUnavailable (unreadable); after a write its outcome is unknown then."""
    try:
        return kind.model_validate_json(answer.body)
    except ValidationError:
        pass
    raise unreadable(what, answer.status, wrote=wrote)


def read_rows(kind: type[Model], rows: Any, what: str) -> list[Model]:
    try:
        return [kind.model_validate(row) for row in rows]
    except (ValidationError, TypeError):
        pass
    raise unreadable(what)


def read_json(kind: type[Value], answer: Answer, what: str) -> Value:
    """The body as plain JSON of the given outer type: dict or list."""
    try:
        return TypeAdapter(kind).validate_json(answer.body)
    except ValidationError:
        pass
    raise unreadable(what, answer.status)


def unreadable(what: str, status: int | None = None, *, wrote: bool = False) -> JiraUnavailable:
    # Raised away from pydantic's error: that one quotes the body.
    return JiraUnavailable(
        f"Jira's answer to {what} could not be read.",
        code=ErrorCode.UNREADABLE,
        status=status,
        path=what,
        outcome_unknown=wrote,
    )


async def pages(
    transport: Transport, path: str, *, at: Mapping[str, str] | None = None, params: Params, page_size: int
) -> AsyncIterator[list[Any]]:
    """The rows of every page of a list that counts by `startAt`, whatever name Jira gives the rows.

    Cloud's create metadata says `issueTypes` and `fields` where Data Center says `values`; the former has a total
    and no isLast. The next page starts after the rows that came, for a server may give fewer than asked.
    """
    start = 0
    while True:
        asked: Params = {**params, "startAt": start, "maxResults": page_size}
        answer = await transport.request("GET", path, at=at, params=asked)
        body = read_json(dict[str, Any], answer, path)
        rows = next((body[key] for key in ROW_KEYS if isinstance(body.get(key), list)), None)
        if rows is None:
            raise unreadable(path, answer.status)
        yield rows
        start += len(rows)
        total = body.get("total")
        if not rows or body.get("isLast") is True or (isinstance(total, int) and start >= total):
            return
        if body.get("isLast") is None and not isinstance(total, int) and len(rows) < page_size:
            return
