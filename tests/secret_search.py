"""A search for secrets: what was found where, in every form that a secret may take."""

from __future__ import annotations

import base64
import html
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.db import connection as database


@dataclass
class Found:
    """Everything there is to search: where it was → its bytes."""

    places: dict[str, bytes] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)

    def keep(self, place: str, text: str | bytes) -> None:
        self.places[place] = self.places.get(place, b"") + (text if isinstance(text, bytes) else text.encode())

    def hits(self) -> list[str]:
        return [
            f"{name} in {place}"
            for name, secret in self.secrets.items()
            for place, text in self.places.items()
            if any(form in text for form in forms_of(secret))
        ]


def forms_of(secret: str) -> set[bytes]:
    """A secret as it is, quoted for an address, HTML or JSON, and within base64 at each of its three offsets."""
    plain = {secret, quote(secret, safe=""), html.escape(secret), json.dumps(secret)[1:-1]}
    coded = {base64.b64encode(b"x" * lead + secret.encode())[4 if lead else 0 : -4] for lead in range(3)}
    return {one.encode() for one in plain} | {one for one in coded if len(one) > 8}


def unpacked(row: Any) -> bytes:
    """A message of the queue with its body, which is base64 within JSON, in plain text."""
    text = row if isinstance(row, bytes) else repr(row).encode()
    try:
        message = json.loads(text)
        return text + base64.b64decode(message["body"])
    except (ValueError, KeyError, TypeError):
        return text


def on_disk() -> bytes:
    """The raw bytes of an SQLite database with its log; of another, every row of every table."""
    if database.vendor == "sqlite":
        name = Path(str(database.settings_dict["NAME"]))
        return b"".join(path.read_bytes() for path in name.parent.glob(f"{name.name}*"))
    rows = []
    with database.cursor() as cursor:
        for table in database.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows.append(repr(cursor.fetchall()))
    return "\n".join(rows).encode()
