"""Tags: each is a row, and no longer a part of one text

How a tag is compared is frozen here, as it was when this revision was written.

Revision: 0017, after 0016
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from alembic import op

revision = "0017"
down_revision = "0016"

BATCH = 500  # patrons
LONGEST = 400  # characters of the text, and so of one tag
# Accents on Latin, Greek and Cyrillic letters, Hebrew points, Arabic vowels.
ACCENTS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed]"
)
OWN_LETTERS = {"и\u0306", "у\u0306", "і\u0308"}  # й, ў, ї: letters, though made of two signs
LETTERS = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "þ": "th",
    "ħ": "h", "ŧ": "t", "ŋ": "n", "ĸ": "k",
}  # fmt: skip
KEY = sa.String(LONGEST).with_variant(sa.String(LONGEST, collation="C"), "postgresql")
patron = sa.table("patron", sa.column("id"), sa.column("tags"))
tag = sa.table("patron_tag", sa.column("patron_id"), sa.column("key"), sa.column("label"))
term = sa.table("patron_term", sa.column("term"), sa.column("patron_id"))
_TERMS = (term.c.term >= "tag:") & (term.c.term < "tag;")


def upgrade() -> None:
    op.create_table(
        "patron_tag",
        sa.Column("patron_id", sa.String(32), sa.ForeignKey("patron.id"), primary_key=True),
        sa.Column("key", KEY, primary_key=True),
        sa.Column("label", sa.String(LONGEST), nullable=False),
    )
    op.create_index("ix_patron_tag_key", "patron_tag", ["key", "patron_id"])
    spelled: dict[str, str] = {}
    for batch in _batches(sa.select(patron.c.id, patron.c.tags).where(patron.c.tags != "")):
        rows = [
            {"patron_id": one.id, "key": key, "label": spelled.setdefault(key, label)}
            for one in batch
            for key, label in _tags(one.tags).items()
        ]
        if rows:
            op.get_bind().execute(sa.insert(tag), rows)
    op.execute(sa.delete(term).where(_TERMS))
    op.drop_column("patron", "tags")


def downgrade() -> None:
    """What is longer than the text may be is left out, a whole tag at a time."""
    op.add_column(
        "patron", sa.Column("tags", sa.String(LONGEST), server_default="", nullable=False)
    )
    for batch in _batches(sa.select(patron.c.id)):
        texts, words = dict[str, str](), dict[tuple[str, str], dict[str, str]]()
        query = sa.select(tag).where(tag.c.patron_id.in_([one.id for one in batch]))
        for row in op.get_bind().execute(query.order_by(tag.c.patron_id, tag.c.key)):
            text = ", ".join(filter(None, (texts.get(row.patron_id), row.label)))
            if len(text) <= LONGEST:
                texts[row.patron_id] = text
                word = {"term": f"tag:{row.key}"[:100], "patron_id": row.patron_id}
                words[word["term"], row.patron_id] = word
        for patron_id, text in texts.items():
            op.execute(sa.update(patron).where(patron.c.id == patron_id).values(tags=text))
        if words:
            op.get_bind().execute(sa.insert(term), list(words.values()))
    op.drop_table("patron_tag")


def _batches(query: sa.Select[Any]) -> Iterator[Sequence[Any]]:
    last = ""
    while (
        batch := op.get_bind()
        .execute(query.where(patron.c.id > last).order_by(patron.c.id).limit(BATCH))
        .all()
    ):
        yield batch
        last = batch[-1].id


def _tags(text: str) -> dict[str, str]:
    """The tags of a text: the first spelling of each, by what all spellings of it share."""
    found: dict[str, str] = {}
    for label in filter(None, (part.strip() for part in text.split(","))):
        found.setdefault((_fold(label).strip() or label)[:LONGEST], label)
    return found


def _fold(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.casefold())
    kept: list[str] = []
    for sign in apart:
        if ACCENTS.match(sign) and (not kept or kept[-1] + sign not in OWN_LETTERS):
            continue
        kept.append(LETTERS.get(sign, sign))
    return unicodedata.normalize("NFC", "".join(kept))
