"""Which of our fields and statuses fill which of Jira's, for one backlog and one Jira project."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from jira_integration.contracts import Kind
from jira_integration.models.connection import JiraConnection

KIND_CHOICES = [(Kind.EPIC.value, _("Epic")), (Kind.STORY.value, _("Story")), (Kind.TEST.value, _("Test case"))]


class ProjectMapping(models.Model):
    """Joins one backlog to one Jira project. `version` rises with every saved change; plans remember it."""

    class Mode(models.TextChoices):
        PREVIEW = "preview", _("Only after a preview that someone confirmed")
        AUTOMATIC = "automatic", _("By itself")

    class TestTarget(models.TextChoices):
        """What becomes of test cases. Sub-tasks and linked issues are items of an export of their own."""

        STAY = "stay", _("They stay here")
        SUBTASK = "subtask", _("Sub-tasks of their story")
        LINKED = "linked", _("Issues linked to their story")
        DESCRIPTION = "description", _("A table in the story's description")

    class Comments(models.TextChoices):
        BOTH = "both", _("Both ways")
        FROM_JIRA = "from_jira", _("From Jira only")
        NONE = "none", _("Not at all")

    connection = models.ForeignKey(JiraConnection, on_delete=models.CASCADE, related_name="mappings")
    project_ref = models.CharField(max_length=64, unique=True, help_text="The host's project.")
    jira_project_id = models.CharField(max_length=32, blank=True)
    jira_project_key = models.CharField(max_length=32, blank=True)
    jira_project_name = models.CharField(max_length=200, blank=True)
    team_managed = models.BooleanField(default=False)
    epic_type_id = models.CharField(max_length=32, blank=True)
    story_type_id = models.CharField(max_length=32, blank=True)
    test_target = models.CharField(max_length=11, choices=TestTarget, default=TestTarget.STAY)
    test_type_id = models.CharField(max_length=32, blank=True, help_text="Of sub-tasks and of linked issues.")
    test_link_type_id = models.CharField(max_length=32, blank=True, help_text="Linked: Jira's id of the link type.")
    test_link_outward = models.BooleanField(
        default=True, help_text='Linked: the test case stands on the side of Jira\'s outward words ("tests").'
    )
    test_link_words = models.CharField(max_length=100, blank=True, help_text="What Jira says there; for people.")
    mode = models.CharField(max_length=10, choices=Mode, default=Mode.PREVIEW)
    comments = models.CharField(
        max_length=9, choices=Comments, default=Comments.FROM_JIRA, help_text="Which way comments of stories go."
    )
    live = models.BooleanField(default=False, help_text="Turned on in the last step of the set-up.")
    steps_done = models.JSONField(default=list, help_text="Slugs of the set-up steps that were saved.")
    version = models.PositiveIntegerField(default=1)
    saved_by = models.CharField(max_length=150, blank=True)
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.project_ref} → {self.jira_project_key}"

    @property
    def exports_tests(self) -> bool:
        """Whether test cases become issues of their own."""
        return self.test_target in (self.TestTarget.SUBTASK, self.TestTarget.LINKED)

    def type_id(self, kind: str) -> str:
        """The issue type of a kind; "" where items of this kind become no issues."""
        test = self.test_type_id if self.exports_tests else ""
        return {Kind.EPIC: self.epic_type_id, Kind.STORY: self.story_type_id, Kind.TEST: test}[Kind(kind)]


class FieldMapping(models.Model):
    """One Jira field and what fills it: a field of ours, a text composed from several, or a fixed value."""

    class Direction(models.TextChoices):
        TO_JIRA = "to_jira", _("To Jira")
        BOTH = "both", _("Both ways")
        FROM_JIRA = "from_jira", _("From Jira")

    class Policy(models.TextChoices):
        """What happens when both sides changed; only asked for direction BOTH."""

        ASK = "ask", _("Ask me")
        OURS = "ours", _("Keep ours")
        JIRA = "jira", _("Keep Jira's")

    mapping = models.ForeignKey(ProjectMapping, on_delete=models.CASCADE, related_name="fields")
    kind = models.CharField(max_length=5, choices=KIND_CHOICES)
    jira_field = models.CharField(max_length=64, help_text="Jira's field id: summary, customfield_10016.")
    jira_name = models.CharField(max_length=200, blank=True)
    story_field = models.CharField(max_length=40, blank=True, help_text="StoryField.key; empty for a fixed value.")
    template = models.TextField(
        blank=True, help_text="Composed text, for example {{ story.key }}: {{ story.title }}. Instead of a story field."
    )
    fixed_value = models.JSONField(null=True, blank=True, help_text="In Jira's own form, for example {'id': '10010'}.")
    default_value = models.JSONField(
        null=True, blank=True, help_text="Sent where the story's value is empty; in Jira's own form."
    )
    value_map = models.JSONField(
        default=dict,
        blank=True,
        help_text="Our value → id of Jira's allowed value; 'parent/child' for a cascade, an account id for a person; "
        "empty: leave empty.",
    )
    direction = models.CharField(max_length=9, choices=Direction, default=Direction.TO_JIRA)
    policy = models.CharField(
        max_length=4, choices=Policy, default=Policy.ASK, help_text="Who wins when both sides changed."
    )
    matched_by = models.CharField(
        max_length=10, blank=True, help_text="Why it was suggested: name, schema, values; or person."
    )

    class Meta:
        ordering = ["kind", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["mapping", "kind", "jira_field"], name="jira_field_filled_once"),
            models.CheckConstraint(
                condition=~Q(story_field="") | Q(fixed_value__isnull=False) | ~Q(template=""),
                name="field_mapping_has_a_source",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.story_field or self.template or '='} → {self.jira_field}"


class StatusMapping(models.Model):
    """One status of ours and the Jira status it stands for. Identity is Jira's status id, never its name."""

    mapping = models.ForeignKey(ProjectMapping, on_delete=models.CASCADE, related_name="statuses")
    status = models.CharField(max_length=40, help_text="Our status' value.")
    jira_status_id = models.CharField(max_length=32)
    jira_status_name = models.CharField(max_length=200)
    category = models.CharField(max_length=20, help_text="new, indeterminate or done.")
    transition_fields = models.JSONField(
        default=dict, blank=True, help_text="Jira field id → value in Jira's form, for the screen on the way there."
    )
    incoming = models.BooleanField(
        default=False, help_text="Jira's status → ours, beside the one status of Jira's that ours goes to."
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["mapping", "status"], condition=Q(incoming=False), name="one_jira_status_per_status"
            ),
            models.UniqueConstraint(
                fields=["mapping", "jira_status_id"], condition=Q(incoming=True), name="jira_status_comes_in_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} → {self.jira_status_name}"


class JiraMetadata(models.Model):
    """What Jira said of one of its projects: issue types, fields of each, statuses, permissions."""

    connection = models.ForeignKey(JiraConnection, on_delete=models.CASCADE, related_name="metadata")
    jira_project_id = models.CharField(max_length=32)
    payload = models.JSONField(help_text="mapping.metadata.ProjectMetadata as JSON.")
    ways = models.JSONField(default=dict, blank=True, help_text="export.ways.Ways as JSON: learned by runs.")
    fingerprint = models.CharField(max_length=64, help_text="sha256 of what a plan relies on.")
    read_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "Jira metadata"
        constraints = [
            models.UniqueConstraint(fields=["connection", "jira_project_id"], name="one_metadata_per_jira_project")
        ]

    def __str__(self) -> str:
        return f"{self.connection} {self.jira_project_id}"
