"""Search words: each names its field, and is folded as people type it

The words are derived from the records and rebuilt by the code that runs.

Revision: 0013, after 0012
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from alembic import op
from upstage_crm.patrons.search_terms import term_rows

revision = "0013"
down_revision = "0012"

BATCH = 500  # patrons
COLUMNS = (
    "id",
    "number",
    "given_name",
    "family_name",
    "address_city",
    "address_postcode",
    "email_key",
    "phone",
    "phone_key",
    "preferred_name",
    "tags",
)
patron = sa.table("patron", *(sa.column(name) for name in COLUMNS))
term = sa.table("patron_term", sa.column("term"), sa.column("patron_id"))


def upgrade() -> None:
    op.execute(sa.delete(term))
    for batch in _patrons():
        rows = [row for one in batch for row in term_rows(one["id"], one["number"], one)]
        op.get_bind().execute(sa.insert(term), rows)


def downgrade() -> None:
    """An older version looks for bare words, but for tags."""
    for batch in _patrons():
        ids = [one["id"] for one in batch]
        found = op.get_bind().execute(sa.select(term).where(term.c.patron_id.in_(ids))).all()
        rows = {(_bare(row.term), row.patron_id) for row in found}
        op.execute(sa.delete(term).where(term.c.patron_id.in_(ids)))
        if rows:
            wanted = [{"term": word, "patron_id": owner} for word, owner in sorted(rows)]
            op.get_bind().execute(sa.insert(term), wanted)


def _patrons() -> Iterator[Sequence[Any]]:
    last = ""
    while True:
        query = (
            sa.select(*(patron.c[name] for name in COLUMNS))
            .where(patron.c.id > last)
            .order_by(patron.c.id)
            .limit(BATCH)
        )
        batch = op.get_bind().execute(query).mappings().all()
        if not batch:
            return
        yield batch
        last = batch[-1]["id"]


def _bare(word: str) -> str:
    source, _, rest = word.partition(":")
    return word if source == "tag" else rest
