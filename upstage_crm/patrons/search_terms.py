"""Search words: how a patron is found by the start of any word, on every database alike. Pure.

A patron has one row per word in `patron_term`; a query finds patrons that have, for each of its
words, a term that begins with it. Accents and case do not matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

MAX_TERM = 100
MAX_QUERY_WORDS = 6
_WORD = re.compile(r"[^\W_]+", re.UNICODE)


def fold(text: str) -> str:
    """Return `text` without case and accents, as terms are stored."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(ch for ch in decomposed if not unicodedata.combining(ch))


def terms_of(values: Mapping[str, str | None], *, number: int, extra: str = "") -> frozenset[str]:
    """The words by which a patron with these column values is found."""
    words: set[str] = {str(number)}
    for column in ("given_name", "family_name", "address_city", "address_postcode"):
        words.update(_words(values.get(column)))
    postcode = fold(values.get("address_postcode") or "").replace(" ", "")
    email = (values.get("email_key") or "").casefold()
    phone = re.sub(r"\D", "", values.get("phone_key") or values.get("phone") or "")
    words.update(_words(email), _words(extra), {postcode, email, phone, phone[-7:], phone[-10:]})
    return frozenset(word[:MAX_TERM] for word in words if word)


def term_rows(patron_id: str, number: int, values: Mapping[str, object]) -> list[dict[str, str]]:
    """The rows of `patron_term` for a patron with these column values, tags included."""
    texts = {name: value for name, value in values.items() if isinstance(value, str)}
    terms = terms_of(texts, number=number, extra=texts.get("preferred_name", ""))
    terms |= {f"tag:{fold(tag.strip())}" for tag in texts.get("tags", "").split(",") if tag.strip()}
    return [{"term": term[:MAX_TERM], "patron_id": patron_id} for term in sorted(terms)]


def query_words(query: str) -> tuple[str, ...]:
    """The words a typed query asks for, the longest first; empty when it asks for nothing.

    An address stays whole; a phone number typed in groups becomes its digits.
    """
    text = query.strip()
    if "@" in text and " " not in text:
        return (fold(text)[:MAX_TERM],)
    digits = re.sub(r"[\s().+-]", "", text)
    if digits.isdigit():
        return (digits[:MAX_TERM],)
    words = dict.fromkeys(_words(text))
    return tuple(sorted(words, key=len, reverse=True)[:MAX_QUERY_WORDS])


def prefix_end(prefix: str) -> str:
    """The smallest text that is greater than everything that begins with `prefix`."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def _words(text: str | None) -> list[str]:
    return [word[:MAX_TERM] for word in _WORD.findall(fold(text or ""))]
