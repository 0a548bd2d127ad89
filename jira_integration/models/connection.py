"""One Jira site and how we sign in to it."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from jira_integration.client.oauth import gateway_url
from jira_integration.conf import conf
from jira_integration.models.secret import Sealed, SecretField, seal


class JiraConnection(models.Model):
    """One Jira site (origin; unique) with its current login, which can be replaced without losing a ticket."""

    class Deployment(models.TextChoices):
        UNKNOWN = "", _("Not known yet")
        CLOUD = "cloud", _("Jira Cloud")
        DATACENTER = "datacenter", _("Jira Data Center")

    class Login(models.TextChoices):
        API_TOKEN = "api_token", _("API token (Cloud)")
        OAUTH2 = "oauth2", _("OAuth 2.0 (Cloud)")
        PAT = "pat", _("Personal access token (Data Center)")
        BASIC = "basic", _("User name and password (Data Center)")

    class State(models.TextChoices):
        SETUP = "setup", _("Being set up")
        OK = "ok", _("Jira connected")
        AUTH = "auth", _("Jira refused our sign-in")
        DOWN = "down", _("Jira does not answer")
        PAUSED = "paused", _("Sync paused")

    WEBHOOK_SECRETS = ("webhook_secret", "webhook_secret_before", "webhook_secret_before_until")

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120)
    site_url = models.CharField(
        _("address"), max_length=300, unique=True, help_text="Origin and context path, no slash at the end."
    )
    deployment = models.CharField(max_length=10, choices=Deployment, default=Deployment.UNKNOWN, blank=True)
    server_title = models.CharField(max_length=200, blank=True, help_text="serverInfo's title, as Jira gave it.")
    cloud_id = models.CharField(max_length=64, blank=True)
    through_gateway = models.BooleanField(
        default=False, help_text="API calls go to Atlassian's gateway: OAuth, and API tokens with scopes."
    )
    ca_pem = models.TextField(
        _("certificates"), blank=True, help_text="PEM of the authority that signed a private site's certificate."
    )
    login = models.CharField(_("sign-in"), max_length=10, choices=Login, default=Login.API_TOKEN)
    user_name = models.CharField(_("e-mail or user name"), max_length=254, blank=True)
    secret: Sealed | None = SecretField(null=True, blank=True, editable=False)
    secret_hint = models.CharField(max_length=8, blank=True, help_text="The last 3 characters, to tell tokens apart.")
    secret_saved_at = models.DateTimeField(null=True, blank=True)
    secret_ends_on = models.DateField(_("valid until"), null=True, blank=True)
    account_id = models.CharField(max_length=128, blank=True, help_text="Whose name everything we create carries.")
    account_name = models.CharField(max_length=200, blank=True)
    account_time_zone = models.CharField(max_length=64, blank=True)
    webhook_secret: Sealed | None = SecretField(null=True, blank=True, editable=False)
    webhook_secret_before: Sealed | None = SecretField(null=True, blank=True, editable=False)
    webhook_secret_before_until = models.DateTimeField(
        _("former signature good until"),
        null=True,
        blank=True,
        help_text="Until then the secret before the present one is believed, too.",
    )
    webhook_id = models.CharField(max_length=64, blank=True, help_text="Jira's id, when we registered it.")
    webhook_seen_at = models.DateTimeField(null=True, blank=True, help_text="Last event with a good signature.")
    state = models.CharField(max_length=8, choices=State, default=State.SETUP)
    state_code = models.CharField(max_length=40, blank=True, help_text="Catalogue code of what is wrong.")
    state_since = models.DateTimeField(default=timezone.now)
    checked_at = models.DateTimeField(null=True, blank=True, help_text="Last time Jira answered a look for news.")
    polled_until = models.DateTimeField(
        null=True, blank=True, help_text="Everything Jira changed before this (its own clock) has been looked at."
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def host(self) -> str:
        return self.site_url.split("://", 1)[-1]

    @property
    def bound_to(self) -> str:
        """What its secrets are sealed to: another address or another row cannot open them."""
        return f"{self.uid}|{self.site_url}"

    @property
    def api_url(self) -> str:
        """What API paths are appended to: the site itself, or Atlassian's gateway."""
        return gateway_url(conf.GATEWAY_BASE_URL, self.cloud_id) if self.through_gateway else self.site_url

    @property
    def has_login(self) -> bool:
        """Whether a sign-in is saved, of whatever kind."""
        if self.login == self.Login.OAUTH2:
            return type(self).objects.filter(pk=self.pk, grant__refresh_token__isnull=False).exists()
        return self.secret is not None

    def keep_secret(self, secret: str) -> None:
        """Seal a new token or password; the caller saves."""
        self.secret = seal(secret, self.bound_to)
        self.secret_hint = secret[-3:] if len(secret) >= 12 else ""
        self.secret_saved_at = timezone.now()

    def keep_webhook_secret(self, secret: str, *, overlap: timedelta = timedelta(0)) -> None:
        """Seal a new secret; the one before stays good for `overlap`, until Jira has been told. The caller saves."""
        if overlap and self.webhook_secret is not None:
            self.webhook_secret_before, self.webhook_secret_before_until = self.webhook_secret, timezone.now() + overlap
        else:
            self.webhook_secret_before = self.webhook_secret_before_until = None
        self.webhook_secret = seal(secret, self.bound_to)

    def webhook_secrets(self) -> list[Sealed]:
        """Those that a delivery may be signed with now: two while the secret is being changed."""
        kept = [] if self.webhook_secret is None else [self.webhook_secret]
        until = self.webhook_secret_before_until
        if kept and self.webhook_secret_before is not None and until is not None and until > timezone.now():
            kept.append(self.webhook_secret_before)
        return kept

    def set_state(self, state: str, code: str = "") -> None:
        """Change the state and save it, once: `state_since` keeps the first moment."""
        if (self.state, self.state_code) == (state, code):
            return
        self.state, self.state_code, self.state_since = state, code, timezone.now()
        self.save(update_fields=["state", "state_code", "state_since"])

    @property
    def secret_ends_soon(self) -> bool:
        """The first warning: there is time to ask somebody for a new one."""
        return bool(self.secret_ends_on and self.secret_ends_on <= timezone.localdate() + timedelta(days=14))

    @property
    def secret_ends_now(self) -> bool:
        """The last warning: in three days at most exports will wait."""
        return bool(self.secret_ends_on and self.secret_ends_on <= timezone.localdate() + timedelta(days=3))

    def browse_url(self, issue_key: str) -> str:
        """Address of an issue for a person; built from the site, never from the API's base."""
        return f"{self.site_url}/browse/{issue_key}" if issue_key else ""


__all__ = ["JiraConnection", "Sealed"]
