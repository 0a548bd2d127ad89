"""The host application: Stories & QA."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StoriesQaConfig(AppConfig):
    name = "stories_qa"
    verbose_name = _("Stories & QA")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from stories_qa import signed_in  # noqa: F401  (importing connects its receivers)
