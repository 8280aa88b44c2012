"""Makes text that people typed harmless in a mail: no invisible character, no live link.

A filter never changes what a mail client copies from an address or a value; only free text and
names, where a link has no business, are visibly defanged.
"""

from __future__ import annotations

import re

# C0, C1, line and paragraph separators; then what is invisible or turns the reading direction.
# U+200C and U+200D stay: several scripts and emoji need them.
_BREAK = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
    "|[\U000e0000-\U000e007f]"
)
_DIRTY = re.compile(f"{_BREAK.pattern}|{_INVISIBLE.pattern}")
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_HOST = re.compile(
    r"(?<![\w-])[\w-]+(?:[.\u3002\uff0e\uff61][\w-]+)*[.\u3002\uff0e\uff61](?=[^\W\d_]{2})[\w-]+"
)
_SCHEME = re.compile(
    r"(?<!\w)(?:([a-z][a-z0-9+.-]{1,15}):(?=//)|(javascript|vbscript|data|mailto|tel|sms|file):)",
    re.IGNORECASE,
)
_LINES = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")


def one_line(text: str) -> str:
    """`text` on one line: breaks and control characters become one blank, invisible ones go."""
    # Most values are plain: asking costs a fraction of the search.
    if (text.isascii() and text.isprintable()) or not _DIRTY.search(text):
        return text
    return _BREAK.sub(" ", _INVISIBLE.sub("", text)).strip()


def paragraphs(text: str) -> list[str]:
    """The lines of `text` that say something, each on one line."""
    return [line for part in _LINES.split(text) if (line := one_line(part))]


def defang(text: str) -> str:
    """Free text in which no mail client finds a link: `https[:]//shop[.]example/pay`."""
    if ":" not in text and not _DOTS.search(text):
        return text
    return _HOST.sub(_defang_host, _SCHEME.sub(r"\1\2[:]", text))


def _defang_host(found: re.Match[str]) -> str:
    return _DOTS.sub("[.]", found[0])
