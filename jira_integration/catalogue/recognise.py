"""From what the client raised or Jira answered to a code of the catalogue: by status, header and error key.

Never by Jira's wording: it is translated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from django.utils import timezone

from jira_integration.catalogue.typos import meant_site
from jira_integration.client.exceptions import ErrorCode, JiraError, JiraLoginError, JiraRateLimited
from jira_integration.models import JiraConnection, ProjectMapping

LONGEST_LINE = 255  # characters of a field that holds one line


class KnowsFields(Protocol):
    """What this module asks of mapping.metadata.ProjectMetadata."""

    @property
    def key(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def issue_types(self) -> tuple[Any, ...]: ...

    def type(self, type_id: str) -> Any: ...


def about(connection: JiraConnection | None, mapping: ProjectMapping | None = None) -> dict[str, Any]:
    """The values that every entry may name, from the rows at hand."""
    values: dict[str, Any] = {}
    if connection is not None:
        values["connection_id"] = connection.pk
        values["site"] = connection.host
        account = connection.account_name or connection.user_name
        if account:
            values["account"] = account
    if mapping is not None:
        values["jira_project"] = mapping.jira_project_key
    return values


# The same refusal in the words of each kind of login.
OF_LOGIN: dict[tuple[str, str], str] = {
    ("bad_login", JiraConnection.Login.PAT): "bad_pat",
    ("bad_login", JiraConnection.Login.BASIC): "bad_password",
    ("bad_login", JiraConnection.Login.OAUTH2): "reconnect",
    ("scope", JiraConnection.Login.OAUTH2): "scope_grant",
    ("login_expired", JiraConnection.Login.PAT): "pat_expired",
    ("login_expired", JiraConnection.Login.OAUTH2): "reconnect",
}


def from_error(
    error: JiraError, connection: JiraConnection | None = None, *, login: str = ""
) -> tuple[str, dict[str, Any]]:
    """(code, values) of what the client raised. Values are JSON and hold no secret and nothing Jira wrote but
    `said`, which is plain text. `login` is the kind that was tried, where it is not the connection's own."""
    code, values = _from_error(error, connection)
    kind = login or (connection.login if connection is not None else "")
    return OF_LOGIN.get((code, kind), code), values


def _from_error(error: JiraError, connection: JiraConnection | None) -> tuple[str, dict[str, Any]]:
    values = about(connection)
    code = str(error.code.value)
    if error.status is not None:
        values["status"] = error.status
    if error.jira_messages or error.field_errors:
        values["said"] = " ".join([*error.jira_messages, *error.field_errors.values()])
    if error.code == ErrorCode.FORBIDDEN and error.method == "POST" and error.path.endswith(("/issue", "/issue/bulk")):
        return "no_create_permission", values
    if isinstance(error, JiraRateLimited) and error.retry_after:
        return "rate_limited_for", {**values, "seconds": round(error.retry_after)}
    if isinstance(error, JiraLoginError) and error.code == ErrorCode.BAD_LOGIN and connection is not None:
        ends_on = connection.secret_ends_on
        if ends_on is not None and ends_on < timezone.localdate():
            return "login_expired", {**values, "ended": ends_on.isoformat()}
    if code == ErrorCode.DNS and connection is not None and (meant := meant_site(connection.host)):
        return "dns_typo", {**values, "meant": meant}
    return code, values


def from_field_errors(
    field_errors: Mapping[str, str], messages: Sequence[str], metadata: KnowsFields, body: Mapping[str, Any]
) -> tuple[str, dict[str, Any]]:
    """(code, values) for one refused issue. `field_errors` are by Jira field id, `body` is what was sent
    ({"fields": {…}} or the fields themselves). The field named first in `field_errors` that we understand decides.
    """
    values: dict[str, Any] = {"jira_project": metadata.key}
    said = [*messages, *field_errors.values()]
    if said:
        values["said"] = " ".join(said)
    sent: Mapping[str, Any] = body.get("fields", body)
    type_id = str((sent.get("issuetype") or {}).get("id", ""))
    issue_type = metadata.type(type_id)
    values["issue_type"] = issue_type.name if issue_type is not None else type_id
    if "issuetype" in field_errors:
        return "issue_type_gone", values
    if "project" in field_errors:
        return "no_create_permission", values
    if {"parent", "parentId"} & set(field_errors):
        return ("parent_refused" if sent.get("parent") else "parent_missing"), values
    for field_id in field_errors:
        values["field_id"] = field_id
        field = issue_type.field(field_id) if issue_type is not None else None
        if field is None:
            values["field"] = field_id
            return "field_not_on_screen", values
        values["field"] = field.name
        if _empty(sent.get(field_id)):
            return ("required_field" if field.required else "field_rejected"), values
        if field.type == "user" or field.items == "user":
            values["value"] = _shown(sent[field_id], field)
            return "person_rejected", values
        if isinstance(sent[field_id], str) and len(sent[field_id]) > LONGEST_LINE:
            return "value_too_long", values
        if field.allowed:
            values["value"] = _shown(sent[field_id], field)
            values["allowed"] = [one.name for one in field.allowed]
            return ("priority_not_allowed" if field.system == "priority" else "value_not_allowed"), values
        return "field_rejected", values
    return ("refused_by_rule" if messages else "rejected"), values


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _shown(value: Any, field: Any) -> str:
    """What was sent, as people know it: the names behind ids."""
    names = {one.id: one.name for one in field.allowed}
    parts = value if isinstance(value, list) else [value]
    found = [
        part.get("id") or part.get("name") or part.get("value") if isinstance(part, Mapping) else part for part in parts
    ]
    return ", ".join(str(names.get(str(one), one)) for one in found)
