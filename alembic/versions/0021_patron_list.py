"""Patron list: search words by number, and an index for every order and every rare filter

Revision: 0021, after 0020
"""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0021"
down_revision = "0020"

TERM = sa.String(100).with_variant(sa.String(100, collation="C"), "postgresql")
NAME = sa.text("replace(sort_name, ', ', '  ')")
ORDERS = (
    ("ix_patron_name", NAME),
    ("ix_patron_created", "created_at"),
    ("ix_patron_email_key", "email_key"),
    ("ix_patron_city", "address_city"),
    ("ix_patron_updated", "updated_at"),
)
COUNTRY = "ix_patron_country"
FEW = (
    ("ix_patron_not_active", "status <> 'active'", ["status", "number"]),
    ("ix_patron_organisation", "kind = 'organisation'", ["number"]),
    ("ix_patron_flagged", "is_flagged", ["number"]),
    ("ix_patron_protected", "is_protected", ["number"]),
)


def upgrade() -> None:
    _replace_terms("patron_number", "number")
    for name, column in ORDERS:
        op.drop_index(name, "patron")
        op.create_index(name, "patron", [column, "number"])
    op.create_index(COUNTRY, "patron", ["address_country", "number"])
    for name, condition, columns in FEW:
        where = sa.text(condition)
        op.create_index(name, "patron", columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name, *_ in FEW:
        op.drop_index(name, "patron")
    op.drop_index(COUNTRY, "patron")
    for name, column in ORDERS:
        op.drop_index(name, "patron")
        op.create_index(name, "patron", [column, "id"])
    _replace_terms("patron_id", "id")


def _replace_terms(column: str, key: str) -> None:
    """Make the table of words again, its patrons named by `key`, with the words that it has."""
    known = "patron_id" if key == "number" else "patron_number"
    its_key = "id" if known == "patron_id" else "number"
    op.execute(
        f"CREATE TABLE patron_term_before AS SELECT t.term, p.{key} AS patron"  # noqa: S608  # ours
        f" FROM patron_term t JOIN patron p ON p.{its_key} = t.{known}"
    )
    op.drop_table("patron_term")
    is_number = key == "number"
    kind: sa.types.TypeEngine[object] = sa.Integer() if is_number else sa.String(32)
    op.create_table(
        "patron_term",
        sa.Column("term", TERM, nullable=False),
        sa.Column(column, kind, nullable=False),
        sa.ForeignKeyConstraint([column], [f"patron.{key}"], name=f"fk_patron_term_{column}"),
        sa.PrimaryKeyConstraint("term", column, name="pk_patron_term"),
        sqlite_with_rowid=not is_number,
    )
    op.execute(
        "INSERT INTO patron_term SELECT term, patron FROM patron_term_before ORDER BY term, patron"
    )
    op.execute("DROP TABLE patron_term_before")
    indexed = [column, "term"] if is_number else [column]
    op.create_index("ix_patron_term_patron", "patron_term", indexed)
