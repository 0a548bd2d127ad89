"""Many rows of one table, each with values of its own, in one prepared statement.

Django's `bulk_update` and `bulk_create` build an expression per row and column, which costs more than everything else
that a plan or a batch does with its rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connections, models, router


def write_each(rows: Sequence[models.Model], columns: Sequence[str], *, still: Mapping[str, Any] | None = None) -> int:
    """Store these fields of rows of one model, as they are set; tells how many were written. `still` (field → value)
    is what must hold in the database for a row to be written."""
    if not rows:
        return 0
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
        return int(cursor.rowcount)


def insert_each(rows: Sequence[models.Model], ready: Mapping[str, Sequence[str]] | None = None) -> None:
    """Insert rows of one model. Unlike `bulk_create` it does not tell their primary keys. `ready` (field → a text for
    each row) is JSON that stands written already."""
    if not rows:
        return
    model = type(rows[0])
    database = connections[router.db_for_write(model)]
    meta, quote = model._meta, database.ops.quote_name
    fields: list[Any] = [one for one in meta.concrete_fields if not one.primary_key]
    columns = ", ".join(quote(one.column) for one in fields)
    places = ", ".join(["%s"] * len(fields))
    values = [
        (ready or {}).get(one.name) or [one.get_db_prep_save(one.pre_save(row, True), database) for row in rows]
        for one in fields
    ]
    with database.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {quote(meta.db_table)} ({columns}) VALUES ({places})",  # noqa: S608  the model's own names
            list(zip(*values, strict=True)),
        )
