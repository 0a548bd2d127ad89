"""The certificates of a private site's own authority: what a person pasted, read, and given to a client.

There is no way to leave a certificate unchecked; who has a private one says which authority signed it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

LARGEST_PEM = 200_000  # characters; every public authority together is larger, a company's own are two or three


class BadCertificate(ValueError):
    """What was pasted is no bundle of certificates. `code` is the catalogue's, `values` fill its gaps."""

    def __init__(self, code: str, **values: str) -> None:
        super().__init__(code)
        self.code, self.values = code, values


@dataclass(frozen=True)
class Authority:
    """One certificate, as a person tells it from another."""

    name: str
    ends_at: datetime


def read_pem(text: str) -> tuple[str, list[Authority]]:
    """The certificates alone, written anew, and what they are called.

    Raises BadCertificate: ca_private_key (and nothing of it is kept), ca_none, ca_unreadable, ca_ended.
    """
    if "PRIVATE KEY-----" in text:
        raise BadCertificate("ca_private_key")
    if "-----BEGIN CERTIFICATE-----" not in text or len(text) > LARGEST_PEM:
        raise BadCertificate("ca_none")
    try:
        found = x509.load_pem_x509_certificates(text.encode())
        authorities = [Authority(_name(one), one.not_valid_after_utc) for one in found]
    except ValueError:
        raise BadCertificate("ca_unreadable") from None
    now = datetime.now(UTC)
    for one in authorities:
        if one.ends_at < now:
            raise BadCertificate("ca_ended", certificate=one.name, ended=f"{one.ends_at:%Y-%m-%d}")
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in found), authorities


def _name(certificate: x509.Certificate) -> str:
    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        named = certificate.subject.get_attributes_for_oid(kind)
        if named:
            return str(named[0].value)
    return certificate.subject.rfc4514_string()


@contextmanager
def ca_file(pem: str) -> Iterator[str | None]:
    """The certificates as a file while a client lives: TLS libraries want a path. None where there are none."""
    if not pem:
        yield None
        return
    with tempfile.NamedTemporaryFile("w", prefix="jira-ca-", suffix=".pem") as kept:
        kept.write(pem)
        kept.flush()
        yield kept.name
