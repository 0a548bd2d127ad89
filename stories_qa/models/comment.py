"""What people say about a story."""

from __future__ import annotations

from functools import partial

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from stories_qa.models.project import new_ref
from stories_qa.models.story import Story


class Comment(models.Model):
    """One comment, written here by a member or taken over from where the story is worked on."""

    ref = models.CharField(max_length=64, unique=True, default=partial(new_ref, "comment"), editable=False)
    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="comments")
    body = models.TextField(_("comment"), blank=True, help_text=_("Markdown."))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_name = models.CharField(max_length=200)
    place = models.CharField(max_length=40, blank=True, help_text="Where it was written when not here: Jira.")
    written_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["written_at", "pk"]
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        indexes = [models.Index(fields=["story", "written_at"])]

    def __str__(self) -> str:
        return f"{self.author_name}: {self.body[:60]}"
