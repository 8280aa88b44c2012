"""The languages that patrons read, and how an English message becomes one of theirs.

English is in the code and in the templates, where it is read; catalogs (`locales/*/patron.po`,
gettext's own form) hold the other languages, message by message. A message without a translation
stays English, and a test fails.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache, lru_cache, partial
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.core import negotiate_locale
from babel.messages.mofile import write_mo
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
# Programs that make links of web addresses would take a sign behind one along.
_ISOLATED_PLACEHOLDER = re.compile(r"\{\w+(?<!_page)\}")
# First strong isolate, pop directional isolate: what stands between keeps its own direction.
ISOLATES: Final = "\u2068\u2069"
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
    """What turns an English message, of one or more sentences, into `language`.

    Placeholders such as `{until}` stay, to be filled afterwards; in a language that reads from
    right to left each is isolated, so that an address or a telephone number in it stays readable.
    """
    if language == SOURCE or language not in LANGUAGES:
        return _as_it_is
    return partial(_said, language)


def isolate_placeholders(message: str, language: str) -> str:
    """`message` with each of its placeholders kept apart, where a language needs that."""
    if language not in RIGHT_TO_LEFT:
        return message
    return _ISOLATED_PLACEHOLDER.sub(lambda found: _ISOLATED.format(found[0]), message)


@cache
def translations(language: str) -> NullTranslations:
    """The messages and plurals of one language, read once; English is as it is in the code."""
    if language == SOURCE or language not in LANGUAGES:
        return NullTranslations()
    return read_catalog(LOCALES / language / "LC_MESSAGES" / "patron.po", language)


def read_catalog(path: Path, language: str) -> NullTranslations:
    """The messages of a `.po` file, with the plurals of its language.

    It is compiled while it is read (0.04 s), so no compiled file can be older than its words.
    """
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)


@lru_cache(maxsize=4096)  # the messages of the code, and no others
def _said(language: str, message: str) -> str:
    # The empty message is where a catalog keeps what it says about itself.
    said = translations(language).gettext(message) if message else ""
    return isolate_placeholders(said, language)


def _as_it_is(text: str) -> str:
    return text
