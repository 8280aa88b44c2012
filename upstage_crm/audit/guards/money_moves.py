"""What holds of the books, as part of `rules`. Pure.

A transaction is one row with its legs, so there is no open state: it is refused unless at least two
whole amounts on known accounts sum to zero, and a trigger spreads it into entries.
"""

from __future__ import annotations

from upstage_crm.audit.guards.sql import Mark, Rule, is_other

ACCOUNTS = (
    *("cash_drawer", "cash_safe", "card_clearing", "terminal_clearing", "invoices_owed"),
    *("voucher_liability", "account_credit", "deferred_income", "earned_income"),
    *("deferred_fees", "earned_fees", "tax", "refunds_due", "provider_fees", "disputed", "bank"),
    *("cash_rounding", "over_short", "paid_outs"),
)
"""Those of `ledger.views`; a test compares."""

_LEG = ("account", "amount", "performance_id", "line_id")


def rules(dialect: str) -> list[Rule]:
    """What is refused of transactions, entries and seals."""
    is_sqlite = dialect == "sqlite"
    return [
        Rule("ledger_transaction_birth", "ledger_transaction", "INSERT", "NEW.seal_id IS NOT NULL"),
        Rule(
            "ledger_transaction_legs",
            "ledger_transaction",
            "INSERT",
            _UNBALANCED_SQLITE if is_sqlite else _UNBALANCED_POSTGRES,
        ),
        Rule(
            "ledger_transaction_sealed",
            "ledger_transaction",
            "UPDATE",
            f"NEW.seal_id {is_other(dialect)} OLD.seal_id AND (OLD.seal_id IS NOT NULL "
            "OR NOT EXISTS (SELECT 1 FROM ledger_seal s WHERE s.id = NEW.seal_id))",
        ),
        Rule(
            "ledger_entry_birth",
            "ledger_entry",
            "INSERT",
            _ALONE_SQLITE if is_sqlite else _ALONE_POSTGRES,
        ),
    ]


def marks(dialect: str) -> list[Mark]:
    """The entries of a transaction, which its row brings with it."""
    spread = _SPREAD_SQLITE if dialect == "sqlite" else _SPREAD_POSTGRES
    into = f"INSERT INTO ledger_entry (transaction_id, n, {', '.join(_LEG)}) {spread}"
    return [Mark("ledger_entries", "TRUE", into, "ledger_transaction", "INSERT")]


def _sqlite(place: int, of: str = "value") -> str:
    return f"json_extract({of}, '$[{place}]')"


def _postgres(place: int) -> str:
    return f"jsonb_extract_path_text(CAST(value AS jsonb), '{place}')"


_KNOWN = f"IN ({', '.join(repr(account) for account in ACCOUNTS)})"
_IS_LEG_SQLITE = (
    "json_array_length(value) = 4 AND json_type(value, '$[1]') = 'integer' "
    f"AND abs({_sqlite(1)}) BETWEEN 1 AND 999999999999999 AND {_sqlite(0)} {_KNOWN} "
    "AND json_type(value, '$[2]') = 'text' AND json_type(value, '$[3]') = 'text'"
)
_UNBALANCED_SQLITE = (
    "NOT json_valid(NEW.legs) OR json_type(NEW.legs) <> 'array' OR (SELECT count(*) < 2 "
    f"OR sum({_sqlite(1)}) <> 0 OR sum(NOT coalesce({_IS_LEG_SQLITE}, 0)) > 0 "
    "FROM json_each(NEW.legs))"
)
# A pattern is asked first: a number in any other spelling would be another text on each database.
_IS_WHOLE = f"{_postgres(1)} ~ '^-?[1-9][0-9]{{0,14}}$'"
_IS_LEG_POSTGRES = (
    f"jsonb_array_length(CAST(value AS jsonb)) = (4) AND {_IS_WHOLE} "
    "AND jsonb_typeof(jsonb_extract_path(CAST(value AS jsonb), '1')) = ('number') "
    f"AND {_postgres(0)} {_KNOWN} "
    "AND jsonb_typeof(jsonb_extract_path(CAST(value AS jsonb), '2')) = ('string') "
    "AND jsonb_typeof(jsonb_extract_path(CAST(value AS jsonb), '3')) = ('string')"
)
_UNBALANCED_POSTGRES = (
    "(SELECT count(*) < (2) "
    f"OR sum(CASE WHEN {_IS_WHOLE} THEN CAST({_postgres(1)} AS numeric) ELSE (0) END) <> (0) "
    f"OR NOT bool_and(coalesce({_IS_LEG_POSTGRES}, FALSE)) "
    "FROM jsonb_array_elements(CAST(NEW.legs AS jsonb)))"
)
_SPREAD_SQLITE = (
    f"SELECT NEW.id, key, {_sqlite(0)}, {_sqlite(1)}, NULLIF({_sqlite(2)}, ''), "
    f"NULLIF({_sqlite(3)}, '') FROM json_each(NEW.legs)"
)
_SPREAD_POSTGRES = (
    f"SELECT NEW.id, n - (1), {_postgres(0)}, CAST({_postgres(1)} AS bigint), "
    f"NULLIF({_postgres(2)}, ''), NULLIF({_postgres(3)}, '') "
    "FROM jsonb_array_elements(CAST(NEW.legs AS jsonb)) WITH ORDINALITY AS leg(value, n)"
)
_OF_LEG = "'$[' || NEW.n || ']"
_ALONE_SQLITE = (
    "typeof(NEW.n) <> 'integer' OR typeof(NEW.amount) <> 'integer' OR NEW.n < 0 OR NOT EXISTS "
    "(SELECT 1 FROM ledger_transaction t WHERE t.id = NEW.transaction_id "
    f"AND json_extract(t.legs, {_OF_LEG}[0]') = NEW.account "
    f"AND json_extract(t.legs, {_OF_LEG}[1]') = NEW.amount "
    f"AND json_extract(t.legs, {_OF_LEG}[2]') = coalesce(NEW.performance_id, '') "
    f"AND json_extract(t.legs, {_OF_LEG}[3]') = coalesce(NEW.line_id, ''))"
)
_ALONE_POSTGRES = (
    "NEW.n < (0) OR NOT EXISTS (SELECT 1 FROM ledger_transaction t "
    "WHERE t.id = NEW.transaction_id AND "
    "jsonb_extract_path(CAST(t.legs AS jsonb), CAST(NEW.n AS text)) = ("
    "jsonb_build_array(NEW.account, NEW.amount, coalesce(NEW.performance_id, ''), "
    "coalesce(NEW.line_id, ''))))"
)
