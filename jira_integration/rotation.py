"""Brings every secret under the first key of FIELD_ENCRYPTION_KEY, while the site runs.

A row is replaced only if it still holds what was read: whoever saves a new secret meanwhile wins, and sealed it with
the first key anyway. A rotation that was broken off is simply started again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.apps import apps
from django.conf import settings
from django.db import connections, models, router

from jira_integration.models import SecretField

ROWS = 200


@dataclass
class Rotation:
    """How many secrets: `renewed` now, `current` before, `unreadable` under every key given, changed `meanwhile`."""

    renewed: int = 0
    current: int = 0
    unreadable: int = 0
    meanwhile: int = 0


def keys() -> list[Fernet]:
    """The keys in force: the first seals, all open."""
    given = settings.FIELD_ENCRYPTION_KEY
    return [Fernet(key) for key in ([given] if isinstance(given, str | bytes) else given)]


def secret_columns() -> Iterator[tuple[type[models.Model], SecretField]]:
    """Every column that holds a sealed secret, of this app and of any other."""
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            if isinstance(field, SecretField):
                yield model, field


def rotate(*, look_only: bool = False) -> Rotation:
    """Seal again what lies under another key than the first; `look_only` counts it as `renewed` and writes nothing."""
    found, known = Rotation(), keys()
    for model, field in secret_columns():
        for pk, ciphertext in _ciphertexts(model, field):
            _renew(model, field, pk, ciphertext, known, found, look_only)
    return found


def _ciphertexts(model: type[models.Model], field: SecretField) -> Iterator[tuple[object, str]]:
    rows = model._base_manager.exclude(**{f"{field.name}__isnull": True}).order_by("pk")
    for pk, sealed in rows.values_list("pk", field.name).iterator(ROWS):
        yield pk, sealed.ciphertext


def _renew(
    model: type[models.Model],
    field: SecretField,
    pk: object,
    ciphertext: str,
    known: Sequence[Fernet],
    found: Rotation,
    look_only: bool,
) -> None:
    try:
        known[0].decrypt(ciphertext.encode())
        found.current += 1
        return
    except InvalidToken:
        pass  # under an older key, or one that is not given
    try:
        renewed = MultiFernet(known).rotate(ciphertext.encode()).decode()
    except InvalidToken:
        found.unreadable += 1
        return
    if look_only or _replace(model, field, pk, ciphertext, renewed):
        found.renewed += 1
    else:
        found.meanwhile += 1


def _replace(model: type[models.Model], field: SecretField, pk: object, old: str, new: str) -> bool:
    """Compare and set, in one statement; the field itself refuses to be looked up."""
    connection = connections[router.db_for_write(model)]
    quoted = connection.ops.quote_name
    pk_column = model._meta.pk.column or ""
    table, column, key = quoted(model._meta.db_table), quoted(field.column), quoted(pk_column)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {column} = %s WHERE {key} = %s AND {column} = %s",  # noqa: S608  (names of our own)
            [new, model._meta.pk.get_db_prep_value(pk, connection), old],
        )
        return bool(cursor.rowcount)
