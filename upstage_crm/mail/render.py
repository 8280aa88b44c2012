"""Renders mails from the templates beside it, in one language or in several.

A kind has a folder of four templates: `subject.txt`, `preheader.html` (the line that a mailbox
shows beside the subject), `body.txt` and `body.html`. The bodies of all languages go into one
`_document.html`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from upstage_crm.core import languages
from upstage_crm.core.templates import Templates
from upstage_crm.mail import style
from upstage_crm.mail.message import MailKind
from upstage_crm.mail.sanitize import (
    defang,
    one_line,
    paragraphs,
)

TEMPLATES: Final = Path(__file__).parent / "templates"
_GAP = re.compile(r"\n{3,}")
_BETWEEN_LANGUAGES: Final = f"\n{'-' * 40}\n\n"


@dataclass(frozen=True, slots=True)
class Rendered:
    """One mail in words: `subject` is one line."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Version:
    """What a mail says in one language: the values of its templates."""

    language: str
    values: Mapping[str, object]


class Renderer:
    """Fills the templates of mails. Thread-safe; one instance per process is enough."""

    def __init__(self) -> None:
        self._templates = Templates(
            TEMPLATES,
            clean=one_line,
            filters={"defang": defang, "paragraphs": paragraphs},
        )

    def render(self, kind: MailKind, versions: Sequence[Version]) -> Rendered:
        """Render `kind` in each language, one below the other, with what the catalogue lists.

        Raises:
            UndefinedError, TypeError: a value is missing or None where a text is needed.
        """
        first = versions[0]
        subject = " / ".join(self._subject(kind, version) for version in versions)
        bodies = [
            (
                version.language,
                languages.direction(version.language),
                self._fill(f"{kind}/body.html", version),
            )
            for version in versions
        ]
        preheader = self.preheader(kind, first)
        document = self._fill(
            "_document.html", first, subject=subject, preheader=preheader, bodies=bodies
        )
        return Rendered(
            subject=subject,
            html=style.inlined(document),
            text=_BETWEEN_LANGUAGES.join(self._text(kind, version) for version in versions),
        )

    def blank(self, subject: str, text: str) -> Rendered:
        """A mail that says no more than what became of its content, for the people who keep it."""
        values = {"subject": subject, "text": text}
        html = self._templates.render("_blank.html", lang=languages.SOURCE, **values)
        return Rendered(subject=subject, html=html, text=f"{text}\n")

    def preheader(self, kind: MailKind, version: Version) -> str:
        """The line that a mailbox shows beside the subject, as HTML."""
        return self._fill(f"{kind}/preheader.html", version).strip()

    def _fill(self, name: str, version: Version, **more: object) -> str:
        return self._templates.render(name, lang=version.language, **version.values, **more)

    def _subject(self, kind: MailKind, version: Version) -> str:
        return " ".join(self._fill(f"{kind}/subject.txt", version).split())

    def _text(self, kind: MailKind, version: Version) -> str:
        return _GAP.sub("\n\n", self._fill(f"{kind}/body.txt", version)).strip() + "\n"


@cache
def the_renderer() -> Renderer:
    """The process's one renderer, so that each template is compiled once."""
    return Renderer()
