"""From JQL clauses to a WHERE over the issue table, with Jira's refusals of names it does not know."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jira_integration.sandbox.jql import Clause, Compound, Function, JqlError, Node, Query, Value
from jira_integration.sandbox.jql_time import moment
from jira_integration.sandbox.model import Site
from jira_integration.sandbox.shape import as_id
from jira_integration.sandbox.store import Store


@dataclass(frozen=True)
class Scope:
    """What names in a query refer to; `now_ms` and the account's zone settle times."""

    site: Site
    store: Store
    user: str
    now_ms: int
    account_zone: str


@dataclass(frozen=True)
class Sql:
    where: str
    values: tuple[Any, ...]
    order: tuple[tuple[str, bool], ...]  # expression, descending; the last one is the id


def to_sql(query: Query, scope: Scope) -> Sql:
    """Raises JqlError for unknown fields, values and functions."""
    where, values = _node(query.where, scope) if query.where else ("1", [])
    order = []
    for name, descending in query.order:
        expression = _ORDER.get(name.lower())
        if expression is None:
            raise JqlError(
                f"Not able to sort using field '{name}'." if name.lower() in _FIELDS else _unknown_field(name)
            )
        order.append((expression, descending))
    if not order:
        order.append(("created", True))
    if order[-1][0] != "id":
        order.append(("id", order[-1][1]))
    return Sql(where, tuple(values), tuple(order))


def _unknown_field(name: str) -> str:
    return f"Field '{name}' does not exist or you do not have permission to view it."


def _node(node: Node, scope: Scope) -> tuple[str, list[Any]]:
    if isinstance(node, Compound):
        parts = [_node(part, scope) for part in node.parts]
        values = [value for _, some in parts for value in some]
        if node.operator == "not":
            return f"NOT ({parts[0][0]})", values
        return "(" + f" {node.operator} ".join(sql for sql, _ in parts) + ")", values
    reader = _FIELDS.get(node.field.lower()) or _property(node.field, scope) or _epic_link(node.field, scope)
    if reader is None:
        raise JqlError(_unknown_field(node.field))
    return reader(node, scope)


def _property(name: str, scope: Scope) -> _Reader | None:
    """`issue.property[key].path`: only where a plugin declared an index."""
    match = re.fullmatch(r"issue\.property\[[\"']?(?P<key>[^\]\"']+)[\"']?\]\.(?P<path>[\w.]+)", name)
    if match is None or f"{match['key']}.{match['path']}" not in scope.site.indexed_properties:
        return None

    def read(clause: Clause, scope: Scope) -> tuple[str, list[Any]]:
        if clause.operator not in {"=", "!=", "in", "not in"}:
            raise _no_operator(clause)
        wanted = [_text(clause, v) for v in clause.values]
        marks = ", ".join("?" for _ in wanted)
        inside = f"SELECT issue_id FROM property WHERE key = ? AND json_extract(value, ?) IN ({marks})"  # noqa: S608
        sql = f"id {'IN' if clause.operator in {'=', 'in'} else 'NOT IN'} ({inside})"
        return sql, [match["key"], f"$.{match['path']}", *wanted]

    return read


def _epic_link(name: str, scope: Scope) -> _Reader | None:
    """Data Center: `"Epic Link" = SHOP-1`, or by the field's number."""
    if not scope.site.data_center:
        return None
    known = {f.id: {f.name.lower(), f"cf[{f.id.rpartition('_')[2]}]"} for f in scope.site.fields.values()}
    link = next(f.id for f in scope.site.fields.values() if f.kind == "epic_link")
    return _same_parent if name.lower() in known[link] else None


def _no_value(clause: Clause, text: str) -> JqlError:
    return JqlError(f"The value '{text}' does not exist for the field '{clause.field}'.")


def _is_empty(value: Value | Function) -> bool:
    return isinstance(value, Value) and not value.quoted and value.text.lower() in {"empty", "null"}


def _text(clause: Clause, value: Value | Function) -> str:
    if isinstance(value, Function):
        raise JqlError(f"Unable to find JQL function '{value.name}({', '.join(value.arguments)})'.")
    return value.text


def _equality(column: str, resolve: Callable[[Clause, Scope, Value | Function], list[Any]]) -> _Reader:
    """A reader for = != in, not in, is [not] EMPTY; `resolve` gives the column values of one JQL value."""

    def read(clause: Clause, scope: Scope) -> tuple[str, list[Any]]:
        if clause.operator not in {"=", "!=", "in", "not in", "is", "is not"}:
            raise _no_operator(clause)
        positive = clause.operator in {"=", "in", "is"}
        if any(_is_empty(v) for v in clause.values):
            return f"{column} IS {'' if positive else 'NOT '}NULL", []
        wanted = [found for value in clause.values for found in resolve(clause, scope, value)]
        marks = ", ".join("?" for _ in wanted)
        # Jira's != leaves out issues where the field is empty, and so does SQL's NOT IN.
        return f"{column} {'IN' if positive else 'NOT IN'} ({marks})", wanted

    return read


def _no_operator(clause: Clause) -> JqlError:
    return JqlError(f"The operator '{clause.operator}' is not supported by the '{clause.field}' field.")


def _project(clause: Clause, scope: Scope, value: Value | Function) -> list[Any]:
    text = _text(clause, value)
    site = scope.site
    found = site.project_named(text) or next((p for p in site.projects.values() if p.name == text), None)
    if found is None or not scope.user:
        raise _no_value(clause, text)
    return [found.id]


def _issue_type(clause: Clause, scope: Scope, value: Value | Function) -> list[Any]:
    text = _text(clause, value)
    found = [t.id for t in scope.site.types.values() if t.id == text or t.name.lower() == text.lower()]
    if not found:
        raise _no_value(clause, text)
    return found


def _status(clause: Clause, scope: Scope, value: Value | Function) -> list[Any]:
    text = _text(clause, value)
    found = [s.id for s in scope.site.statuses.values() if s.id == text or s.name.lower() == text.lower()]
    if not found:
        raise _no_value(clause, text)
    return found


def _category(clause: Clause, scope: Scope, value: Value | Function) -> list[Any]:
    text = _text(clause, value).lower()
    kinds = {s.category for s in scope.site.statuses.values()}
    matching = {c.key for c in kinds if text in {str(c.id), c.key, c.name.lower()}}
    if not matching:
        raise _no_value(clause, text)
    return [s.id for s in scope.site.statuses.values() if s.category.key in matching]


def _user(clause: Clause, scope: Scope, value: Value | Function) -> list[Any]:
    if isinstance(value, Function):
        if value.name != "currentuser":
            raise JqlError(f"Unable to find JQL function '{value.name}({', '.join(value.arguments)})'.")
        return [scope.user]
    names = {u.account_id: {u.account_id, u.email, u.name} for u in scope.site.users.values()}
    if scope.site.data_center:
        names = {u.account_id: {u.login, u.key, u.name} for u in scope.site.users.values()}
    found = [account for account, known in names.items() if value.text in known]
    if not found:
        raise _no_value(clause, value.text)
    return found


def _named(options: str) -> Callable[[Clause, Scope, Value | Function], list[Any]]:
    def resolve(clause: Clause, scope: Scope, value: Value | Function) -> list[Any]:
        text = _text(clause, value)
        found = [o.id for o in getattr(scope.site, options) if o.id == text or o.text.lower() == text.lower()]
        if not found:
            raise _no_value(clause, text)
        return found

    return resolve


def _issue_id(clause: Clause, scope: Scope, value: Value | Function) -> list[Any]:
    text = _text(clause, value)
    issue = scope.store.issue(text)
    if issue is None or not scope.user:
        kind = "A value with ID" if text.isdigit() else "An issue with key"
        raise JqlError(f"{kind} '{text}' does not exist for field '{clause.field}'.")
    return [issue.id]


_same_issue: _Reader
_same_parent: _Reader


def _issue(clause: Clause, scope: Scope) -> tuple[str, list[Any]]:
    """id and key: equality, and ranges inside one project."""
    if clause.operator not in {"<", "<=", ">", ">="}:
        return _same_issue(clause, scope)
    text = _text(clause, clause.values[0])
    if text.isdigit():
        return f"id {clause.operator} ?", [as_id(text)]
    key, _, number = text.rpartition("-")
    project = scope.site.project_named(key)
    if project is None or not number.isdigit():
        raise JqlError(f"An issue with key '{text}' does not exist for field '{clause.field}'.")
    return f"(project_id = ? AND number {clause.operator} ?)", [project.id, as_id(number)]


def _labels(clause: Clause, scope: Scope) -> tuple[str, list[Any]]:
    column = "json_extract(doc, '$.labels')"
    positive = clause.operator in {"=", "in", "is"}
    if any(_is_empty(v) for v in clause.values):
        return f"coalesce({column}, '[]') {'=' if positive else '!='} '[]'", []
    if clause.operator not in {"=", "!=", "in", "not in"}:
        raise _no_operator(clause)
    wanted = [_text(clause, v) for v in clause.values]
    marks = ", ".join("?" for _ in wanted)
    has = f"EXISTS (SELECT 1 FROM json_each(coalesce({column}, '[]')) WHERE value IN ({marks}))"  # noqa: S608
    return (has if positive else f"(NOT {has} AND coalesce({column}, '[]') != '[]')"), wanted


def _contains(*columns: str) -> _Reader:
    """`~`: every word must begin a word there; words end at anything but letters and digits."""

    def read(clause: Clause, scope: Scope) -> tuple[str, list[Any]]:
        if clause.operator not in {"~", "!~"}:
            raise _no_operator(clause)
        words = re.findall(r"\w+", _text(clause, clause.values[0]))
        if not words:
            raise JqlError(f"The field '{clause.field}' needs a text to search for.")
        either = " OR ".join(f"coalesce({c}, '') LIKE ?" for c in columns)
        sql = " AND ".join(f"({either})" for _ in words)
        values = [f"%{word}%" for word in words for _ in columns]
        return (f"({sql})" if clause.operator == "~" else f"NOT ({sql})"), values

    return read


def _time(column: str) -> _Reader:
    def read(clause: Clause, scope: Scope) -> tuple[str, list[Any]]:
        if clause.operator not in {"<", "<=", ">", ">=", "=", "!="}:
            raise _no_operator(clause)
        return f"{column} {clause.operator} ?", [moment(clause, clause.values[0], scope.now_ms, scope.account_zone)]

    return read


def _doc(name: str) -> str:
    return f"json_extract(doc, '$.{name}')"


_Reader = Callable[[Clause, Scope], tuple[str, list[Any]]]
_same_issue = _equality("id", _issue_id)
_same_parent = _equality("parent_id", _issue_id)
_FIELDS: dict[str, _Reader] = {
    "project": _equality("project_id", _project),
    "id": _issue,
    "key": _issue,
    "issue": _issue,
    "issuekey": _issue,
    "issuetype": _equality("type_id", _issue_type),
    "type": _equality("type_id", _issue_type),
    "status": _equality("status_id", _status),
    "statuscategory": _equality("status_id", _category),
    "parent": _same_parent,
    "creator": _equality("creator", _user),
    "reporter": _equality(_doc("reporter"), _user),
    "assignee": _equality(_doc("assignee"), _user),
    "priority": _equality(_doc("priority"), _named("priorities")),
    "resolution": _equality(_doc("resolution"), _named("resolutions")),
    "labels": _labels,
    "summary": _contains(_doc("summary")),
    "description": _contains(_doc("description")),
    "text": _contains(_doc("summary"), _doc("description")),
    "created": _time("created"),
    "createddate": _time("created"),
    "updated": _time("updated"),
    "updateddate": _time("updated"),
}
_ORDER = {
    "id": "id",
    "key": "number",
    "issuekey": "number",
    "created": "created",
    "createddate": "created",
    "updated": "updated",
    "updateddate": "updated",
    "priority": f"coalesce({_doc('priority')}, '9')",
    "summary": f"coalesce({_doc('summary')}, '')",
    "status": "status_id",
    "project": "project_id",
    "issuetype": "type_id",
    "rank": "id",
}
