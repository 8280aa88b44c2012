"""What an attacker with SQL access would try on prices: another amount under what was sold.

See `attack_list`.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.engine import Connection

from upstage_crm.demo.attack_list import Attempt, copy

GROUP = "Change a price"
_NEWEST = (
    "SELECT l.id, p.id, p.price_type_id, l.tax_rate_id FROM price_list l "
    "JOIN price p ON p.price_list_id = l.id ORDER BY l.id DESC, p.id"
)


def price_attempts(connection: Connection) -> list[Attempt]:
    """Every attempt on the newest version; none where there are no prices."""
    newest = connection.exec_driver_sql(_NEWEST).first()
    if newest is None:
        return []
    version, price, kind, rate = (f"id = '{found}'" for found in newest)
    cheaper = (
        copy("price_list", version, {"id": "'forged'", "version": "version + 1", "cells": "1"}),
        copy("price", price, {"id": "'forged'", "price_list_id": "'forged'", "amount": "1"}),
    )
    is_sqlite = connection.dialect.name == "sqlite"
    found = [
        *_on_price(price, is_sqlite=is_sqlite),
        *_on_version(version, is_sqlite=is_sqlite),
        *_on_names(kind, rate, is_sqlite=is_sqlite),
    ]
    return [
        *(Attempt(GROUP, words, tuple(statements)) for words, *statements in found),
        Attempt(GROUP, "a version of one's own, cheaper", cheaper, notices=True),
    ]


def _on_price(where: str, *, is_sqlite: bool) -> Iterator[tuple[str, ...]]:
    other = {"id": "'x'", "amount": "1"}
    yield "the amount", f"UPDATE price SET amount = 1 WHERE {where}"
    yield "the zone", f"UPDATE price SET zone = 'x' WHERE {where}"
    yield "every price at once", "UPDATE price SET amount = amount / 2"
    yield "DELETE a price", f"DELETE FROM price WHERE {where}"
    yield (
        "DELETE and INSERT it cheaper",
        f"DELETE FROM price WHERE {where}",
        copy("price", where, other),
    )
    yield "INSERT with the same id", copy("price", where, {"zone": "'x'"})
    yield "INSERT for the same zone and type", copy("price", where, other)
    yield "INSERT one more into a version", copy("price", where, other | {"zone": "'x'"})
    yield "INSERT below zero", copy("price", where, other | {"zone": "'x'", "amount": "-1"})
    upsert = "ON CONFLICT (id) DO UPDATE SET amount = 1"
    yield "UPSERT of a price", copy("price", where, {}, suffix=upsert)
    if is_sqlite:
        yield "REPLACE of a price by id", copy("price", where, {"amount": "1"}, verb="REPLACE")
        yield "REPLACE of a price by zone and type", copy("price", where, other, verb="REPLACE")
        rowid = f"UPDATE OR REPLACE price SET rowid = rowid + 1 WHERE {where}"
        yield "UPDATE OR REPLACE of a price by rowid", rowid


def _on_version(where: str, *, is_sqlite: bool) -> Iterator[tuple[str, ...]]:
    for column, value in (
        ("cells", "cells + 1"),
        ("fees", "'[]'"),
        ("currency", "'ZZZ'"),
        ("version", "version + 1"),
        ("starts_at", "created_at"),
    ):
        yield f"{column} of a version", f"UPDATE price_list SET {column} = {value} WHERE {where}"
    yield "DELETE a version", f"DELETE FROM price_list WHERE {where}"
    other = {"id": "'x'", "fees": "'[]'"}
    yield "INSERT of the same version", copy("price_list", where, other)
    if is_sqlite:
        yield "REPLACE of a version by number", copy("price_list", where, other, verb="REPLACE")


def _on_names(kind: str, rate: str, *, is_sqlite: bool) -> Iterator[tuple[str, ...]]:
    """What prices refer to."""
    yield "the rate of a tax", f"UPDATE tax_rate SET basis_points = 0 WHERE {rate}"
    yield "DELETE a tax rate", f"DELETE FROM tax_rate WHERE {rate}"
    yield "a price type becomes free", f"UPDATE price_type SET is_comp = NOT is_comp WHERE {kind}"
    yield "DELETE a price type", f"DELETE FROM price_type WHERE {kind}"
    if is_sqlite:
        yield (
            "REPLACE of a price type by name",
            copy("price_type", kind, {"id": "'x'"}, verb="REPLACE"),
        )
