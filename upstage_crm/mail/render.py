"""Renders mails from the templates beside it, in one language or in several.

A kind has a folder of four templates: `subject.txt`, `preheader.html` (the line that a mailbox
shows beside the subject), `body.txt` and `body.html`. The bodies of all languages go into one
`_document.html`. The style sheet is written into `style` attributes, where every mail program reads
it; what a program has to choose, dark colours for one, stays in the document's own `<style>`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from upstage_crm.core import languages
from upstage_crm.core.templates import Templates
from upstage_crm.mail.message import MailKind
from upstage_crm.mail.sanitize import (
    defang,
    one_line,
    paragraphs,
)

if TYPE_CHECKING:
    from css_inline import CSSInliner

TEMPLATES: Final = Path(__file__).parent / "templates"
SHEET: Final = TEMPLATES / "_style.css"
_GAP = re.compile(r"\n{3,}")
# In our own templates a value never holds "<" or ">": both are escaped.
_TAG = re.compile(r'<([a-z][a-z0-9]*)\b(?:[^<>]*? class="([^"]*)")?')
_STYLE = re.compile(r' style="[^"]*"')
# A parser drops a cell without its table.
_AROUND = {"tbody": "<table>", "tr": "<table><tbody>", "td": "<table><tbody><tr>"}
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
            html=_TAG.sub(lambda found: found[0] + _style_of(found[1], found[2] or ""), document),
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


@cache
def _style_of(tag: str, classes: str) -> str:
    """The `style` attribute of an element, with the space before it; "" for none.

    The sheet knows elements and classes, and no place inside another element. So an element's
    style depends on its name and classes alone and is worked out once: for a whole mail this
    takes a fifth of the time.
    """
    around = _AROUND.get(tag, "")
    html = _inliner().inline(f'{around}<{tag} class="{classes}">')
    _before, _, element = html.rpartition(f'<{tag} class="')
    found = _STYLE.search(element.partition(">")[0])
    return found[0] if found else ""


@cache
def _inliner() -> CSSInliner:
    import css_inline  # 5 MB that only the first mail needs

    return css_inline.CSSInliner(
        extra_css=SHEET.read_text("utf-8"), keep_style_tags=True, load_remote_stylesheets=False
    )
