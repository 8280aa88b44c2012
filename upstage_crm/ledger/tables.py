"""The books: every movement of money, append-only, and the seals over them.

Guards see that legs sum to zero, that a trigger alone makes the entries, and that nothing of it
changes but the one sealing. Only this package writes here; `reporting` reads.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.core.db import Row, UtcDateTime, text_enum
from upstage_crm.ledger.views import Account, PostingKind

_UNSEALED = sa.text("seal_id IS NULL")


class LedgerSealRow(Row, table=True):
    """Seals many rows of one table at once; an entry of the trail holds its root.

    `leaves` are the row's id and its salted hash, 48 bytes each, in the order of the ids: so a
    check can name the row that differs.
    """

    __tablename__ = "ledger_seal"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint

    id: str = Field(primary_key=True, max_length=32)
    subject: str = Field(max_length=32)
    covers: int
    root: str = Field(max_length=64)
    leaves: bytes = Field(sa_type=sa.LargeBinary)
    created_at: datetime = Field(sa_type=UtcDateTime)


class LedgerTransactionRow(Row, table=True):
    """One movement of money with all its legs, so that it is never half there.

    `legs` is JSON: `[[account, amount, performance_id, line_id], …]`, with "" for no id.
    """

    __tablename__ = "ledger_transaction"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.Index(
            "ix_ledger_transaction_unsealed",
            "id",
            sqlite_where=_UNSEALED,
            postgresql_where=_UNSEALED,
        ),
        sa.Index("ix_ledger_transaction_booked_at", "booked_at"),
        *(
            sa.Index(
                f"ix_ledger_transaction_{name}",
                name,
                sqlite_where=sa.text(f"{name} IS NOT NULL"),
                postgresql_where=sa.text(f"{name} IS NOT NULL"),
            )
            for name in ("order_id", "payment_id", "shift_id")
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    kind: PostingKind = Field(sa_column=sa.Column(text_enum(PostingKind), nullable=False))
    booked_at: datetime = Field(sa_type=UtcDateTime)
    legs: str = Field(sa_type=sa.Text)
    order_id: str | None = Field(default=None, max_length=32)
    step_id: str | None = Field(default=None, max_length=32)
    payment_id: str | None = Field(default=None, max_length=32)
    refund_id: str | None = Field(default=None, max_length=32)
    shift_id: str | None = Field(default=None, max_length=32)
    staff_id: str | None = Field(default=None, max_length=32)
    salt: str = Field(max_length=32)
    seal_id: str | None = Field(default=None, foreign_key="ledger_seal.id", max_length=32)


class LedgerEntryRow(Row, table=True):
    """One leg of a transaction, written by a trigger and by nothing else."""

    __tablename__ = "ledger_entry"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.Index(
            "ix_ledger_entry_performance_id",
            "performance_id",
            "account",
            sqlite_where=sa.text("performance_id IS NOT NULL"),
            postgresql_where=sa.text("performance_id IS NOT NULL"),
        ),
    )

    transaction_id: str = Field(
        primary_key=True, foreign_key="ledger_transaction.id", max_length=32
    )
    n: int = Field(sa_column=sa.Column(sa.BigInteger, primary_key=True, autoincrement=False))
    account: Account = Field(sa_column=sa.Column(text_enum(Account), nullable=False))
    amount: int = Field(sa_type=sa.BigInteger)
    performance_id: str | None = Field(default=None, max_length=32)
    line_id: str | None = Field(default=None, max_length=32)
