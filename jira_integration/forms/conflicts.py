"""What a person chose for the conflicts of one story, checked before Jira is asked."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import QueryDict
from django.utils.translation import gettext as _

from jira_integration.conflictview import CaseView, Choice, FieldView
from jira_integration.sync.decide import Case, Decision
from jira_integration.sync.written import read

MOST_TYPED = 32_767  # characters; what Jira takes in a text


def tick(view: CaseView, posted: QueryDict) -> None:
    """Put the choices and texts of a form onto the page's fields, as they were sent."""
    for one in view.fields:
        given = posted.get(f"choice-{one.key}", "")
        one.choice = given if given in offered(one) else ""
        if f"merged-{one.key}" in posted:
            one.retype(str(posted[f"merged-{one.key}"]))


def offered(one: FieldView) -> list[str]:
    choices = [Choice.OURS.value]
    choices += [Choice.THEIRS.value] if one.may_take else []
    return choices + ([Choice.MERGED.value] if one.may_merge else [])


def check(view: CaseView) -> bool:
    """Say at each field what is missing; True when nothing is."""
    for one in view.fields:
        name = {"field": one.label}
        if not one.choice:
            one.error = _("Choose a value for %(field)s.") % name
        elif one.choice == Choice.MERGED and not one.typed.strip() and one.key == "title":
            one.error = _("Write a %(field)s, or choose one of the two.") % name
        elif one.choice == Choice.MERGED and len(one.typed) > MOST_TYPED:
            one.error = _("The %(field)s is too long for Jira.") % name
    return not view.errors


def decisions(view: CaseView) -> dict[str, Decision]:
    return {
        one.key: Decision(one.choice, read(one.row.kind, one.typed) if one.choice == Choice.MERGED else None)
        for one in view.fields
    }


def changed_since(case: Case, posted: Mapping[str, str]) -> set[str]:
    """Fields whose values are not the ones that the form showed, and fields that it did not show."""
    return {name for name, print_ in case.seen().items() if posted.get(f"seen-{name}") != print_}
