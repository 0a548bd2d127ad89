"""Epics, stories and their acceptance criteria."""

from __future__ import annotations

from functools import partial

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from stories_qa.models.project import Project, new_ref


class Status(models.TextChoices):
    BACKLOG = "backlog", _("Backlog")
    READY = "ready", _("Ready")
    IN_PROGRESS = "in_progress", _("In progress")
    IN_REVIEW = "in_review", _("In review")
    DONE = "done", _("Done")


class Priority(models.TextChoices):
    LOW = "low", _("Low")
    MEDIUM = "medium", _("Medium")
    HIGH = "high", _("High")
    URGENT = "urgent", _("Urgent")


class BacklogItem(models.Model):
    """What epics and stories share. `version` rises with every change, children included (optimistic locking)."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="%(class)ss")
    key = models.CharField(max_length=24, help_text="US-142; unique in its project, never given twice.")
    title = models.CharField(_("title"), max_length=2000)
    description = models.TextField(_("description"), blank=True, help_text=_("Markdown."))
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.BACKLOG)
    labels = models.JSONField(_("labels"), default=list, blank=True)
    position = models.PositiveIntegerField(default=0, help_text="Order in the backlog.")
    sync_off = models.BooleanField(default=False, help_text="Kept out of exports and of what Jira tells.")
    external_id = models.CharField(
        max_length=200, blank=True, help_text="Where an importer found it; the same again makes no double."
    )
    content_hash = models.CharField(max_length=64, blank=True, help_text="sha256 of what the last import brought.")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.CharField(max_length=150, blank=True, help_text="A name: a person, or one in Jira.")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.key} {self.title}"


class Epic(BacklogItem):
    """A larger piece of work that holds stories."""

    ref = models.CharField(max_length=64, unique=True, default=partial(new_ref, "epic"), editable=False)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["project", "key"], name="epic_key_unique_in_project"),
            models.UniqueConstraint(
                fields=["project", "external_id"], condition=~Q(external_id=""), name="epic_imported_once"
            ),
        ]

    def get_absolute_url(self) -> str:
        return reverse("stories_qa:epic", args=[self.project.key, self.key])


class Story(BacklogItem):
    """A user story with acceptance criteria."""

    ref = models.CharField(max_length=64, unique=True, default=partial(new_ref, "story"), editable=False)
    epic = models.ForeignKey(
        Epic, verbose_name=_("epic"), null=True, blank=True, on_delete=models.SET_NULL, related_name="stories"
    )
    priority = models.CharField(_("priority"), max_length=8, choices=Priority, default=Priority.MEDIUM)
    points = models.DecimalField(_("story points"), max_digits=5, decimal_places=1, null=True, blank=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("assignee"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="assigned_stories",
    )
    assignee_name = models.CharField(
        max_length=150, blank=True, help_text="Who a file named as assignee, when nobody here is called so."
    )

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("story")
        verbose_name_plural = _("stories")
        indexes = [models.Index(fields=["project", "epic", "position"])]
        constraints = [
            models.UniqueConstraint(fields=["project", "key"], name="story_key_unique_in_project"),
            models.UniqueConstraint(
                fields=["project", "external_id"], condition=~Q(external_id=""), name="story_imported_once"
            ),
        ]

    def get_absolute_url(self) -> str:
        return reverse("stories_qa:story", args=[self.project.key, self.key])


class AcceptanceCriterion(models.Model):
    """One criterion: plain `text`, or Given/When/Then."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="criteria")
    position = models.PositiveIntegerField()
    text = models.TextField(_("criterion"), blank=True)
    given = models.TextField(_("given"), blank=True)
    when = models.TextField(_("when"), blank=True)
    then = models.TextField(_("then"), blank=True)

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("acceptance criterion")
        verbose_name_plural = _("acceptance criteria")
        constraints = [
            models.CheckConstraint(
                condition=~Q(text="") | ~Q(given="") | ~Q(when="") | ~Q(then=""), name="criterion_says_something"
            )
        ]

    def __str__(self) -> str:
        return self.text or " ".join(part for part in (self.given, self.when, self.then) if part)
