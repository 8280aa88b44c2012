"""Search words: each names its field, and is folded as people type it

What the words of a record are is frozen here, as it was when this revision was written.

Revision: 0013, after 0012
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import phonenumbers
import sqlalchemy as sa

from alembic import op

revision = "0013"
down_revision = "0012"

BATCH = 500  # patrons
MAX_TERM = 100
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
APOSTROPHES = str.maketrans("", "", "'’‘ʼ`´")
# Accents on Latin, Greek and Cyrillic letters, Hebrew points, Arabic vowels. Marks of every other
# script (Japanese, Devanagari, Thai) make another letter, and stay.
ACCENTS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed]"
)
OWN_LETTERS = {"и\u0306", "у\u0306", "і\u0308"}  # й, ў, ї: letters, though made of two signs
LETTERS = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "þ": "th",
    "ħ": "h", "ŧ": "t", "ŋ": "n", "ĸ": "k",
}  # fmt: skip
patron = sa.table("patron", *(sa.column(name) for name in COLUMNS))
term = sa.table("patron_term", sa.column("term"), sa.column("patron_id"))


def upgrade() -> None:
    op.execute(sa.delete(term))
    for batch in _patrons():
        rows = [row for one in batch for row in _term_rows(one["id"], one["number"], one)]
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


# --- frozen: the words of a record -------------------------------------------------------------


def _term_rows(patron_id: str, number: int, values: Mapping[str, object]) -> list[dict[str, str]]:
    """The rows of `patron_term` for a patron with these column values, tags included."""
    texts = {name: value for name, value in values.items() if isinstance(value, str)}
    terms = _terms_of(texts, number=number, extra=texts.get("preferred_name", ""))
    tags = texts.get("tags", "").split(",")
    terms |= {_term("tag", _fold(tag.strip())) for tag in tags if tag.strip()}
    return [{"term": term, "patron_id": patron_id} for term in sorted(terms)]


def _terms_of(values: Mapping[str, str | None], *, number: int, extra: str = "") -> frozenset[str]:
    """The words by which a patron with these column values is found, each with its field."""
    given, family = values.get("given_name") or "", values.get("family_name") or ""
    postcode = values.get("address_postcode") or ""
    email = (values.get("email_key") or "").casefold()
    phone = values.get("phone_key") or values.get("phone") or ""
    return (
        frozenset({_term("number", str(number))})
        | _named("free", _words(extra))
        | _named("name", [*_words(given), *_words(family), *_joined(given), *_joined(family)])
        | _named("address", [*_words(values.get("address_city")), *_words(postcode)])
        | _named("address", [_fold(postcode).replace(" ", "")])
        | _named("email", [email, *_words(email)])
        | _named("phone", _phone_words(phone))
    )


def _named(source: str, words: Iterable[str]) -> frozenset[str]:
    return frozenset(_term(source, word) for word in words if word)


def _term(source: str, word: str) -> str:
    return f"{source}:{word}"[:MAX_TERM]


def _words(text: str | None) -> list[str]:
    """The folded words of a text; a mark that belongs to its letter does not end a word."""
    folded = _fold(text or "")
    apart = (c if c.isalnum() or unicodedata.category(c).startswith("M") else " " for c in folded)
    return "".join(apart).split()


def _fold(text: str) -> str:
    """Return `text` without case and accents, as terms are stored: `Łukasz` is `lukasz`."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    kept: list[str] = []
    for sign in apart:
        if ACCENTS.match(sign) and (not kept or kept[-1] + sign not in OWN_LETTERS):
            continue
        kept.append(LETTERS.get(sign, sign))
    return unicodedata.normalize("NFC", "".join(kept))


def _joined(name: str) -> list[str]:
    """The words of a name as people write it without its apostrophe: `obrien`."""
    bare = name.translate(APOSTROPHES)
    return _words(bare) if bare != name else []


def _phone_words(e164: str) -> list[str]:
    """A number with its country, as its country writes it, and without the zero in front."""
    digits = re.sub(r"\D", "", e164)
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return [digits, digits[-7:], digits[-10:]]
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    significant = phonenumbers.national_significant_number(number)
    return [digits, re.sub(r"\D", "", written), significant, digits[-7:], digits[-10:]]
