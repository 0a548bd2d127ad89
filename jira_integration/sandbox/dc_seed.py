"""The same site as Data Center holds it: no team-managed projects, epics by Epic Link and Epic Name, wiki markup."""

from __future__ import annotations

from dataclasses import replace

from jira_integration.sandbox.model import FieldDef, OnScreen, Project, Site, Transition, Workflow
from jira_integration.sandbox.seed_fields import EPIC_LINK, EPIC_NAME, MOBILE, TEAM, TEAM_POINTS, TEAM_SCREEN

_CLOUD_ONLY = {"statuscategorychangedate", TEAM_POINTS}
_STORY = "10011"


def as_data_center(site: Site) -> Site:
    """Every type, status and field is the whole site's; a Story of MOB still needs a Team."""
    types = {t.id: t for t in site.types.values() if not t.project_id}
    statuses = {s.id: s for s in site.statuses.values() if not s.project_id}
    fields = {f.id: _field(f) for f in site.fields.values() if f.id not in _CLOUD_ONLY}
    made = replace(site, data_center=True, types=types, statuses=statuses, fields=fields)
    made.projects = {p.id: _project(made, p) for p in site.projects.values()}
    return made


def _field(field: FieldDef) -> FieldDef:
    return replace(field, project_id="", kind="wiki" if field.kind == "adf" else field.kind)


def _project(site: Site, project: Project) -> Project:
    if project.id == MOBILE:
        team = (OnScreen(TEAM, required=True),)
        screens = {t: TEAM_SCREEN + (team if t == _STORY else ()) for t in site.types}
        project = replace(project, style="classic", type_ids=tuple(site.types), workflow=_any_way(site))
    else:
        screens = dict(project.screens)
    return replace(project, screens={t: _screen(site, t, places) for t, places in screens.items()})


def _any_way(site: Site) -> Workflow:
    """From every status to every other."""
    steps = tuple(Transition(str(10 * n + 1), s.name, s.id) for n, s in enumerate(site.statuses.values(), 1))
    return Workflow(next(iter(site.statuses)), tuple(site.statuses), steps)


def _screen(site: Site, type_id: str, places: tuple[OnScreen, ...]) -> tuple[OnScreen, ...]:
    kind = site.types[type_id]
    kept = tuple(p for p in places if p.field_id in site.fields and (kind.subtask or p.field_id != "parent"))
    if kind.level == 1:
        return (*kept, OnScreen(EPIC_NAME, required=True))
    return kept if kind.subtask else (*kept, OnScreen(EPIC_LINK))
