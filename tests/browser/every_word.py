"""Comments in every state, events from Jira, an issue that a story can be linked to."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone

from jira_integration.models import ExportedComment, ExportedTicket, JiraConnection, ProjectMapping, WebhookDelivery
from stories_qa.models import Comment, Story
from tests.sandbox_server import RunningSandbox

LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnung, עברית, and on it goes " * 3
LOOSE = "Written in Jira by hand"


def the_comments(story: Story, person: Any) -> None:
    """One in each state, of both sides."""
    ProjectMapping.objects.filter(live=True).update(comments="both")
    ticket = ExportedTicket.objects.get(story_ref=story.ref)
    now = timezone.now()
    states = {"agreed": "", "waiting": "", "failed": "comment_not_allowed", "conflict": "comment_conflict"}
    for state, code in states.items():
        said = Comment.objects.create(
            story=story, author=person, author_name="Ana Lindqvist", body=f"Said, **{state}**", written_at=now
        )
        ExportedComment.objects.create(
            ticket=ticket, comment_ref=said.ref, remote_id=state, state=state, error_code=code, theirs=LONG
        )
    there = Comment.objects.create(story=story, author_name="Jonas Ortiz", place="Jira", body=LONG, written_at=now)
    columns = {"from_jira": True, "remote_id": "30007", "state": "agreed"}
    ExportedComment.objects.create(ticket=ticket, comment_ref=there.ref, **columns)
    Comment.objects.create(
        story=story,
        author=person,
        author_name="Ana Lindqvist",
        body="Does this hold for guests?\n\n- with an account\n- without one",
        written_at=now,
        edited_at=now,
    )


def the_deliveries(mapping: ProjectMapping) -> None:
    reasons = {"ignored": "sprint_started is not synced", "failed": "Jira does not answer"}
    for number, state in enumerate(WebhookDelivery.State.values):
        WebhookDelivery.objects.create(
            connection=mapping.connection,
            identifier=str(number),
            event="sprint_started" if state == "ignored" else "jira:issue_updated",
            issue_id="7",
            body={"issue": {"key": "SHOP-7", "fields": {"summary": LONG}}, "user": {"displayName": "Jonas"}},
            state=state,
            reason=reasons.get(state, ""),
        )


def a_loose_issue(mapping: ProjectMapping, sandbox: RunningSandbox) -> None:
    fields = {
        "project": {"id": mapping.jira_project_id},
        "issuetype": {"id": mapping.story_type_id},
        "summary": LOOSE,
        "labels": ["l" * 120],
    }
    key = sandbox.call("POST", "issue", json={"fields": fields}).json()["key"]
    JiraConnection.objects.filter(pk=mapping.connection_id).update(webhook_id=key)  # where the pages below find it


def pages_of_both_sides(connection: JiraConnection) -> dict[str, list[str]]:
    said = Comment.objects.get(body__startswith="Does this hold")
    events = f"{reverse('jira_integration:deliveries', args=[connection.pk])}?project=SHOP"
    linked = f"{reverse('jira_integration:link', args=['SHOP'])}?story=US-12"
    loose = JiraConnection.objects.get(pk=connection.pk).webhook_id
    return {
        "stories_qa:comment_edit": [reverse("stories_qa:comment_edit", args=["SHOP", "US-3", said.pk])],
        "stories_qa:comment_delete": [reverse("stories_qa:comment_delete", args=["SHOP", "US-3", said.pk])],
        "jira_integration:deliveries": [events, f"{events}&state=failed&event=sprint_started"],
        "jira_integration:link": [linked, f"{linked}&issue={loose}"],
    }
