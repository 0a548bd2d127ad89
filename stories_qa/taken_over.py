"""Values that come from elsewhere, as the columns that `stories_qa.writing.change` takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stories_qa.models import Epic, Project
from stories_qa.people import find_member


def columns_of(project: Project, values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` by field of the story: criteria and the assignee are objects with names, the parent is a ref. Raises
    ValueError for a parent that is no epic of this project."""
    columns = {name: value for name, value in values.items() if name not in {"criteria", "assignee", "parent"}}
    if "criteria" in values:
        columns["criteria"] = [vars(criterion) for criterion in values["criteria"]]
    if "assignee" in values:
        person = values["assignee"]
        member = None if person is None else find_member(project, person.name, person.email)
        columns["assignee"] = member
        columns["assignee_name"] = "" if person is None or member is not None else person.name or person.email
    if "parent" in values:
        columns["epic"] = None
        if values["parent"] is not None:
            columns["epic"] = Epic.objects.filter(project=project, ref=values["parent"]).first()
            if columns["epic"] is None:
                raise ValueError(f"{values['parent']} is no epic of {project}")
    return columns
