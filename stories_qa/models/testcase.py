"""QA test cases: preconditions, ordered steps with expected results, last result."""

from __future__ import annotations

from functools import partial

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from stories_qa.models.project import Project, new_ref
from stories_qa.models.story import Story


class LastResult(models.TextChoices):
    NOT_RUN = "not_run", _("Not run")
    PASSED = "passed", _("Passed")
    FAILED = "failed", _("Failed")
    BLOCKED = "blocked", _("Blocked")


class TestCase(models.Model):
    """How a story is tested."""

    __test__ = False  # not a pytest class

    ref = models.CharField(max_length=64, unique=True, default=partial(new_ref, "test"), editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="test_cases")
    story = models.ForeignKey(
        Story, verbose_name=_("story"), null=True, blank=True, on_delete=models.CASCADE, related_name="test_cases"
    )
    key = models.CharField(max_length=24, help_text="TC-7; unique in its project.")
    title = models.CharField(_("title"), max_length=2000)
    preconditions = models.TextField(_("preconditions"), blank=True)
    last_result = models.CharField(_("last result"), max_length=8, choices=LastResult, default=LastResult.NOT_RUN)
    position = models.PositiveIntegerField(default=0)
    sync_off = models.BooleanField(default=False, help_text="Kept out of exports and of what Jira tells.")
    external_id = models.CharField(max_length=200, blank=True)
    content_hash = models.CharField(max_length=64, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["project", "key"], name="test_key_unique_in_project"),
            models.UniqueConstraint(
                fields=["project", "external_id"], condition=~Q(external_id=""), name="test_imported_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("stories_qa:test_case", args=[self.project.key, self.key])


class TestStep(models.Model):
    """One step and what it should lead to."""

    __test__ = False  # not a pytest class

    test_case = models.ForeignKey(TestCase, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveIntegerField()
    action = models.TextField(_("step"))
    expected = models.TextField(_("expected result"), blank=True)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.action
