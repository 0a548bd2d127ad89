"""What Jira's fields hold, by their schema alone: names are translated, repeat, and can be changed.

To add a sort of field: give its schema a shape in SYSTEM, CUSTOM or BY_TYPE; the shape its two conversions in
`values.py`; and the kinds of ours that fill it a place in `fits.TAKES`.
"""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from jira_integration.mapping.metadata import JiraField


class Shape(StrEnum):
    """What a Jira field holds. The comment is its value in Jira's own form, as `fixed_value` and `default_value`
    hold it and as it is sent."""

    LINE = "line"  # "text without line ends", at most 255 characters
    URL = "url"  # "https://example.test/"
    DOCUMENT = "document"  # an ADF document on Cloud
    NUMBER = "number"  # 3.5
    DATE = "date"  # "2026-11-30"
    DATETIME = "datetime"  # "2026-11-30T09:00:00.000+0100"
    CHOICE = "choice"  # {"id": "10010"}, one of `allowed`
    CHOICES = "choices"  # [{"id": "10010"}, …] of `allowed`: multi-select and check boxes
    CASCADE = "cascade"  # {"id": "10010", "child": {"id": "10011"}}; the child may be missing
    LABELS = "labels"  # ["checkout", …], no white space inside
    COMPONENTS = "components"  # [{"id": "10000"}, …] of `allowed`
    VERSION = "version"  # {"id": "10000"}, one of `allowed`
    VERSIONS = "versions"  # [{"id": "10000"}, …] of `allowed`
    USER = "user"  # {"accountId": "5b10…"}
    USERS = "users"  # [{"accountId": "5b10…"}, …]
    GROUP = "group"  # {"name": "developers"}
    GROUPS = "groups"  # [{"name": "developers"}, …]
    SPRINT = "sprint"  # 37, the sprint's number
    TIME = "time"  # {"originalEstimate": "2d 4h"}
    PARENT = "parent"  # {"id": "10042"}
    EPIC_LINK = "epic_link"  # "SHOP-1", the epic's key: Data Center
    OURS = "ours"  # filled by the export itself: never mapped
    IGNORED = "ignored"  # knowingly left alone, see `why_ignored`
    OTHER = "other"  # of an add-on whose form we do not know


SYSTEM: dict[str, Shape] = {
    "summary": Shape.LINE,
    "description": Shape.DOCUMENT,
    "environment": Shape.DOCUMENT,
    "priority": Shape.CHOICE,
    "security": Shape.CHOICE,
    "labels": Shape.LABELS,
    "components": Shape.COMPONENTS,
    "fixVersions": Shape.VERSIONS,
    "versions": Shape.VERSIONS,
    "assignee": Shape.USER,
    "reporter": Shape.USER,
    "duedate": Shape.DATE,
    "timetracking": Shape.TIME,
    "parent": Shape.PARENT,
    "project": Shape.OURS,
    "issuetype": Shape.OURS,
    "issuelinks": Shape.OURS,
    "attachment": Shape.OURS,
}
CUSTOM: dict[str, Shape] = {
    "textfield": Shape.LINE,
    "gh-epic-label": Shape.LINE,
    "url": Shape.URL,
    "textarea": Shape.DOCUMENT,
    "float": Shape.NUMBER,
    "jsw-story-points": Shape.NUMBER,
    "datepicker": Shape.DATE,
    "jpo-custom-field-baseline-start": Shape.DATE,
    "jpo-custom-field-baseline-end": Shape.DATE,
    "datetime": Shape.DATETIME,
    "select": Shape.CHOICE,
    "radiobuttons": Shape.CHOICE,
    "multiselect": Shape.CHOICES,
    "multicheckboxes": Shape.CHOICES,
    "cascadingselect": Shape.CASCADE,
    "labels": Shape.LABELS,
    "version": Shape.VERSION,
    "multiversion": Shape.VERSIONS,
    "userpicker": Shape.USER,
    "multiuserpicker": Shape.USERS,
    "people": Shape.USERS,
    "grouppicker": Shape.GROUP,
    "multigrouppicker": Shape.GROUPS,
    "gh-sprint": Shape.SPRINT,
    "gh-epic-link": Shape.EPIC_LINK,
}
# For custom fields of kinds not listed: what Jira says they hold. "any" and free text of an add-on say too little.
BY_TYPE: dict[tuple[str, str], Shape] = {
    ("number", ""): Shape.NUMBER,
    ("date", ""): Shape.DATE,
    ("datetime", ""): Shape.DATETIME,
    ("option", ""): Shape.CHOICE,
    ("option-with-child", ""): Shape.CASCADE,
    ("array", "option"): Shape.CHOICES,
    ("array", "version"): Shape.VERSIONS,
    ("version", ""): Shape.VERSION,
    ("user", ""): Shape.USER,
    ("array", "user"): Shape.USERS,
    ("group", ""): Shape.GROUP,
    ("array", "group"): Shape.GROUPS,
}
JIRA_KEEPS = _("Jira keeps this itself.")
IGNORED: dict[str, str | Promise] = {
    "resolution": _("A resolution belongs to closing an issue. It is set by the move to a status, not by the export."),
    "resolutiondate": JIRA_KEEPS,
    "status": _("Statuses have a step of their own."),
    "creator": JIRA_KEEPS,
    "created": JIRA_KEEPS,
    "updated": JIRA_KEEPS,
    "lastViewed": JIRA_KEEPS,
    "workratio": JIRA_KEEPS,
    "statuscategorychangedate": JIRA_KEEPS,
    "statusCategory": JIRA_KEEPS,
    "votes": _("Votes are people's own."),
    "watches": _("Watching is each person's own choice."),
    "comment": _("Comments are not exported."),
    "worklog": _("Time spent is logged by who spent it."),
    "subtasks": JIRA_KEEPS,
    "progress": JIRA_KEEPS,
    "aggregateprogress": JIRA_KEEPS,
    "thumbnail": JIRA_KEEPS,
    "timespent": JIRA_KEEPS,
    "timeestimate": _("Estimates go through time tracking."),
    "timeoriginalestimate": _("Estimates go through time tracking."),
    "aggregatetimespent": JIRA_KEEPS,
    "aggregatetimeestimate": JIRA_KEEPS,
    "aggregatetimeoriginalestimate": JIRA_KEEPS,
    "issuerestriction": _("Who may see an issue is decided in Jira."),
    "gh-lexo-rank": _("Jira ranks a new issue itself."),
    "gh-global-rank": _("Jira ranks a new issue itself."),
    "gh-epic-status": _("Jira keeps the state of its epics."),
    "gh-epic-color": _("The colour of an epic is chosen in Jira."),
    "jsw-issue-color": _("The colour of an epic is chosen in Jira."),
    "devsummary": JIRA_KEEPS,
    "devsummarycf": JIRA_KEEPS,
    "readonlyfield": _("Nobody can write to it."),
    "vulnerabilitycf": JIRA_KEEPS,
    "designcf": JIRA_KEEPS,
    "parent-link": _("Levels above the epic are set in Jira."),
    "jpo-custom-field-parent": _("Levels above the epic are set in Jira."),
}
# A create without these is never refused: Jira puts in who is asking.
JIRA_FILLS = frozenset({"reporter"})
# Shapes whose values are picked from `JiraField.allowed`.
LISTED = frozenset(
    {Shape.CHOICE, Shape.CHOICES, Shape.CASCADE, Shape.COMPONENTS, Shape.VERSION, Shape.VERSIONS}
)  # fmt: skip
MANY = frozenset({Shape.CHOICES, Shape.COMPONENTS, Shape.VERSIONS, Shape.LABELS, Shape.USERS, Shape.GROUPS})


def shape_of(jira_field: JiraField) -> Shape:
    if jira_field.custom:
        kind = jira_field.custom_kind
        if kind in IGNORED:
            return Shape.IGNORED
        by_type = BY_TYPE.get((jira_field.type, jira_field.items), Shape.OTHER)
        return CUSTOM.get(kind, by_type)
    name = jira_field.system or jira_field.id
    return Shape.IGNORED if name in IGNORED else SYSTEM.get(name, Shape.OTHER)


def why_ignored(jira_field: JiraField) -> str:
    """Why a field is left alone; "" for every other."""
    if shape_of(jira_field) is not Shape.IGNORED:
        return ""
    return str(IGNORED[jira_field.custom_kind if jira_field.custom else jira_field.system or jira_field.id])
