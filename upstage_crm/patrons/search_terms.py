"""Search words: how a patron is found by the start of any word, on every database alike. Pure.

A patron has one row per word in `patron_term`, and each word names the field that it comes from
(`name:okafor`). A query finds patrons that have, for each of its words, a term that begins with it.
Accents and case do not matter, nor how a phone number or an address was typed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

import phonenumbers

from upstage_crm.core.text import PLAIN_LETTERS, find_emails

MAX_TERM = 100
MAX_QUERY_WORDS = 6
NUMBER, FREE = "number", "free"
"""What terms come from besides the fields: the patron's number, free columns."""

_APOSTROPHES = str.maketrans("", "", "'’‘ʼ`´")
# Accents on Latin, Greek and Cyrillic letters, Hebrew points, Arabic vowels. Marks of every other
# script (Japanese, Devanagari, Thai) make another letter, and stay.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed]"
)
_OWN_LETTERS = {"и\u0306", "у\u0306", "і\u0308"}  # й, ў, ї: letters, though made of two signs
_PASTED = re.compile(r"^(?:mailto|tel|sip):", re.IGNORECASE)
_NUMBERED = re.compile(r"^(?:patron|number|no\.?|nr\.?|#)\s*#?\s*(?=\d+$)", re.IGNORECASE)
_ABROAD = re.compile(r"^(?:\+|00)\s*")
_TRUNK_ZERO = re.compile(r"\(\s*0\s*\)")
_PHONE_SIGNS = re.compile(r"[\s().+/\-\u2010-\u2015]")
_PLAIN_WORD = re.compile(r"[a-z0-9]+")
_NORTH_AMERICAN = re.compile(r"\+1\d{10}")
_SHORTEST_ABROAD = 7  # digits behind 00: fewer may be the end of a number


def fold(text: str) -> str:
    """Return `text` without case and accents, as terms are stored: `Łukasz` is `lukasz`."""
    if text.isascii():
        return text.casefold()
    apart = unicodedata.normalize("NFKD", text.casefold())
    kept: list[str] = []
    for sign in apart:
        if _ACCENTS.match(sign) and (not kept or kept[-1] + sign not in _OWN_LETTERS):
            continue
        kept.append(PLAIN_LETTERS.get(sign, sign))
    return unicodedata.normalize("NFC", "".join(kept))


def plain_query(query: str) -> str:
    """A query without what came along when it was copied: `mailto:`, a name around an address.

    `patron 11740` is a number, `+44 (0)20` a country and an area.
    """
    text = _PASTED.sub("", query.strip())
    if "@" in text:
        found = find_emails(text)
        return found[0] if found else text
    text = _NUMBERED.sub("", text)
    return _TRUNK_ZERO.sub("", text) if _ABROAD.match(text) else text


def terms_of(
    values: Mapping[str, str | None],
    *,
    number: int,
    emails: Iterable[str] = (),
    phones: Iterable[str] = (),
) -> frozenset[str]:
    """The words by which a patron is found, each with its field.

    `values` are the columns of the record. `emails` (keys) and `phones` (with their country) are
    those that the patron has besides: a second one, an earlier one.
    """
    given, family = values.get("given_name") or "", values.get("family_name") or ""
    postcode = values.get("address_postcode") or ""
    mailboxes = (values.get("email_key"), *emails)
    numbers = (values.get("phone_key") or values.get("phone"), *phones)
    return (
        frozenset({number_term(number)})
        | _named(FREE, _words(values.get("preferred_name")))
        | _named("name", [*_words(given), *_words(family), *_joined(given), *_joined(family)])
        | _named("address", [*_words(values.get("address_city")), *_words(postcode)])
        | _named("address", [fold(postcode).replace(" ", "")])
        | _named("email", (word for one in mailboxes if one for word in _email_words(one)))
        | _named("phone", (word for one in numbers if one for word in _phone_words(one)))
    )


def number_term(number: int) -> str:
    """The term of a patron's number."""
    return _term(NUMBER, str(number))


def query_words(query: str) -> tuple[str, ...]:
    """The words a typed query asks for, the longest first; empty when it asks for nothing.

    An address stays whole; a phone number typed in groups becomes its digits.
    """
    text = plain_query(query)
    if "@" in text and " " not in text:
        return (fold(text)[:MAX_TERM],)
    digits = _PHONE_SIGNS.sub("", text)
    if digits.isdecimal():
        plain = str(int(f"1{digits}"))[1:]  # digits of any script as ours, zeros in front kept
        is_abroad = plain.startswith("00") and len(plain) - 2 >= _SHORTEST_ABROAD
        return (plain[2 if is_abroad else 0 :][:MAX_TERM],)
    words = dict.fromkeys(_words(text))
    return tuple(sorted(words, key=len, reverse=True)[:MAX_QUERY_WORDS])


def prefix_end(prefix: str) -> str:
    """The smallest text that is greater than everything that begins with `prefix`."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


def _named(source: str, words: Iterable[str]) -> frozenset[str]:
    return frozenset(_term(source, word) for word in words if word)


def _term(source: str, word: str) -> str:
    return f"{source}:{word}"[:MAX_TERM]


def _words(text: str | None) -> list[str]:
    """The folded words of a text; a mark that belongs to its letter does not end a word."""
    folded = fold(text or "")
    if folded.isascii():
        return _PLAIN_WORD.findall(folded)
    apart = (c if c.isalnum() or unicodedata.category(c).startswith("M") else " " for c in folded)
    return "".join(apart).split()


def _joined(name: str) -> list[str]:
    """The words of a name as people write it without its apostrophe: `obrien`."""
    bare = name.translate(_APOSTROPHES)
    return _words(bare) if bare != name else []


def _email_words(key: str) -> list[str]:
    """An address as a whole, and its parts."""
    whole = key.casefold()
    return [whole, *_words(whole)]


def _phone_words(e164: str) -> list[str]:
    """A number with its country, as its country writes it, and without the zero in front."""
    digits = re.sub(r"\D", "", e164)
    if _NORTH_AMERICAN.fullmatch(e164):  # written there as it is, and without the country's 1
        return [digits, digits[1:], digits[-7:]]
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return [digits, digits[-7:], digits[-10:]]
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    significant = phonenumbers.national_significant_number(number)
    return [digits, re.sub(r"\D", "", written), significant, digits[-7:], digits[-10:]]
