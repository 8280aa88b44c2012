"""Free text that people typed or pasted: clean it, and see what should not stand in it. Pure.

Text is shown in mails, on pages and in exports, so what could deceive a reader is taken out:
control characters, text direction overrides, zero-width and other invisible characters, towers of
accents. Zero-width joiners stay between two non-ASCII characters (Persian, Indic scripts and emoji
need them), a variation selector stays after one (rare kanji in Japanese names, emoji).
Escaping is the renderer's work, not ours: `<b>` is legal text and stays `<b>`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from typing import ClassVar

from upstage_crm.core.errors import Invalid

HIDDEN = "•••"
REMARK_LIMIT = 500  # characters of a reason, a note or a comment in a person's own words
# Letters that Unicode does not take apart, as people write them who do not have them.
PLAIN_LETTERS = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "þ": "th",
    "ħ": "h", "ŧ": "t", "ŋ": "n", "ĸ": "k",
}  # fmt: skip
_SHORTEST_SECRET = 2  # characters; a one-letter name would blank out ordinary words
MARKS_IN_A_ROW = 4  # Vietnamese needs 2, pointed Hebrew 4; more is a tower over the lines above

_JOINERS = "\u200c\u200d"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
# Characters that Unicode calls letters or symbols and every font shows as nothing.
_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"
_LINE_BREAKS = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_SPACES = re.compile(rf"[^\S\n]+|[{_BLANKS}]+")
_STRAY_SELECTOR = re.compile(rf"(?<![^\x00-\x7f\s{_JOINERS}{_SELECTORS}])[{_SELECTORS}]")
_STRAY_JOINER = re.compile(
    rf"(?<![^\x00-\x7f\s{_JOINERS}])[{_JOINERS}]|[{_JOINERS}](?![^\x00-\x7f\s{_JOINERS}])"
)


class TextProblem(StrEnum):
    """Why a text is refused. Each value is the stable `code` of its InvalidText."""

    TOO_LONG = "text_too_long"
    LINE_BREAK = "text_line_break"
    CARD_NUMBER = "text_card_number"


class InvalidText(Invalid):
    """The text is refused. Facts of `text_too_long`: `limit`, `length` (characters)."""

    code = "text_invalid"
    codes: ClassVar[tuple[str, ...]] = tuple(problem.value for problem in TextProblem)

    def __init__(self, problem: TextProblem, **facts: object) -> None:
        self.code = problem.value
        self.problem = problem
        super().__init__(**facts)


def clean_line(text: str, max_length: int) -> str:
    """Return `text` as one NFC line of at most `max_length` characters, single spaces, trimmed.

    Cleaning a clean text changes nothing. The result may be empty.

    Raises:
        InvalidText: `text_line_break` (inside, not at the ends), `text_too_long`.
    """
    _ensure_workable(text, max_length)
    trimmed = text.strip()
    if _LINE_BREAKS.search(trimmed):
        raise InvalidText(TextProblem.LINE_BREAK)
    return _ensure_length(_clean(trimmed), max_length)


def clean_block(text: str, max_length: int) -> str:
    """Like `clean_line`, for several lines: breaks become newlines, blank lines never two in a row.

    Raises:
        InvalidText: `text_too_long`.
    """
    _ensure_workable(text, max_length)
    lines = (_clean(line) for line in _LINE_BREAKS.split(text))
    joined = re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
    return _ensure_length(joined.strip(), max_length)


def comparable(text: str) -> str:
    """Fold case, accents, punctuation and spacing away: `O’Brien-Núñez` → `o brien nunez`."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    bare = (character for character in folded if not unicodedata.combining(character))
    return " ".join("".join(c if c.isalnum() else " " for c in bare).split())


def is_invisible(character: str) -> bool:
    """Whether a character shows as nothing: zero-width, text direction, fillers, halves of pairs.

    Spaces and control characters are not counted; they have checks of their own.
    """
    return (
        unicodedata.category(character) in {"Cf", "Cs"}
        or character in _BLANKS
        or re.match(f"[{_SELECTORS}\u034f\u17b4\u17b5\u180b-\u180f]", character) is not None
    )


def _ensure_workable(text: str, max_length: int) -> None:
    # NFC takes quadratic time on long runs of accents: refuse before, not after.
    if len(text) > 4 * max_length + 100:
        raise InvalidText(TextProblem.TOO_LONG, limit=max_length, length=len(text))


def _ensure_length(text: str, max_length: int) -> str:
    if len(text) > max_length:
        raise InvalidText(TextProblem.TOO_LONG, limit=max_length, length=len(text))
    return text


def _clean(line: str) -> str:
    spaced = _SPACES.sub(" ", line)
    kept = "".join(character for character in spaced if _is_kept(character))
    kept = _STRAY_SELECTOR.sub("", unicodedata.normalize("NFC", kept))
    kept = _STRAY_JOINER.sub("", kept)
    return re.sub(" {2,}", " ", _without_towers(unicodedata.normalize("NFC", kept))).strip()


def _is_kept(character: str) -> bool:
    if character in _JOINERS or re.match(f"[{_SELECTORS}]", character):
        return True
    return unicodedata.category(character) != "Cc" and not is_invisible(character)


def _without_towers(text: str) -> str:
    kept: list[str] = []
    run = 0
    for character in text:
        run = run + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if run <= MARKS_IN_A_ROW:
            kept.append(character)
    return "".join(kept)


_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+")


def find_emails(text: str) -> tuple[str, ...]:
    """What looks like email addresses in a text, in order, as written. Not validated."""
    return tuple(match[0].strip(".'`") for match in _EMAIL.finditer(text))


def redacted(text: str, secrets: Iterable[str | None]) -> str:
    """Return `text` with every secret in it hidden, whatever its case; whole words only."""
    for secret in sorted(
        {s for s in secrets if s and len(s) >= _SHORTEST_SECRET}, key=len, reverse=True
    ):
        pattern = rf"(?<!\w){re.escape(secret)}(?!\w)"
        text = re.sub(pattern, HIDDEN, text, flags=re.IGNORECASE)
    return text


_CARD_LENGTHS = range(13, 20)
_DIGIT_GROUPS = re.compile(r"\d+(?:[ \u00a0.\-]\d+)*")


def find_card_numbers(text: str) -> tuple[str, ...]:
    """The payment card numbers in a text, digits only, each once.

    13 to 19 digits, alone or in groups, with a valid check digit (Luhn, ISO/IEC 7812-1) and a first
    digit that card networks use. A number with a `+` in front is a phone number.
    """
    found: dict[str, None] = {}
    for match in _DIGIT_GROUPS.finditer(text):
        if text[: match.start()].endswith("+"):
            continue
        groups = re.findall(r"\d+", match[0])
        for first in range(len(groups)):
            digits = ""
            for group in groups[first:]:
                digits += "".join(str(int(digit)) for digit in group)  # full-width ones as well
                if len(digits) > _CARD_LENGTHS[-1]:
                    break
                if _is_card_number(digits):
                    found[digits] = None
    return tuple(found)


def ensure_no_card_number(text: str) -> None:
    """Refuse a text with a payment card number in it: it would be mailed and kept.

    Raises:
        InvalidText: `text_card_number`; the number is not among its facts.
    """
    if find_card_numbers(text):
        raise InvalidText(TextProblem.CARD_NUMBER)


def _is_card_number(digits: str) -> bool:
    if len(digits) not in _CARD_LENGTHS or digits[0] not in "23456":
        return False
    numbers = [int(digit) for digit in reversed(digits)]
    doubled = (sum(divmod(2 * number, 10)) for number in numbers[1::2])
    return (sum(numbers[::2]) + sum(doubled)) % 10 == 0
