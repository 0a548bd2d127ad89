"""Projects (backlogs) and who may do what in them."""

from __future__ import annotations

import uuid
from functools import partial

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


def new_ref(kind: str) -> str:
    """A new ref: `story:` and 32 hex digits. Stored as text, because it must be joined with the plug-in's rows in SQL
    on databases that keep UUIDs in different shapes."""
    return f"{kind}:{uuid.uuid4().hex}"


class Project(models.Model):
    """A backlog. Its key stands in addresses (`/p/SHOP/`); Jira's projects are always called Jira projects."""

    ref = models.CharField(max_length=64, unique=True, default=partial(new_ref, "project"), editable=False)
    key = models.CharField(
        _("key"),
        max_length=10,
        unique=True,
        validators=[RegexValidator(r"^[A-Z][A-Z0-9]{1,9}$", _("2 to 10 capital letters and digits, a letter first."))],
        help_text=_("Short name in addresses, for example SHOP."),
    )
    name = models.CharField(_("name"), max_length=120)
    last_number = models.PositiveIntegerField(default=0, help_text="The last number given to a story, epic or test.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("stories_qa:stories", args=[self.key])

    def take_numbers(self, count: int = 1) -> int:
        """Reserve `count` numbers and return the first. Must run inside a transaction: the row stays locked to its
        end, so two writers never get the same number."""
        Project.objects.filter(pk=self.pk).update(last_number=F("last_number") + count)
        self.refresh_from_db(fields=["last_number"])
        return self.last_number - count + 1


class Role(models.TextChoices):
    """What a member may do; each role may all that the ones before it may."""

    VIEWER = "viewer", _("Viewer")
    EDITOR = "editor", _("Editor")
    EXPORTER = "exporter", _("Exporter")
    ADMIN = "admin", _("Jira admin")


class Membership(models.Model):
    """One person in one project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.VIEWER)

    class Meta:
        ordering = ["user__username"]
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="one_membership_per_person")]

    def __str__(self) -> str:
        return f"{self.user} in {self.project}: {self.get_role_display()}"
