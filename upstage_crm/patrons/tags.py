"""Tags: short words by which staff group patrons. A tag is one row of each patron who has it.

Two spellings of one `key` are one tag: case and accents do not matter. Every patron's tag is
spelled as the first one was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from upstage_crm.core.counting import COUNTED
from upstage_crm.core.db import table_of
from upstage_crm.core.text import clean_line
from upstage_crm.patrons.errors import TagTooLong
from upstage_crm.patrons.search_terms import fold, prefix_end
from upstage_crm.patrons.tables import PatronTagRow

TAG_LIMIT = 50  # characters
MOST_TAGS = 30  # of one patron
SEPARATOR = ", "
_KEY_LIMIT = 400  # characters; folding lengthens a few signs

_tag = table_of(PatronTagRow)


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag as it is compared, and as people read it."""

    key: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TagCount:
    """A tag that patrons have, and how many: at most `COUNTED`, or one more for "and more"."""

    key: str
    label: str
    patrons: int


def key_of(label: str) -> str:
    """What two spellings of one tag share."""
    return (fold(label).strip() or label)[:_KEY_LIMIT]


def parse(text: str) -> tuple[Tag, ...]:
    """The tags in a text, split at its commas; each counts once, in the order of the text.

    Raises:
        TagTooLong: one has more than `TAG_LIMIT` characters. InvalidText: a line break.
    """
    found: dict[str, Tag] = {}
    for written in text.split(","):
        if len(written.strip()) > TAG_LIMIT:
            raise TagTooLong(limit=TAG_LIMIT)
        if label := clean_line(written, TAG_LIMIT):
            found.setdefault(key_of(label), Tag(key_of(label), label))
    return tuple(found.values())


def joined(labels: Iterable[str]) -> str:
    """Tags as one line, which `parse` reads again."""
    return SEPARATOR.join(labels)


def held_by(session: Session, patron_ids: Collection[str]) -> dict[str, dict[str, str]]:
    """The tags of each of these patrons: labels by their keys, in the order of the keys."""
    found: dict[str, dict[str, str]] = {each: {} for each in patron_ids}
    query = sa.select(_tag).where(_tag.c.patron_id.in_(patron_ids)).order_by(_tag.c.key)
    for row in session.connection().execute(query):
        found[row.patron_id][row.key] = row.label
    return found


def labels_of(session: Session, patron_id: str) -> tuple[str, ...]:
    """The tags of one patron, in the order of their keys."""
    return tuple(held_by(session, [patron_id])[patron_id].values())


def tagged(label: str) -> sa.Select[str]:
    """The ids of the patrons who have this tag, in any spelling of it."""
    return sa.select(_tag.c.patron_id).where(_tag.c.key == key_of(label))


def label_of(session: Session, tag: Tag) -> str:
    """A tag as it is spelled already; as it is given when no patron has it."""
    query = sa.select(_tag.c.label).where(_tag.c.key == tag.key)
    found = session.connection().execute(query.order_by(_tag.c.patron_id).limit(1)).scalar()
    return tag.label if found is None else found


def vocabulary(session: Session, *, begins: str = "", limit: int = 100) -> tuple[TagCount, ...]:
    """The tags that patrons have, in the order of their keys; of those that begin so, if asked.

    The index is read from one tag to the next, however many patrons have each.
    """
    first = key_of(begins) if begins else ""
    wanted = {"first": first, "end": prefix_end(first) if first else "", "limit": limit}
    rows = session.connection().execute(_VOCABULARY, wanted | {"counted": COUNTED + 1})
    return tuple(TagCount(key=row.key, label=row.label, patrons=row.patrons) for row in rows)


_VOCABULARY = sa.text(
    """
    WITH RECURSIVE word(key) AS (
        SELECT min(t.key) FROM patron_tag t
        WHERE t.key >= :first AND (:end = '' OR t.key < :end)
        UNION ALL
        SELECT (
            SELECT min(t.key) FROM patron_tag t
            WHERE t.key > word.key AND (:end = '' OR t.key < :end)
        )
        FROM word WHERE word.key IS NOT NULL
    )
    SELECT word.key,
        (
            SELECT t.label FROM patron_tag t WHERE t.key = word.key ORDER BY t.patron_id LIMIT 1
        ) AS label,
        (
            SELECT count(*) FROM (
                SELECT 1 FROM patron_tag t WHERE t.key = word.key LIMIT :counted
            ) AS few
        ) AS patrons
    FROM word WHERE word.key IS NOT NULL LIMIT :limit
    """
)
