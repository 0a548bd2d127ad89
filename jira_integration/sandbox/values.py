"""Reading field values as Jira does: what is stored for what was sent, or Jira's sentence why not.

Stored forms: text as str, documents as ADF, numbers as float, options, priorities, components by id, users by
account id, the parent as issue id (int), cascades as [option id, child option id].
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from jira_integration.sandbox.adf import read_document
from jira_integration.sandbox.model import FieldDef, Option, Project, Site
from jira_integration.sandbox.wiki import read_wiki

_TEXT_LIMIT = 255
_GROUPS = ("jira-administrators", "developers", "testers")
_SPRINTS = (1, 2, 37)


def read_value(site: Site, project: Project, field: FieldDef, value: Any) -> Any:
    """The stored form of a value sent for a field; None clears.

    Raises ValueError with Jira's message for this field.
    """
    if value is None:
        return None
    reader = _READERS.get(field.kind)
    if reader is None:
        raise ValueError(not_on_screen(field.id))
    return reader(site, project, field, value)


def not_on_screen(field_id: str) -> str:
    return f"Field '{field_id}' cannot be set. It is not on the appropriate screen, or unknown."


def _summary(site: Site, project: Project, field: FieldDef, value: Any) -> str:
    text = _string(value).strip()
    if not text:
        raise ValueError("You must specify a summary of the issue.")
    if "\n" in text or "\r" in text:
        raise ValueError("The summary is invalid because it contains newline characters.")
    if len(text) > _TEXT_LIMIT:
        raise ValueError("Summary can't exceed 255 characters.")
    return text


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("Operation value must be a string")
    return value


def _text(site: Site, project: Project, field: FieldDef, value: Any) -> str | None:
    text = _string(value)
    if len(text) > _TEXT_LIMIT:
        raise ValueError("The entered text is too long. It exceeds the allowed limit of 255 characters.")
    return text or None


def _url(site: Site, project: Project, field: FieldDef, value: Any) -> str | None:
    text = _string(value)
    if text and not re.match(r"(?i)(https?|ftp)://[^\s/]+", text):
        raise ValueError(f"Not a valid URL: {text}")
    return text or None


def _number(site: Site, project: Project, field: FieldDef, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("Operation value must be a number")
    return float(value)


def _date(site: Site, project: Project, field: FieldDef, value: Any) -> str:
    text = _string(value)
    try:
        date.fromisoformat(text)
    except ValueError:
        raise ValueError("Error parsing date string: " + text) from None
    return text


def _datetime(site: Site, project: Project, field: FieldDef, value: Any) -> str:
    text = _string(value)
    for form in ("%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%z"):
        try:
            moment = datetime.strptime(text, form)
        except ValueError:
            continue
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}{moment:%z}"
    raise ValueError("Error parsing time: " + text)


def _labels(site: Site, project: Project, field: FieldDef, value: Any) -> list[str]:
    labels = [_string(label) for label in _list(value)]
    for label in labels:
        if re.search(r"\s", label):
            raise ValueError(f"The label '{label}' contains spaces which is invalid.")
        if len(label) > _TEXT_LIMIT:
            raise ValueError(f"The label '{label}' exceeds the maximum length of 255 characters.")
    return sorted({label for label in labels if label})


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("data was not an array")
    return value


def _chosen(options: tuple[Option, ...], value: Any, text_key: str, noun: str) -> str:
    """The id of the option named by `{"id": …}` or by its text."""
    if not isinstance(value, Mapping) or (value.get("id") is None and value.get(text_key) is None):
        raise ValueError(f"Specify a valid 'id' or '{text_key}' for {noun}")
    if value.get("id") is not None:
        wanted = str(value["id"])
        if any(o.id == wanted for o in options):
            return wanted
        raise ValueError(f"Option id '{wanted}' is not valid")
    for option in options:
        if option.text == value[text_key]:
            return option.id
    raise ValueError(f"Option value '{value[text_key]}' is not valid")


def _option(site: Site, project: Project, field: FieldDef, value: Any) -> str:
    return _chosen(project.options_of(field), value, "value", field.name)


def _options(site: Site, project: Project, field: FieldDef, value: Any) -> list[str]:
    return sorted({_chosen(project.options_of(field), one, "value", field.name) for one in _list(value)})


def _cascade(site: Site, project: Project, field: FieldDef, value: Any) -> list[str]:
    """The option's id, and the id of the one under it when one was sent."""
    options = project.options_of(field)
    chosen = _chosen(options, value, "value", field.name)
    if value.get("child") is None:
        return [chosen]
    under = next(o.children for o in options if o.id == chosen)
    return [chosen, _chosen(under, value["child"], "value", field.name)]


def _priority(site: Site, project: Project, field: FieldDef, value: Any) -> str:
    offered = tuple(o for o in site.priorities if not project.priorities or o.id in project.priorities)
    try:
        return _chosen(offered, value, "name", "priority")
    except ValueError as trouble:
        if "Specify" in str(trouble):
            raise
        raise ValueError("The priority selected is invalid.") from None


def _resolution(site: Site, project: Project, field: FieldDef, value: Any) -> str:
    return _chosen(site.resolutions, value, "name", "resolution")


def _components(site: Site, project: Project, field: FieldDef, value: Any) -> list[str]:
    return _named(project.components, value, "Component", "component")


def _versions(site: Site, project: Project, field: FieldDef, value: Any) -> list[str]:
    return _named(project.versions, value, "Version", "version")


def _version(site: Site, project: Project, field: FieldDef, value: Any) -> str:
    return _named(project.versions, [value], "Version", "version")[0]


def _named(options: tuple[Option, ...], value: Any, title: str, noun: str) -> list[str]:
    chosen = []
    for one in _list(value):
        try:
            chosen.append(_chosen(options, one, "name", noun))
        except ValueError:
            named = one.get("id") or one.get("name") if isinstance(one, Mapping) else one
            raise ValueError(f"{title} name '{named}' is not valid") from None
    return sorted(set(chosen))


def _user(site: Site, project: Project, field: FieldDef, value: Any) -> str | None:
    if site.data_center:
        return _named_user(site, project, field, value)
    if not isinstance(value, Mapping):
        raise ValueError("expected Object containing an 'accountId' property")
    account = value.get("accountId", value.get("id"))
    if account is None:
        return None
    user = site.users.get(str(account))
    if user is None:
        raise ValueError(f"Specify a valid value for {field.name.lower()}")
    if not user.active or _is_stranger(project, field, user.account_id):
        raise ValueError(f"User '{user.account_id}' cannot be assigned issues.")
    return user.account_id


def _is_stranger(project: Project, field: FieldDef, account: str) -> bool:
    """Whether somebody cannot be assigned in this project."""
    return field.id == "assignee" and bool(project.members) and account not in project.members


def _named_user(site: Site, project: Project, field: FieldDef, value: Any) -> str | None:
    """`{"name": …}`, as Data Center takes a user."""
    if not isinstance(value, Mapping) or "name" not in value:
        raise ValueError("expected Object containing a 'name' property")
    if not value["name"]:
        return None
    user = site.user_named(str(value["name"]))
    if user is None:
        raise ValueError(f"User '{value['name']}' does not exist.")
    if not user.active or _is_stranger(project, field, user.account_id):
        raise ValueError(f"User '{user.login}' cannot be assigned issues.")
    return user.account_id


def _wiki(site: Site, project: Project, field: FieldDef, value: Any) -> str | None:
    return read_wiki(value)


def _users(site: Site, project: Project, field: FieldDef, value: Any) -> list[str]:
    found = [_user(site, project, field, one) for one in _list(value)]
    return sorted({one for one in found if one})


def _group(site: Site, project: Project, field: FieldDef, value: Any) -> str:
    name = value.get("name") if isinstance(value, Mapping) else None
    if name not in _GROUPS:
        raise ValueError(f"Could not find group with name '{name}'")
    return str(name)


def _groups(site: Site, project: Project, field: FieldDef, value: Any) -> list[str]:
    return sorted({_group(site, project, field, one) for one in _list(value)})


def _time(site: Site, project: Project, field: FieldDef, value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError("data was not an object")
    for name, text in value.items():
        if name not in {"originalEstimate", "remainingEstimate"}:
            raise ValueError(f"'{name}' cannot be set.")
        if not re.fullmatch(r"\s*(\d+(\.\d+)?[wdhm]\s*)+", str(text)):
            raise ValueError("Specify the estimate in the format: 2w 4d 6h 45m")
    return {str(name): " ".join(str(text).split()) for name, text in value.items()}


def _sprint(site: Site, project: Project, field: FieldDef, value: Any) -> int:
    """Written as a number, though it reads as a list."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("Number value expected as the Sprint id.")
    if value not in _SPRINTS:
        raise ValueError("Sprint with this id does not exist or you do not have permission to view it.")
    return value


def _adf(site: Site, project: Project, field: FieldDef, value: Any) -> dict[str, Any] | None:
    return read_document(value)


_Reader = Callable[[Site, Project, FieldDef, Any], Any]
_READERS: Mapping[str, _Reader] = {
    "summary": _summary,
    "text": _text,
    "url": _url,
    "number": _number,
    "date": _date,
    "datetime": _datetime,
    "labels": _labels,
    "option": _option,
    "options": _options,
    "priority": _priority,
    "resolution": _resolution,
    "components": _components,
    "versions": _versions,
    "cascade": _cascade,
    "version": _version,
    "user": _user,
    "users": _users,
    "group": _group,
    "groups": _groups,
    "time": _time,
    "sprint": _sprint,
    "security": _option,
    "adf": _adf,
    "wiki": _wiki,
}
