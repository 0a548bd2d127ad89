"""Many rows of one table, each with values of its own, in one prepared UPDATE.

Django's `bulk_update` builds an expression per row and column, which costs more than everything else a batch does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connections, models, router


def write_each(rows: Sequence[models.Model], columns: Sequence[str], *, still: Mapping[str, Any] | None = None) -> None:
    """Store these fields of rows of one model, as they are set. `still` (field → value) is what must hold in the
    database for a row to be written."""
    if not rows:
        return
    model = type(rows[0])
    database = connections[router.db_for_write(model)]
    meta, quote = model._meta, database.ops.quote_name
    fields: list[Any] = [meta.get_field(name) for name in columns]
    held: dict[Any, Any] = {meta.get_field(name): value for name, value in (still or {}).items()}
    changes = ", ".join(f"{quote(one.column)} = %s" for one in fields)
    where = " AND ".join(f"{quote(one.column)} = %s" for one in (meta.pk, *held) if one)
    held_values = [one.get_db_prep_save(value, database) for one, value in held.items()]
    with database.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {quote(meta.db_table)} SET {changes} WHERE {where}",  # noqa: S608  the model's own names
            [
                [*(one.get_db_prep_save(getattr(row, one.attname), database) for one in fields), row.pk, *held_values]
                for row in rows
            ],
        )
