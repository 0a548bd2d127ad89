"""A plan: what an export would do, stored before anyone confirms it, and exactly what is sent then."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from jira_integration.models.mapping import KIND_CHOICES, ProjectMapping


class ExportPlan(models.Model):
    """What an export would do, frozen with the mapping's version and the fingerprint of the metadata it used."""

    class State(models.TextChoices):
        BUILDING = "building", _("Reading Jira")
        READY = "ready", _("Nothing sent yet")
        FAILED = "failed", _("Could not read Jira")
        EXPORTED = "exported", _("Exported")
        DISCARDED = "discarded", _("Discarded")

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    mapping = models.ForeignKey(ProjectMapping, on_delete=models.CASCADE, related_name="plans")
    project_ref = models.CharField(max_length=64, db_index=True)
    state = models.CharField(max_length=10, choices=State, default=State.BUILDING)
    story_refs = models.JSONField(default=list, help_text="What was chosen; epics that were added are items only.")
    with_tests = models.BooleanField(default=True, help_text="Test cases of chosen stories come along.")
    left_open = models.JSONField(default=list, blank=True, help_text="Refs of removed test cases that stay open.")
    mapping_version = models.PositiveIntegerField(default=0)
    fingerprint = models.CharField(max_length=64, blank=True)
    jira_read_at = models.DateTimeField(null=True, blank=True)
    progress = models.PositiveIntegerField(default=0, help_text="Items planned so far, while building.")
    total = models.PositiveIntegerField(default=0, help_text="Items to plan, while building.")
    builder = models.CharField(max_length=32, blank=True, help_text="Token of who builds it.")
    alive_at = models.DateTimeField(null=True, blank=True, help_text="When its builder last stored something.")
    requests_expected = models.PositiveIntegerField(default=0)
    seconds_expected = models.FloatField(default=0)
    measured_runs = models.PositiveSmallIntegerField(
        default=0, help_text="Recent runs the seconds were measured from; 0: a guess."
    )
    counts = models.JSONField(default=dict, help_text="Action → number of items.")
    checks = models.JSONField(default=list, help_text="Findings about the whole plan: {state, code, values}.")
    error_code = models.CharField(max_length=40, blank=True)
    error_values = models.JSONField(default=dict, blank=True)
    undoes = models.ForeignKey(
        "ExportRun",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="undo_plans",
        help_text="The run that this plan takes back; empty for an export.",
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    emptied_at = models.DateTimeField(null=True, blank=True, help_text="When bodies and values were removed by age.")

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"Plan {self.pk}"

    @property
    def sendable(self) -> int:
        """How many items would be written to Jira."""
        return sum(int(self.counts.get(action, 0)) for action in PlannedTicket.WRITES)


class PlannedTicket(models.Model):
    """What would happen to one epic, story or test case."""

    class Action(models.TextChoices):
        BLOCKED = "blocked", _("Blocked")
        CONFLICT = "conflict", _("In conflict")
        UPDATE = "update", _("To update")
        CREATE = "create", _("To create")
        UNCHANGED = "unchanged", _("No change")
        CLOSE = "close", _("To close")
        DELETE = "delete", _("To delete")
        RESTORE = "restore", _("To put back")
        LEAVE = "leave", _("Left alone")

    EXPORTS = (Action.BLOCKED, Action.CONFLICT, Action.UPDATE, Action.CREATE, Action.UNCHANGED, Action.CLOSE)
    UNDOES = (Action.DELETE, Action.CLOSE, Action.RESTORE, Action.LEAVE)
    WRITES = (Action.CREATE, Action.UPDATE, Action.DELETE, Action.CLOSE, Action.RESTORE)

    plan = models.ForeignKey(ExportPlan, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    level = models.PositiveSmallIntegerField(help_text="0 epics, 1 stories, 2 sub-tasks: parents go first.")
    kind = models.CharField(max_length=5, choices=KIND_CHOICES)
    story_ref = models.CharField(max_length=64)
    story_key = models.CharField(max_length=40)
    title = models.CharField(max_length=2000)
    story_version = models.PositiveIntegerField()
    story_status = models.CharField(max_length=40, blank=True, help_text="Our status when planned.")
    uid = models.UUIDField(help_text="The ticket's uid, fixed here because it is part of the body.")
    parent_uid = models.UUIDField(null=True, blank=True)
    added = models.BooleanField(default=False, help_text="Not chosen; needed by a story that was.")
    action = models.CharField(max_length=9, choices=Action)
    anyway = models.CharField(
        max_length=9, blank=True, help_text="Undo: what is done instead when a person says so; empty for nothing."
    )
    issue_id = models.CharField(max_length=32, blank=True)
    issue_key = models.CharField(max_length=64, blank=True)
    template = models.JSONField(default=dict, help_text="The body, with holes where ids do not exist yet.")
    body_bytes = models.PositiveIntegerField(default=0, help_text="Size of the body as JSON, for filling requests.")
    template_hash = models.CharField(max_length=64, blank=True)
    status_to = models.JSONField(
        default=dict, blank=True, help_text="Jira's status to move to: {id, name, category}; empty to leave it."
    )
    changes = models.JSONField(default=list, help_text="[{field, label, before, after}] in words for people.")
    same_fields = models.PositiveSmallIntegerField(default=0)
    findings = models.JSONField(default=list, help_text="[{code, values, blocking}], worded by the catalogue.")
    seen = models.JSONField(default=dict, help_text="Jira's values of the mapped fields when planned (updates).")
    seen_updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position"]
        indexes = [models.Index(fields=["plan", "action", "position"])]
        constraints = [models.UniqueConstraint(fields=["plan", "story_ref"], name="story_planned_once")]

    def __str__(self) -> str:
        return f"{self.story_key} {self.action}"
