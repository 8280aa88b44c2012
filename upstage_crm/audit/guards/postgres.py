"""Writes a guard's SQL so that PostgreSQL can understand it in one way only. Pure.

The rules are written once, in SQL that both databases take. PostgreSQL picks an operator by the
types of its operands, among all that the search path shows it: a role that may create an operator
could make `=` say what it likes. So here each table gets its schema, each column and each text its
type. Then the operators of `pg_catalog` fit exactly, and an exact fit there always wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

SCHEMA = "public"

# The house's names tell a column's type; these are the exceptions. A house test compares.
_INSTANTS = frozenset({"at", "next_slot", "since"})
_NUMBERS = frozenset(
    {
        *("number", "next_patron_number", "seq", "priority", "attempts", "last_code", "covers"),
        *("version", "link_version", "notice_version", "sent_count", "settled_count", "epoch"),
        *("code_tries", "tries", "patron_number", "wrong_codes", "seats", "places"),
        *("amount", "basis_points", "cells", "least", "most", "position"),
        *("running_minutes", "interval_minutes", "season", "width", "height"),
        *("capacity", "held", "sold", "blocked", "extensions_left", "copies_left"),
        *("tickets", "debit_count", "credit_count"),
        *("fee_amount", "tax", "tax_basis_points", "code_version", "answer_days", "return_hours"),
        "contact_months",
    }
)
_FLAGS = frozenset({"by_operator", "needs_second", "decides_alone"})
_SHORT_COUNTS = frozenset({"order_step"})  # whose `n` counts the steps of one order
# Sums; a price is smaller.
_BIG_AMOUNTS = frozenset(
    {
        *("acquirer_page", "acquirer_refund", "disrupted_order", "ledger_entry"),
        *("payment", "payment_dispute", "refund"),
    }
)
_BIG_NUMBERS = frozenset(
    {
        *("sign_count", "last_step", "n", "tx", "rebooked", "refunded", "total"),
        *("float_amount", "practised", "expected_cash", "counted_cash"),
        *("expected_terminal", "counted_terminal"),
        *("income_total", "fee_total", "tax_total", "debit", "credit"),
    }
)
_NUMBERED_ROWS = frozenset(
    {"audit_head", "heartbeat", "mail_gate", "organisation", "policy", "security"}
)

_TOKEN = re.compile(
    r"(?P<text>'(?:[^']|'')*')"
    r"|(?P<verb>(?<!DISTINCT )FROM|JOIN|INTO|UPDATE) (?P<table>[a-z_]+\b)(?![.(])"
    r"(?: (?P<alias>[a-z]+\b))?"
    r"|\b(?P<row>NEW|OLD|[a-z_]+)\.(?P<column>[a-z_0-9]+)"
)


_WORDS = frozenset({("event", "credits")})  # named as a number elsewhere is


def type_of(table: str, column: str) -> str:
    """The type of a column, as PostgreSQL calls it, by the names that the house gives."""
    if column.endswith(("_at", "_until")) or column in _INSTANTS:
        return "timestamptz"
    if column.startswith("is_") or column in _FLAGS:
        return "bool"
    if column == "n" and table in _SHORT_COUNTS:
        return "int4"
    if column == "amount" and table in _BIG_AMOUNTS:
        return "int8"
    is_counted = column in _NUMBERS and (table, column) not in _WORDS
    if is_counted or (column == "id" and table in _NUMBERED_ROWS):
        return "int4"
    return "int8" if column in _BIG_NUMBERS else "text"


def typed(sql: str, table: str) -> str:
    """Return `sql`, part of a guard of `table`, with schemas and types.

    Raises:
        ValueError: a name is used for two tables, or for none.
    """
    tables = {"NEW": table, "OLD": table}
    for name, meant in _names(sql):
        if tables.setdefault(name, meant) != meant:
            raise ValueError(f"{name} is both {tables[name]} and {meant}: {sql}")

    def write(token: re.Match[str]) -> str:
        if token["text"]:
            return f"{token['text']}::text"
        if token["verb"]:
            alias = f" {token['alias']}" if token["alias"] else ""
            return f"{token['verb']} {SCHEMA}.{token['table']}{alias}"
        if token["row"] not in tables:
            raise ValueError(f"{token['row']} is no table's name: {sql}")
        return f"{token[0]}::{type_of(tables[token['row']], token['column'])}"

    return _TOKEN.sub(write, sql)


def _names(sql: str) -> Iterator[tuple[str, str]]:
    """Each name that `sql` calls a table by, and the table."""
    for token in _TOKEN.finditer(sql):
        if token["verb"]:
            yield token["table"], token["table"]
            if token["alias"]:
                yield token["alias"], token["table"]
