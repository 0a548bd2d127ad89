"""Which project a command means."""

from __future__ import annotations

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from stories_qa.models import Project


def one_project(key: str | None) -> Project:
    """The project with this key; the only one when no key is given. CommandError (exit status 2) if that is no one."""
    projects = list(Project.objects.filter(key=key) if key is not None else Project.objects.all()[:2])
    if len(projects) == 1:
        return projects[0]
    if key is not None:
        known = ", ".join(Project.objects.order_by("key").values_list("key", flat=True)) or _("none yet")
        raise CommandError(
            _("There is no project %(key)s. There are: %(known)s.") % {"key": key, "known": known}, returncode=2
        )
    if projects:
        raise CommandError(_("There are several projects. Name one with --project KEY."), returncode=2)
    raise CommandError(_("There is no project yet. Name one with --project KEY, and it is made."), returncode=2)
