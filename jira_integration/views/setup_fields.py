"""Step 4: which field of ours fills which of Jira's, kind by kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from asgiref.sync import async_to_sync
from django.contrib import messages
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jira_integration.catalogue import Explained, explain
from jira_integration.catalogue.recognise import about
from jira_integration.client.exceptions import JiraUnavailable
from jira_integration.conf import conf, story_source
from jira_integration.contracts import Kind, StorySnapshot
from jira_integration.forms.examples import example_of
from jira_integration.forms.fields_table import FieldsTable, incomplete
from jira_integration.mapping import template
from jira_integration.mapping.changes import FieldChanges, changes
from jira_integration.mapping.metadata import IssueType, ProjectMetadata, current, stored
from jira_integration.mapping.suggest import suggest_fields
from jira_integration.models import FieldMapping
from jira_integration.setup.connect import jira_client
from jira_integration.setup.discover import PERSON_WAITS_SECONDS
from jira_integration.standing import stale_mapping
from jira_integration.views.access import admin_projects
from jira_integration.views.setup_find import names_of_people, people_found
from jira_integration.views.setup_frame import Problem, Wizard
from jira_integration.views.setup_project import metadata_of

EXAMPLES = 20
KIND_LABELS = {
    Kind.EPIC: gettext_lazy("Epics"),
    Kind.STORY: gettext_lazy("Stories"),
    Kind.TEST: gettext_lazy("Test cases"),
}
KIND_ICONS = {Kind.EPIC: "bolt", Kind.STORY: "story", Kind.TEST: "flask"}


@dataclass(frozen=True)
class Tab:
    kind: Kind
    label: str
    icon: str
    type_name: str
    url: str
    saved: bool
    now: bool


def step(wizard: Wizard) -> HttpResponse:
    request = wizard.request
    kinds = [kind for kind in (Kind.STORY, Kind.EPIC, Kind.TEST) if wizard.map.type_id(kind)]
    asked = request.GET.get("kind", "")
    kind = Kind(asked) if asked in {one.value for one in kinds} else kinds[0]
    if "reread" in request.POST:
        return reread(wizard, kind, kinds)
    if request.method == "GET":
        refresh(wizard, kinds)
    metadata = metadata_of(wizard)
    issue_type = metadata.type(wizard.map.type_id(kind))
    if issue_type is None:
        return show(wizard, kind, kinds, None, explained=type_gone(wizard, kind))
    table = table_of(wizard, kind, issue_type)
    if request.method != "POST":
        return show(wizard, kind, kinds, table)
    if "save" not in request.POST and "later" not in request.POST:
        return show(wizard, kind, kinds, table)  # a look at what a choice means; nothing is saved
    if not table.validate():
        problems = [Problem(row.error, row.anchor) for row in table.errors]
        return show(wizard, kind, kinds, table, problems=problems)
    if overtaken := wizard.overtaken():
        return show(wizard, kind, kinds, table, overtaken=overtaken)
    with wizard.changing():
        left = save(wizard, kind, kinds, table, metadata)
    if left is not None and "later" not in request.POST:
        return wizard.go("fields", kind=left.value)
    return wizard.onward("fields")


def table_of(wizard: Wizard, kind: Kind, issue_type: IssueType) -> FieldsTable:
    """The table from what was posted, else from what is saved for this kind, else from the suggestions."""
    story_fields = story_source().fields(wizard.project.ref, kind)
    saved = list(wizard.map.fields.filter(kind=kind.value)) or suggest_fields(story_fields, issue_type, kind)
    posted = wizard.request.POST
    data = posted if wizard.request.method == "POST" else None
    add = posted.get("add_field", "") if "add" in posted else ""
    return FieldsTable(
        kind,
        story_fields,
        issue_type,
        saved,
        data,
        add,
        posted.get("remove", ""),
        find=lambda query: people_found(wizard, query),
        people=names_of_people(wizard),
    )


def example_story(wizard: Wizard, kind: Kind) -> StorySnapshot | None:
    """The story whose values the last column shows: the one asked for, else the first of the backlog."""
    source = story_source()
    asked = wizard.request.POST.get("example") or wizard.request.GET.get("example", "")
    ref = source.resolve(wizard.project.ref, asked) if asked else None
    refs = [ref] if ref else source.refs(wizard.project.ref, kind)[:1]
    found = next(iter(source.snapshots(wizard.project.ref, refs)), None)
    if found is not None and found.kind is not kind:
        found = next(iter(source.snapshots(wizard.project.ref, source.refs(wizard.project.ref, kind)[:1])), None)
    return found


def save(wizard: Wizard, kind: Kind, kinds: list[Kind], table: FieldsTable, metadata: ProjectMetadata) -> Kind | None:
    """Replace this kind's rows. Kinds nobody has looked at take their suggestions, unless Jira would refuse those:
    the first such kind is returned, and the step is not done before it is."""
    replace(wizard, kind, table.mappings())
    left: Kind | None = None
    for other in kinds:
        issue_type = metadata.type(wizard.map.type_id(other))
        if issue_type is None:
            left = left or other
            continue
        rows = list(wizard.map.fields.filter(kind=other.value))
        if not rows:
            rows = suggest_fields(story_source().fields(wizard.project.ref, other), issue_type, other)
            fields = story_source().fields(wizard.project.ref, other)
            if not FieldsTable(other, fields, issue_type, rows).validate():
                left = left or other
                continue
            replace(wizard, other, rows)
        elif incomplete(issue_type, rows):
            left = left or other
    if left is None:
        wizard.save_step("fields")
    else:
        wizard.map.steps_done = [one for one in wizard.map.steps_done if one != "fields"]
        wizard.save_step("project")
    wizard.record("mapping_saved", part=_("field"), jira_project=wizard.map.jira_project_key)
    return left


def replace(wizard: Wizard, kind: Kind, rows: list[FieldMapping]) -> None:
    wizard.map.fields.filter(kind=kind.value).delete()
    for row in rows:
        row.mapping = wizard.map
    FieldMapping.objects.bulk_create(rows)


def refresh(wizard: Wizard, kinds: list[Kind]) -> None:
    """Read what is older than its time to live, and warn when Jira changed meanwhile. While Jira does not answer,
    what is known has to do."""
    known = stored(wizard.site, wizard.map.jira_project_id)
    if known is None or timezone.now() - known[1] < timedelta(seconds=conf.METADATA_TTL_SECONDS):
        return
    try:
        found = changes(known[0], read_now(wizard, kinds))
    except JiraUnavailable:
        return
    if found:
        messages.warning(wizard.request, told(found, wizard.map.jira_project_key))


def reread(wizard: Wizard, kind: Kind, kinds: list[Kind]) -> HttpResponse:
    """Read the fields again because somebody asked, and say what is different."""
    before = metadata_of(wizard)
    found = changes(before, read_now(wizard, kinds))
    wizard.record("metadata_read", jira_project=wizard.map.jira_project_key, new=len(found.new), gone=len(found.gone))
    (messages.warning if found else messages.success)(wizard.request, told(found, wizard.map.jira_project_key))
    return wizard.go("fields", kind=kind.value)


def read_now(wizard: Wizard, kinds: list[Kind]) -> ProjectMetadata:
    async def read() -> ProjectMetadata:
        wanted = [wizard.map.type_id(one) for one in kinds]
        async with jira_client(wizard.site, seconds=PERSON_WAITS_SECONDS / 2, tries=1) as jira:
            return await current(jira, wizard.site, wizard.map.jira_project_id, wanted, force=True)

    return async_to_sync(read)()


def told(found: FieldChanges, key: str) -> str:
    if not found:
        return _("Read again. The fields of %(key)s are as they were.") % {"key": key}
    parts = [_("Read again: %(new)d new, %(gone)d gone.") % {"new": len(found.new), "gone": len(found.gone)}]
    if found.new:
        parts.append(_("New: %(names)s.") % {"names": ", ".join(found.new[:8])})
    if found.gone:
        parts.append(_("Gone: %(names)s.") % {"names": ", ".join(found.gone[:8])})
    if found.required:
        parts.append(_("Jira now requires: %(names)s.") % {"names": ", ".join(found.required[:8])})
    return " ".join(parts)


def type_gone(wizard: Wizard, kind: Kind) -> Explained:
    values = {**about(wizard.site, wizard.mapping), "project_key": wizard.project.key, "issue_type": KIND_LABELS[kind]}
    return explain("issue_type_gone", values)


def show(
    wizard: Wizard,
    kind: Kind,
    kinds: list[Kind],
    table: FieldsTable | None,
    *,
    problems: list[Problem] | None = None,
    overtaken: str = "",
    explained: Explained | None = None,
) -> HttpResponse:
    saved = set(wizard.map.fields.values_list("kind", flat=True))
    known = metadata_of(wizard)
    tabs = []
    for one in kinds:
        issue_type = known.type(wizard.map.type_id(one))
        name = issue_type.name if issue_type is not None else ""
        url = wizard.url("fields", kind=one.value)
        tabs.append(Tab(one, str(KIND_LABELS[one]), KIND_ICONS[one], name, url, one.value in saved, one is kind))
    if problems:
        wizard.notes["fields"] = _("%(count)d to fix") % {"count": len(problems)}
    snapshot = example_story(wizard, kind)
    shown = None
    if table is not None and snapshot is not None:
        facts = {**about(wizard.site, wizard.mapping), "project_key": wizard.project.key}
        shown = example_of(snapshot, table, wizard.map, known, facts)
    context = {
        "table": table,
        "tabs": tabs,
        "kind": kind,
        "example": shown,
        "examples": example_titles(wizard, kind, snapshot),
        "placeholders": [f"{{{{ {one} }}}}" for one in template.names(table.story_fields)] if table else [],
        "stale": stale_mapping(wizard.project, wizard.map),
        "policies": FieldMapping.Policy.choices,
        "may_copy": len(admin_projects(wizard.request.user)) > 1,
        "overtaken": overtaken,
        "read_at": read[1] if (read := stored(wizard.site, wizard.map.jira_project_id)) else None,
    }
    status = 409 if overtaken else None
    return wizard.render("fields", context, problems=problems or (), explained=explained, status=status)


def example_titles(wizard: Wizard, kind: Kind, shown: StorySnapshot | None) -> list[StorySnapshot]:
    source = story_source()
    refs = list(source.refs(wizard.project.ref, kind)[:EXAMPLES])
    if shown is not None and shown.ref not in refs:
        refs.append(shown.ref)
    return list(source.snapshots(wizard.project.ref, refs))
