"""The app's name and where its checks are registered."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class JiraIntegrationConfig(AppConfig):
    name = "jira_integration"
    verbose_name = _("Jira integration")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from jira_integration import checks  # noqa: F401  (importing registers them)
        from jira_integration.models.canary import hatch

        post_migrate.connect(hatch, sender=self)
