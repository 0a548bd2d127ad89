"""Validators of a workflow's create step: what Jira refuses though its metadata is content.

They run after the fields were read, so a request that breaks both hears of the fields first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from jira_integration.sandbox.call import Call
from jira_integration.sandbox.errors import JiraProblem
from jira_integration.sandbox.issue_input import Input
from jira_integration.sandbox.model import IssueType, Project, Rule
from jira_integration.sandbox.texts import as_text


def obey(call: Call, project: Project, kind: IssueType, given: Input) -> None:
    """Raises JiraProblem with the refusals of every rule that is broken, by field where a rule names one."""
    fields: dict[str, str] = {}
    messages: list[str] = []
    for rule in project.rules:
        if (rule.type_ids and kind.id not in rule.type_ids) or CHECKS[rule.check](rule, given):
            continue
        if rule.field_id:
            fields.setdefault(rule.field_id, rule.message)
        else:
            messages.append(rule.message)
    if fields or messages:
        raise JiraProblem(400, messages, fields)


def _filled(rule: Rule, given: Input) -> bool:
    return given.values.get(rule.argument) not in (None, "", [])


def _matches(rule: Rule, given: Input) -> bool:
    return re.search(rule.argument, str(given.values.get("summary") or "")) is not None


def _few_labels(rule: Rule, given: Input) -> bool:
    return len(given.values.get("labels") or []) <= int(rule.argument)


def _has_parent(rule: Rule, given: Input) -> bool:
    return bool(given.parent)


def _described(rule: Rule, given: Input) -> bool:
    """The description has at least so many characters."""
    return len(as_text(given.values.get("description"))) >= int(rule.argument)


def _not_said(rule: Rule, given: Input) -> bool:
    text = f"{given.values.get('summary') or ''} {as_text(given.values.get('description'))}"
    return rule.argument.casefold() not in text.casefold()


def _up_to(rule: Rule, given: Input) -> bool:
    """No number field holds more."""
    numbers = [one for one in given.values.values() if isinstance(one, float)]
    return all(one <= float(rule.argument) for one in numbers)


CHECKS: Mapping[str, Callable[[Rule, Input], bool]] = {
    "filled": _filled,
    "summary_matches": _matches,
    "few_labels": _few_labels,
    "has_parent": _has_parent,
    "described": _described,
    "not_said": _not_said,
    "numbers_up_to": _up_to,
}
