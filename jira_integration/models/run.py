"""A run: one carrying-out of a plan, with a ledger row per item."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jira_integration.models.connection import JiraConnection
from jira_integration.models.mapping import KIND_CHOICES
from jira_integration.models.plan import ExportPlan, PlannedTicket
from jira_integration.models.ticket import ExportedTicket


class ExportRun(models.Model):
    """One carrying-out of a plan. A worker drives it under a lease; who loses the lease may not send."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        WAITING = "waiting", _("Waiting for Jira")
        STOPPING = "stopping", _("Stopping")
        PAUSING = "pausing", _("Pausing")
        PAUSED = "paused", _("Paused")
        INTERRUPTED = "interrupted", _("Interrupted")
        STOPPED = "stopped", _("Stopped")
        DONE = "done", _("Done")
        PARTLY_DONE = "partly_done", _("Partly done")
        FAILED = "failed", _("Failed")
        UNDONE = "undone", _("Undone")
        PARTLY_UNDONE = "partly_undone", _("Partly undone")

    ENDING = (State.STOPPING, State.PAUSING)  # what is in flight is finished, nothing new is sent
    DRIVEN = (State.RUNNING, *ENDING)
    ACTIVE = (*DRIVEN, State.WAITING, State.INTERRUPTED)  # holds the Jira project: one at a time
    IN_LINE = (State.QUEUED, State.PAUSED)
    ENDED = (State.STOPPED, State.DONE, State.PARTLY_DONE, State.FAILED, State.UNDONE, State.PARTLY_UNDONE)

    plan = models.OneToOneField(ExportPlan, on_delete=models.PROTECT, related_name="run")
    connection = models.ForeignKey(JiraConnection, on_delete=models.PROTECT, related_name="runs")
    project_ref = models.CharField(max_length=64, db_index=True)
    jira_project_id = models.CharField(max_length=32)
    state = models.CharField(max_length=13, choices=State, default=State.QUEUED)
    place = models.PositiveIntegerField(default=0, help_text="In line before the Jira project: lower goes first.")
    reason_code = models.CharField(max_length=40, blank=True, help_text="Why it waits, stopped or failed.")
    reason_values = models.JSONField(default=dict, blank=True)
    not_before = models.DateTimeField(null=True, blank=True, help_text="Waiting: when the next try comes.")
    waiting_since = models.DateTimeField(null=True, blank=True)
    lease_token = models.CharField(max_length=40, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True, help_text="By the database's clock.")
    requests = models.PositiveIntegerField(default=0)
    writes = models.PositiveIntegerField(default=0)
    seq = models.PositiveBigIntegerField(default=0)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "jira_project_id"],
                condition=Q(state__in=["running", "waiting", "stopping", "pausing", "interrupted"]),
                name="one_active_run_per_jira_project",
            )
        ]

    def __str__(self) -> str:
        return f"Run {self.pk}"

    @property
    def active(self) -> bool:
        return self.state in self.ACTIVE

    @property
    def lease_over(self) -> bool:
        """Its worker stopped renewing the lease: what it had in flight is in doubt."""
        return self.state in self.DRIVEN and (self.lease_until is None or self.lease_until < timezone.now())

    @property
    def shown_state(self) -> str:
        """The state a page shows: a run whose lease is over is interrupted, whether or not beat has said so yet."""
        return self.State.INTERRUPTED if self.lease_over else self.state


class RunBatch(models.Model):
    """Items that go to Jira in one request. Its row says "sending" before the bytes leave."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        UNKNOWN = "unknown", _("No answer")
        DONE = "done", _("Done")

    class Action(models.TextChoices):
        CREATE = "create", _("Create")
        UPDATE = "update", _("Update")
        DELETE = "delete", _("Delete")
        CLOSE = "close", _("Close")
        RESTORE = "restore", _("Put back")

    run = models.ForeignKey(ExportRun, on_delete=models.CASCADE, related_name="batches")
    number = models.PositiveIntegerField()
    level = models.PositiveSmallIntegerField()
    action = models.CharField(max_length=7, choices=Action)
    state = models.CharField(max_length=7, choices=State, default=State.QUEUED)
    lease_token = models.CharField(max_length=40, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    in_doubt_since = models.DateTimeField(null=True, blank=True, help_text="Nothing of it can have left after this.")
    task = models.CharField(max_length=64, blank=True, help_text="Jira's id of the bulk delete that carries it out.")
    key_floor = models.PositiveIntegerField(default=0, help_text="The highest issue number known before it was sent.")

    class Meta:
        ordering = ["run", "level", "number"]
        verbose_name_plural = "run batches"
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="batch_number_unique_in_run")]

    def __str__(self) -> str:
        return f"{self.run} batch {self.number}"


class RunItem(models.Model):
    """The ledger: one row per planned item, every transition committed before and after the request."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        SENDING = "sending", _("Sending")
        CREATED = "created", _("Created")
        UPDATED = "updated", _("Updated")
        UNCHANGED = "unchanged", _("No change")
        FAILED = "failed", _("Failed")
        UNCONFIRMED = "unconfirmed", _("Unconfirmed")
        MOVED_ON = "moved_on", _("Changed since preview")
        SKIPPED = "skipped", _("Left out")
        NOT_SENT = "not_sent", _("Not sent")
        UNDONE = "undone", _("Undone")

    OPEN = (State.QUEUED, State.SENDING)
    WELL = (State.CREATED, State.UPDATED, State.UNCHANGED, State.UNDONE)

    run = models.ForeignKey(ExportRun, on_delete=models.CASCADE, related_name="items")
    planned = models.OneToOneField(PlannedTicket, on_delete=models.PROTECT, related_name="run_item")
    ticket = models.ForeignKey(ExportedTicket, null=True, on_delete=models.PROTECT, related_name="run_items")
    batch = models.ForeignKey(RunBatch, null=True, blank=True, on_delete=models.SET_NULL, related_name="items")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=5, choices=KIND_CHOICES)
    story_ref = models.CharField(max_length=64)
    story_key = models.CharField(max_length=40)
    title = models.CharField(max_length=2000)
    action = models.CharField(max_length=9)
    state = models.CharField(max_length=11, choices=State, default=State.QUEUED)
    attempt = models.PositiveSmallIntegerField(default=0)
    issue_id = models.CharField(max_length=32, blank=True)
    issue_key = models.CharField(max_length=64, blank=True)
    confirmed = models.BooleanField(default=False, help_text="Read back from Jira: uid and parent are right.")
    sent_hash = models.CharField(max_length=64, blank=True, help_text="Hash of what was sent, holes put back.")
    sent_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_values = models.JSONField(default=dict, blank=True)
    jira_said = models.JSONField(default=list, blank=True, help_text="Jira's own words: shown escaped, on request.")
    before = models.JSONField(
        default=dict, blank=True, help_text="What an undo puts back (export/keepsake.py): kept for JIRA_UNDO_DAYS."
    )
    after = models.JSONField(default=dict, blank=True, help_text="What Jira held right after it, reduced.")
    undone_by = models.ForeignKey(
        ExportRun, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", help_text="Run that undid it."
    )
    seq = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["position"]
        indexes = [models.Index(fields=["run", "state"]), models.Index(fields=["story_ref"])]

    def __str__(self) -> str:
        return f"{self.story_key} {self.state}"


class RunEvent(models.Model):
    """One line of a run's activity: what happened when, newest first on the page. Also each item's attempts."""

    run = models.ForeignKey(ExportRun, on_delete=models.CASCADE, related_name="events")
    item = models.ForeignKey(RunItem, null=True, blank=True, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(db_default=Now())
    code = models.CharField(max_length=40, help_text="Worded by the catalogue.")
    values = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.run} {self.code}"
