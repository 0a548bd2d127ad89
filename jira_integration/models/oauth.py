"""OAuth 2.0 grants, and the app they were given to."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from jira_integration.models.connection import JiraConnection
from jira_integration.models.secret import Sealed, SecretField, seal


class OAuthGrant(models.Model):
    """The tokens of one connection. Whoever refreshes them holds the lease; `generation` counts the pairs.

    `sent_at` is when the present refresh token was first sent without an answer: for ten minutes it may be sent again,
    after that Atlassian would take it for stolen.
    """

    connection = models.OneToOneField(JiraConnection, on_delete=models.CASCADE, related_name="grant")
    access_token: Sealed | None = SecretField(null=True, editable=False)
    refresh_token: Sealed | None = SecretField(null=True, editable=False)
    generation = models.PositiveIntegerField(default=1)
    renew_at = models.DateTimeField(help_text="Some minutes before the access token ends.")
    access_until = models.DateTimeField()
    scopes = models.TextField(blank=True)
    consented_at = models.DateTimeField(help_text="A year later a person has to consent again.")
    lease_token = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    ended_code = models.CharField(max_length=40, blank=True, help_text="Catalogue code of why it is over.")

    def __str__(self) -> str:
        return f"{self.connection}: {self.ended_code or 'grant'}"

    @staticmethod
    def bound_to(connection: JiraConnection) -> str:
        """What its tokens are sealed to; a connection's other secrets are sealed to something else."""
        return f"{connection.bound_to}|oauth"


class OAuthClient(models.Model):
    """The app registered with Atlassian, when it is kept here and not in the settings. There is one."""

    client_id = models.CharField(_("client id"), max_length=200)
    client_secret: Sealed | None = SecretField(null=True, editable=False)
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("OAuth app")
        verbose_name_plural = _("OAuth app")

    def __str__(self) -> str:
        return self.client_id

    def keep_secret(self, secret: str) -> None:
        self.client_secret = seal(secret, self.bound_to)

    @property
    def bound_to(self) -> str:
        return f"oauth-app|{self.client_id}"


__all__ = ["OAuthClient", "OAuthGrant", "Sealed"]
