"""A sealed word that everybody may know: it tells a wrong encryption key before a real secret is needed."""

from __future__ import annotations

from typing import Any

from django.db import models, router, transaction

from jira_integration.models.secret import Sealed, SecretField, seal

WORD = "canary"


class SecretCanary(models.Model):
    """One row, made by the first `migrate`; read by `check --database default`."""

    sealed: Sealed = SecretField(editable=False)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "secret canaries"

    def __str__(self) -> str:
        return WORD

    def sing(self) -> None:
        """Raises SecretUnreadable when no key in FIELD_ENCRYPTION_KEY is one that the secrets were sealed with."""
        self.sealed.open(WORD)


def hatch(using: str, apps: Any = None, **kwargs: Any) -> None:
    """After `migrate` and `flush`: make the canary where there is none, unless its table was just migrated away."""
    migrated_away = apps is not None and "secretcanary" not in apps.all_models["jira_integration"]
    if migrated_away or not router.allow_migrate_model(using, SecretCanary):
        return
    with transaction.atomic(using=using):
        if not SecretCanary.objects.using(using).exists():
            SecretCanary.objects.using(using).create(sealed=seal(WORD, WORD))
