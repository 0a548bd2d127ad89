"""Secrets in the database: sealed on the way in, opened only by whoever can say what they are bound to.

django-encrypted-model-fields does the encryption. Its fields decrypt whatever they read, swallow a wrong key and
corrupt bulk updates; this one hands out a `Sealed` value instead, so that listing connections never decrypts anything
and a wrong key is an error with a name.
"""

from __future__ import annotations

import json
from typing import Any

import encrypted_model_fields.fields as encrypted
from cryptography.fernet import InvalidToken
from django.core.exceptions import FieldError
from django.db import models

from jira_integration.client.auth import Secret


class SecretUnreadable(Exception):
    """No key in FIELD_ENCRYPTION_KEY opens this secret, or it was sealed for another connection or address."""


class Sealed:
    """A secret as it lies in the database. Its text form says nothing; `open` wants to know what it is bound to."""

    __slots__ = ("ciphertext",)

    def __init__(self, ciphertext: str) -> None:
        self.ciphertext = ciphertext

    def open(self, bound_to: str) -> str:
        """The secret's text. Raises SecretUnreadable under a wrong key, or when the row or its address was swapped."""
        try:
            envelope = json.loads(encrypted.decrypt_str(self.ciphertext))
        except InvalidToken as wrong_key:
            raise SecretUnreadable(
                "A stored Jira secret cannot be opened: FIELD_ENCRYPTION_KEY is not the key it was saved with."
            ) from wrong_key
        if envelope["for"] != bound_to:
            raise SecretUnreadable("A stored Jira secret belongs to another connection or address; enter it again.")
        return Secret(envelope["secret"])

    def __repr__(self) -> str:
        return "<sealed>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and other.ciphertext == self.ciphertext

    def __hash__(self) -> int:
        return hash(self.ciphertext)


def seal(secret: str, bound_to: str) -> Sealed:
    """Encrypt `secret` together with what it is bound to (a connection's uid and origin)."""
    return Sealed(encrypted.encrypt_str(json.dumps({"for": bound_to, "secret": secret})).decode())


class SecretField(encrypted.EncryptedTextField):  # type: ignore[misc]
    """Holds a `Sealed` or None. No look-ups but isnull, no expressions, no bulk_update, no decryption of input."""

    def to_python(self, value: Any) -> Sealed | None:
        if value is None or isinstance(value, Sealed):
            return value
        raise FieldError(f"{self.name} takes a sealed secret; use seal().")

    def from_db_value(self, value: str | None, *args: Any) -> Sealed | None:
        return None if value is None else Sealed(value)

    def get_prep_value(self, value: Any) -> Any:
        return value

    def get_db_prep_save(self, value: Any, connection: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, Sealed):  # an expression too: bulk_update() and F() would store their own text
            raise FieldError(f"{self.name} takes a sealed secret; use seal().")
        return value.ciphertext

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self.name} is encrypted; only isnull can be asked.")
        return models.TextField.get_lookup(self, lookup_name)

    def value_to_string(self, obj: models.Model) -> str:
        return ""  # dumpdata and the admin's history never carry a secret, not even encrypted
