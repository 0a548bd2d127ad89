"""What the making of a plan has to ask Jira about the stories at hand, before it decides what would happen to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jira_integration.contracts import FieldKind, Person, StorySnapshot
from jira_integration.export.draft import Drafting
from jira_integration.mapping.payload import summary
from jira_integration.mapping.questions import PARENT_FIELDS, Questions
from jira_integration.models import FieldMapping

# Read with each issue that is compared, beside the mapped fields.
READ_ALONG = ("status", "updated", "watches", *PARENT_FIELDS)


async def ask(work: Drafting, questions: Questions, snapshots: Sequence[StorySnapshot]) -> None:
    """Ask about one chunk and hand the answers to the drafting: epics that are in Jira, people without a known
    account, and summaries of what would be new. Nothing is asked where nothing could be made."""
    metadata = work.metadata
    if metadata.archived or metadata.permissions.get("CREATE_ISSUES") is False:
        return
    new = [one for one in snapshots if not (one.ref in work.tickets and work.tickets[one.ref].issue_id)]
    parents = {work.tickets[one.parent_ref].issue_id for one in new if one.parent_ref in work.tickets}
    titles = [summary(one.title).value or "" for one in new if not one.sync_off]
    work.facts = await questions.ask(parents - {""}, people_of(work, snapshots), titles)
    work.not_looked = questions.not_looked
    work.builders = {kind: replace(one, people=questions.people) for kind, one in work.builders.items()}


def people_of(work: Drafting, snapshots: Sequence[StorySnapshot]) -> list[Person]:
    """Everybody whom a mapped field of these stories names."""
    named: set[Person] = set()
    for snapshot in snapshots:
        builder = work.builders.get(snapshot.kind)
        for one in builder.mappings if builder else ():
            story_field = builder.story_fields.get(one.story_field) if builder else None
            value = snapshot.values.get(one.story_field)
            sent = one.direction != FieldMapping.Direction.FROM_JIRA
            if sent and story_field and story_field.kind is FieldKind.PERSON and isinstance(value, Person):
                named.add(value)
    return sorted(named, key=lambda person: (person.email, person.name))
