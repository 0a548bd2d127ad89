"""What the plug-in stores, to look at. Rows are written by the plug-in: here nothing is added or changed, and
secrets are not even fields. Deleting a connection is left possible for a superuser who knows why."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy

from jira_integration import models


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shows every column but the `hidden` ones, changes none."""

    hidden: tuple[str, ...] = ()
    list_per_page = 50
    show_full_result_count = False

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return [field.name for field in self.model._meta.fields if field.name not in self.hidden]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return self.get_fields(request, obj)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(models.JiraConnection)
class JiraConnectionAdmin(ReadOnly):
    hidden = ("secret", "webhook_secret", "webhook_secret_before")
    list_display = ("name", "site_url", "deployment", "login", "state", "checked_at")
    list_filter = ("state", "deployment", "login")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return superuser(request)


@admin.register(models.OAuthGrant)
class OAuthGrantAdmin(ReadOnly):
    hidden = ("access_token", "refresh_token", "lease_token")
    list_display = ("connection", "consented_at", "access_until", "ended_code")
    list_select_related = ("connection",)


class OAuthClientForm(forms.ModelForm):  # type: ignore[type-arg]
    """The secret is only ever written; left empty it stays, unless the client id changes."""

    new_secret = forms.CharField(
        label=gettext_lazy("Client secret"),
        required=False,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
    )

    class Meta:
        model = models.OAuthClient
        fields = ("client_id",)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not given.get("new_secret") and (self.instance.client_secret is None or "client_id" in self.changed_data):
            self.add_error("new_secret", gettext("Enter the secret that belongs to this client id."))
        return given


@admin.register(models.OAuthClient)
class OAuthClientAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The app people consent to, where it is not in the settings. One row; superusers alone may touch it."""

    form = OAuthClientForm
    list_display = ("client_id", "saved_at")

    def save_model(self, request: HttpRequest, obj: models.OAuthClient, form: Any, change: bool) -> None:
        if form.cleaned_data["new_secret"]:
            obj.keep_secret(form.cleaned_data["new_secret"])
        super().save_model(request, obj, form, change)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return superuser(request) and not models.OAuthClient.objects.exists()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return superuser(request)


def superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


@admin.register(models.ProjectMapping)
class ProjectMappingAdmin(ReadOnly):
    list_display = ("project_ref", "connection", "jira_project_key", "mode", "live", "version", "saved_by", "saved_at")
    list_select_related = ("connection",)


@admin.register(models.Trial)
class TrialAdmin(ReadOnly):
    list_display = ("story_key", "plan", "ended", "ended_at")
    list_select_related = ("plan",)


@admin.register(models.MappingVersion)
class MappingVersionAdmin(ReadOnly):
    list_display = ("mapping", "number", "saved_by", "saved_at")
    list_select_related = ("mapping",)


@admin.register(models.FieldMapping)
class FieldMappingAdmin(ReadOnly):
    list_display = ("mapping", "kind", "story_field", "jira_field", "jira_name", "direction", "matched_by")
    list_filter = ("kind", "direction")
    list_select_related = ("mapping",)


@admin.register(models.StatusMapping)
class StatusMappingAdmin(ReadOnly):
    list_display = ("mapping", "status", "jira_status_name", "category", "incoming")
    list_select_related = ("mapping",)


@admin.register(models.JiraMetadata)
class JiraMetadataAdmin(ReadOnly):
    list_display = ("connection", "jira_project_id", "fingerprint", "read_at")
    list_select_related = ("connection",)


@admin.register(models.ExportedTicket)
class ExportedTicketAdmin(ReadOnly):
    list_display = ("story_key", "issue_key", "sync", "status_name", "checked_at", "unlinked_at")
    list_filter = ("sync", "kind")
    search_fields = ("story_key", "issue_key", "story_ref")


@admin.register(models.ExportedComment)
class ExportedCommentAdmin(ReadOnly):
    list_display = ("ticket", "remote_id", "author_name", "from_jira", "state", "error_code")
    list_filter = ("state", "from_jira")
    list_select_related = ("ticket",)


@admin.register(models.ExportPlan)
class ExportPlanAdmin(ReadOnly):
    list_display = ("pk", "mapping", "state", "created_by", "created_at")
    list_filter = ("state",)
    list_select_related = ("mapping", "created_by")


@admin.register(models.PlannedTicket)
class PlannedTicketAdmin(ReadOnly):
    list_display = ("plan", "story_key", "action", "issue_key", "template_hash")
    list_filter = ("action",)
    list_select_related = ("plan",)
    search_fields = ("story_key", "issue_key")


@admin.register(models.ExportRun)
class ExportRunAdmin(ReadOnly):
    list_display = ("pk", "connection", "state", "reason_code", "requests", "writes", "started_by", "created_at")
    list_filter = ("state",)
    list_select_related = ("connection", "started_by")


@admin.register(models.RunItem)
class RunItemAdmin(ReadOnly):
    list_display = ("run", "story_key", "action", "state", "issue_key", "attempt", "error_code")
    list_filter = ("state", "action")
    list_select_related = ("run",)
    search_fields = ("story_key", "issue_key")


@admin.register(models.RunBatch)
class RunBatchAdmin(ReadOnly):
    list_display = ("run", "number", "action", "state", "sent_at")
    list_filter = ("state",)
    list_select_related = ("run",)


@admin.register(models.RunEvent)
class RunEventAdmin(ReadOnly):
    list_display = ("run", "at", "code")
    list_select_related = ("run",)


@admin.register(models.Conflict)
class ConflictAdmin(ReadOnly):
    list_display = ("ticket", "field", "jira_field", "reason", "opened_at", "resolved_at", "choice")
    list_filter = ("choice", "reason")
    list_select_related = ("ticket",)


@admin.register(models.PollRepairs)
class PollRepairsAdmin(ReadOnly):
    list_display = ("connection", "day", "count")
    list_select_related = ("connection",)


@admin.register(models.WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnly):
    list_display = ("connection", "event", "issue_id", "state", "reason", "attempts", "received_at")
    list_filter = ("state", "event")
    list_select_related = ("connection",)


@admin.register(models.AuditEntry)
class AuditEntryAdmin(ReadOnly):
    list_display = ("at", "actor", "actor_name", "code", "project_ref", "object_ref")
    list_filter = ("actor", "code")
    search_fields = ("actor_name", "object_ref")
