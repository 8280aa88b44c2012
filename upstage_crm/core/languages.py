"""The languages that patrons read, and how an English sentence becomes one of theirs.

English stands in the code and in the templates, where it is read; catalogs (`locales/*/patron.po`,
gettext's own form) hold the other languages, sentence by sentence. A sentence without a
translation stays English, and a test fails.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Final

from babel.core import negotiate_locale
from babel.messages.pofile import read_po

SOURCE: Final = "en"
LANGUAGES: Mapping[str, str] = {
    "en": "English",
    "es": "Español",
    "fr": "Français",
    "de": "Deutsch",
    "ar": "العربية",
}
"""Every language by its own name."""
RIGHT_TO_LEFT: Final = frozenset({"ar", "fa", "he", "ur"})
LOCALES: Final = Path(__file__).resolve().parents[1] / "locales"
# A sentence ends where a blank and a capital, a value or a bracket follow.
_SENTENCES = re.compile(r"(?<=[.?!])\s+(?=[A-Z{])")
# Programs that make links of web addresses would take a sign behind one along.
_ISOLATED_PLACEHOLDER = re.compile(r"\{\w+(?<!_page)\}")
# First strong isolate, pop directional isolate: what stands between keeps its own direction.
_ISOLATED = "\u2068{}\u2069"

Say = Callable[[str], str]


def choose(*wished: str) -> str:
    """The first of the wished languages that we have; English when we have none."""
    for language in wished:
        code = language.partition("-")[0].lower()
        if code in LANGUAGES:
            return code
    return SOURCE


def negotiate(accepted: str, default: str) -> str:
    """The language for a browser that sends `accepted` as Accept-Language."""
    wished = [part.partition(";")[0].strip().partition("-")[0] for part in accepted.split(",")[:10]]
    found = negotiate_locale([code for code in wished if code.isalpha()], list(LANGUAGES))
    return found or choose(default)


def direction(language: str) -> str:
    """`rtl` or `ltr`, as HTML wants it."""
    return "rtl" if language.partition("-")[0] in RIGHT_TO_LEFT else "ltr"


def colon(language: str) -> str:
    """The colon as a language writes it: French puts a blank in front that never breaks."""
    return "\u00a0:" if language == "fr" else ":"


def isolated(value: str, language: str) -> str:
    """A value for a line in `language`: kept apart where either of the two reads from the right.

    A name in another script would otherwise turn round the words beside it.
    """
    is_foreign = any(unicodedata.bidirectional(sign) in ("R", "AL") for sign in value)
    return _ISOLATED.format(value) if is_foreign or direction(language) == "rtl" else value


def speaker(language: str) -> Say:
    """What turns an English text, of one or more sentences, into `language`.

    Placeholders such as `{until}` stay, to be filled afterwards; in a language that reads from
    right to left each is isolated, so that an address or a telephone number in it stays readable.
    """
    if language == SOURCE or language not in LANGUAGES:
        return _as_it_is
    return partial(_said, language)


def sentences(text: str) -> list[str]:
    """The sentences of a text: what the catalogs hold."""
    return _SENTENCES.split(text)


def all_sentences(texts: Iterable[str]) -> list[str]:
    """Every sentence of many texts once, in the order in which they come."""
    return list(dict.fromkeys(part for text in texts for part in sentences(text) if part.strip()))


@cache
def catalog(language: str) -> Mapping[str, str]:
    """The translations of one language by their English sentence; read once."""
    with (LOCALES / language / "LC_MESSAGES" / "patron.po").open("rb") as file:
        read = read_po(file, locale=language)
    return {
        str(message.id): str(message.string)
        for message in read
        if message.id and message.string and not message.fuzzy
    }


@lru_cache(maxsize=4096)  # the sentences of the code, and no others
def _said(language: str, text: str) -> str:
    known = catalog(language)
    said = " ".join(known.get(part, part) for part in sentences(text))
    if language not in RIGHT_TO_LEFT:
        return said
    return _ISOLATED_PLACEHOLDER.sub(lambda found: _ISOLATED.format(found[0]), said)


def _as_it_is(text: str) -> str:
    return text
