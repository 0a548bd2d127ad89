"""Refusals in Jira's own shape: `{"errorMessages": [...], "errors": {field: message}}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

NO_ISSUE = "Issue does not exist or you do not have permission to see it."


class JiraProblem(Exception):
    """An answer other than the good one; the request's writes are rolled back."""

    def __init__(
        self,
        status: int,
        messages: Sequence[str] = (),
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> None:
        super().__init__(f"{status} {list(messages)} {dict(fields or {})}")
        self.status = status
        self.messages = list(messages)
        self.fields = dict(fields or {})
        self.headers = dict(headers or {})
        self._body = body

    @property
    def body(self) -> Any:
        """The error collection, or the odd body that some filters give."""
        if self._body is not None:
            return self._body
        return {"errorMessages": self.messages, "errors": self.fields}


def refused(message: str) -> JiraProblem:
    return JiraProblem(400, [message])


def refused_fields(**fields: str) -> JiraProblem:
    return JiraProblem(400, fields=fields)


def no_issue(data_center: bool = False) -> JiraProblem:
    """On Cloud gone and hidden look alike: Jira never says which."""
    return JiraProblem(404, ["Issue Does Not Exist" if data_center else NO_ISSUE])


def hidden_issue(user: str) -> JiraProblem:
    """Data Center tells nobody to sign in, and somebody that it is not for them."""
    hidden = "You do not have the permission to see the specified issue."
    return JiraProblem(403, [hidden]) if user else JiraProblem(401, [hidden, "Login Required"])
