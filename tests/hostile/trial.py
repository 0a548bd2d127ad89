"""An export to each hostile project, judged twice: by the pre-flight, and by Jira itself.

What Jira refuses is found by sending every item as an exporter without a pre-flight would: values as they are, one
request for each. What we foretell is read from the plan. Both are sets of (item, Jira field id), "*" where Jira names
no field. Then the plan is exported: what is refused all the same was not foreseen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import async_to_sync

from jira_integration.conf import story_source
from jira_integration.contracts import FieldKind, Kind, Person, StoryField, StorySnapshot
from jira_integration.mapping.metadata import ProjectMetadata, keep, read_metadata
from jira_integration.mapping.suggest import suggest_fields, suggest_types
from jira_integration.mapping.values import option_of
from jira_integration.models import ExportPlan, FieldMapping, JiraConnection, ProjectMapping, RunItem
from jira_integration.setup.connect import jira_client
from stories_qa.models import AcceptanceCriterion, Epic, Priority, Project, Story
from tests import jira_site
from tests.hostile.projects import EPIC, HOSTILE, PLAIN, STORY, Hostile
from tests.sandbox_server import RunningSandbox

Found = set[tuple[str, str]]  # (story key, Jira field id or "*")
# Findings that foretell no refusal.
NEWS = {"same_summary", "no_transition_permission", "no_link_permission", "watchers_mail"}
# Under which key Jira names what a finding is about, where the finding names no field.
ABOUT = {
    "summary_cut": "summary",
    "description_cut": "description",
    "label_changed": "labels",
    "no_create_permission": "*",
    "project_archived": "*",
    "issue_type_gone": "issuetype",
    "parent_missing": "issuetype",
}
NOBODY = "999999999"  # the id of an issue that is not there
PEOPLE = (
    ("", ""),
    ("Jonas Ortiz", "jonas@example.test"),
    ("Mara Lindqvist", ""),
    ("Theo Former", ""),
    ("Nobody Known", "nobody@example.test"),
    ("Mira Kovač", "mira@example.test"),
)


@dataclass
class Outcome:
    """What came of one project."""

    hostile: Hostile
    refused: Found  # by Jira, without a pre-flight
    foretold: Found
    left: Counter[str] = field(default_factory=Counter)  # error codes of items refused after the pre-flight
    sent: int = 0
    items: int = 0

    @property
    def hidden(self) -> Found:
        """What no metadata could have told."""
        return {(item, key) for item, key in self.refused if key in self.hostile.hidden} - self.foretold

    @property
    def predictable(self) -> Found:
        return self.refused - self.hidden

    @property
    def missed(self) -> Found:
        return self.predictable - self.foretold

    @property
    def wrong(self) -> Found:
        """Foretold, and Jira would have taken it."""
        return self.foretold - self.refused


def backlog(key: str) -> Project:
    """Epics and stories with everything that Jira minds, and as many that it does not."""
    project = Project.objects.create(key=key, name="Hard to place")
    epics = [
        Epic.objects.create(project=project, key=f"EP-{n}", position=n, title=title, description="An epic.")
        for n, title in enumerate(("Pay", "Add to basket " + "and more " * 40, "Add a wish list"), 1)
    ]
    titles = ("Pay by card", "Add a voucher", "Look at the basket", "Pay later " + "or never " * 40, "Bluebird launch")
    texts = ("As a customer I want this, so that it is done.", "Short.", "", "A line of a long text.\n\n" * 2500)
    labels = (["checkout"], ["Web"], ["two words"], ["a", "b", "c"], [])
    for n in range(1, 13):
        name, email = PEOPLE[n % len(PEOPLE)]
        story = Story.objects.create(
            project=project,
            key=f"US-{n}",
            position=n,
            title=f"{titles[n % 5]} {n}" if n % 5 != 3 else titles[3],
            description=texts[n % 4],
            labels=labels[(n // 2) % 5],
            points=(None, 1, 3, 13)[n % 4],
            priority=list(Priority)[n % 4],
            epic=(*epics, None)[n % 4],
            assignee_name=email or name,
        )
        if n % 3 == 0:
            AcceptanceCriterion.objects.create(story=story, position=0, text="It can be seen.")
    return project


def try_all(sandbox: RunningSandbox, only: Iterable[str] = ()) -> list[Outcome]:
    """One connection; a backlog and a mapping for each project."""
    connection = JiraConnection(name="Hostile", site_url=sandbox.url, deployment="cloud", user_name=sandbox.user)
    connection.keep_secret(sandbox.token)
    connection.state = JiraConnection.State.OK
    connection.save()
    plain = async_to_sync(_read)(connection, PLAIN, [EPIC, STORY])
    chosen = [one for one in HOSTILE if not only or one.key in only]
    return [_try(one, backlog(one.key), connection, plain, sandbox) for one in chosen]


async def _read(connection: JiraConnection, key: str, types: list[str] | None = None) -> ProjectMetadata:
    async with jira_client(connection) as jira:
        seen = await read_metadata(jira, key, [])
        wanted = types if types is not None else list(suggest_types(seen).values())
        return await read_metadata(jira, seen.project_id, wanted)


def _try(
    hostile: Hostile, project: Project, connection: JiraConnection, plain: ProjectMetadata, sandbox: RunningSandbox
) -> Outcome:
    metadata = async_to_sync(_read)(connection, hostile.key)
    mapping = _mapped(hostile, project, connection, plain, metadata)
    planned = jira_site.plan(mapping)
    assert planned.state == ExportPlan.State.READY, (hostile.key, planned.error_code, planned.error_values)
    outcome = Outcome(hostile, set(), foretold(planned), items=planned.items.count())
    if planned.sendable:
        run = jira_site.drive(jira_site.confirm(planned, None))
        outcome.left = Counter(run.items.filter(state=RunItem.State.FAILED).values_list("error_code", flat=True))
        outcome.sent = run.items.count()
    outcome.refused = Naive(mapping, metadata, sandbox).send_all()
    return outcome


def _mapped(
    hostile: Hostile,
    project: Project,
    connection: JiraConnection,
    plain: ProjectMetadata,
    metadata: ProjectMetadata,
) -> ProjectMapping:
    """The mapping of the plain project, carried over: fields and values as they were there."""
    types = {Kind.EPIC: EPIC, Kind.STORY: STORY} | {
        kind: found for kind, found in suggest_types(metadata).items() if found
    }
    types |= {Kind(kind): type_id for kind, type_id in hostile.types.items()}
    metadata = async_to_sync(_read)(connection, hostile.key, [types[Kind.EPIC], types[Kind.STORY]])
    keep(connection, metadata)
    mapping = ProjectMapping.objects.create(
        connection=connection,
        project_ref=project.ref,
        jira_project_id=metadata.project_id,
        jira_project_key=metadata.key,
        epic_type_id=types[Kind.EPIC],
        story_type_id=types[Kind.STORY],
        live=True,
    )
    for kind, plain_type in ((Kind.EPIC, EPIC), (Kind.STORY, STORY)):
        issue_type = plain.type(plain_type)
        assert issue_type is not None
        for row in suggest_fields(story_source().fields(project.ref, kind), issue_type, kind):
            row.mapping = mapping
            row.save()
    for field_id, value in hostile.filled.items():
        ours = value[1:] if isinstance(value, str) and value.startswith("@") else ""
        mapping.fields.update_or_create(
            kind=Kind.STORY.value,
            jira_field=field_id,
            defaults={"story_field": ours, "fixed_value": None if ours else value, "jira_name": field_id},
        )
    return mapping


def foretold(plan: ExportPlan) -> Found:
    """What the plan says that Jira would not take: what blocks, and what it changes or leaves out."""
    found: Found = set()
    for row in plan.items.all():
        for one in row.findings:
            code, values = one["code"], one["values"]
            if code in NEWS:
                continue
            key = str(values.get("field_id") or ABOUT.get(code) or ("parent" if "parent" in code else ""))
            found.add((row.story_key, "parent" if code == "epic_blocked" else key or code))
    return found


class Naive:
    """An exporter without a pre-flight: it sends what there is, and hears what Jira says."""

    def __init__(self, mapping: ProjectMapping, metadata: ProjectMetadata, sandbox: RunningSandbox) -> None:
        self.mapping, self.metadata, self.sandbox = mapping, metadata, sandbox
        self.epics: dict[str, str] = {}
        self.stand_in = ""

    def send_all(self) -> Found:
        source = story_source()
        refs = list(source.refs(self.mapping.project_ref))
        found: Found = set()
        for snapshot in source.snapshots(self.mapping.project_ref, refs):
            if snapshot.kind is not Kind.TEST:
                found |= {(snapshot.key, key) for key in self._send(snapshot)}
        return found

    def _send(self, snapshot: StorySnapshot) -> set[str]:
        known = {one.key: one for one in story_source().fields(self.mapping.project_ref, snapshot.kind)}
        fields: dict[str, Any] = {
            "project": {"id": self.mapping.jira_project_id},
            "issuetype": {"id": self.mapping.type_id(snapshot.kind)},
        }
        for row in self.mapping.fields.filter(kind=snapshot.kind):
            value = self._value(row, known.get(row.story_field), snapshot)
            if value not in (None, "", []):
                fields[row.jira_field] = value
        answer = self.sandbox.call("POST", "issue", json={"fields": fields})
        if answer.status_code == 201:
            self.epics[snapshot.ref] = answer.json()["id"]
            return set()
        body = answer.json()
        keys = {"parent" if key == "parentId" else key for key in body["errors"]}
        return keys | ({"*"} if body["errorMessages"] else set())

    def _value(self, row: FieldMapping, story_field: StoryField | None, snapshot: StorySnapshot) -> Any:
        if story_field is None:
            return row.fixed_value
        value = snapshot.values.get(story_field.key)
        listed = row.jira_field in ("components", "fixVersions")
        match story_field.kind:
            case FieldKind.RICH_TEXT:
                return _document(str(value)) if value else None
            case FieldKind.CRITERIA:
                return _document("\n\n".join(one.text for one in value)) if value else None
            case FieldKind.CHOICE if value:
                label = next(one.label for one in story_field.choices if one.value == value)
                return option_of(row.value_map[value]) if value in row.value_map else {"name": label}
            case FieldKind.PERSON if isinstance(value, Person):
                return self._account(value)
            case FieldKind.PARENT if snapshot.parent_ref:
                return {"id": self.epics.get(snapshot.parent_ref) or self._any_epic()}
            case FieldKind.LABELS if listed:
                return [{"name": one} for one in value]
        return value

    def _any_epic(self) -> str:
        """In place of an epic that was refused: each item is judged by itself. One that is not there where this
        project makes none."""
        fields = {
            "project": {"id": self.mapping.jira_project_id},
            "issuetype": {"id": self.mapping.epic_type_id},
            "summary": "Stand-in",
        }
        if not self.stand_in:
            answer = self.sandbox.call("POST", "issue", json={"fields": fields})
            self.stand_in = answer.json()["id"] if answer.status_code == 201 else NOBODY
        return self.stand_in

    def _account(self, person: Person) -> dict[str, str]:
        """The first whom Jira finds."""
        for query in (person.email, person.name):
            found = self.sandbox.call("GET", "user/search", params={"query": query}).json() if query else []
            if found:
                return {"accountId": found[0]["accountId"]}
        return {"accountId": person.email or person.name}


def _document(text: str) -> dict[str, Any]:
    parts = [part for part in text.split("\n\n") if part.strip()]
    content = [{"type": "paragraph", "content": [{"type": "text", "text": part}]} for part in parts]
    return {"type": "doc", "version": 1, "content": content}
