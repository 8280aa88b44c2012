"""Renders mails. The only module that imports `jinja2`.

A kind's three templates are flattened into three flat sources when first used: blocks and
includes are put in place, and the style sheet is inlined once. In each language what stands between
`[[` and `]]` is translated once, so that a mail costs only the filling of its values. Every value
is made inert on its way out, whatever template it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from upstage_crm.core import languages
from upstage_crm.mail.message import MailKind
from upstage_crm.mail.sanitize import (
    defang,
    one_line,
    paragraphs,
)

if TYPE_CHECKING:
    from jinja2 import Environment, Template

TEMPLATES = Path(__file__).parent / "templates"
_BLOCK = re.compile(r"\{% block (\w+) %\}(.*?)\{% endblock %\}", re.DOTALL)
_INCLUDE = re.compile(r"^[ \t]*\{% include \"([\w.]+)\" %\}[ \t]*\n", re.MULTILINE)
_TAG = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_VALUE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_SAID = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)
_SHOWN_VALUE = re.compile(
    r"(?:<(?:bdi|span)[^>]*>)?\{\{\s*([\w.]+)[^}]*\}\}(?:</(?:bdi|span)>)?", re.DOTALL
)
_HIDDEN = re.compile(r"<!--j(\d+)-->|j(\d+)j")
_KEPT_STYLE = re.compile(r"(<style>.*?</style>)(.*?)</head>", re.DOTALL)
_END_OF_PART = "<!--/said-->"
_SAID_PART = re.compile(r"<!--said-->(.*?)<!--/said-->", re.DOTALL)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
_GAP = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Rendered:
    """One mail in words: `subject` is one line."""

    subject: str
    html: str
    text: str

    def with_other(self, other: Rendered, language: str) -> Rendered:
        """The same mail that says all of it again in another language, under the first one."""
        found = _SAID_PART.search(other.html)
        assert found is not None, "the layout marks what a mail says"
        part = f'<div lang="{language}" dir="{languages.direction(language)}">{found[1]}</div>'
        return Rendered(
            subject=f"{self.subject} / {other.subject}",
            html=self.html.replace(_END_OF_PART, f"<hr>{part}{_END_OF_PART}", 1),
            text=f"{self.text}\n{'-' * 40}\n\n{other.text}",
        )


class Renderer:
    """Fills the templates. Thread-safe; one instance per process is enough."""

    def __init__(self) -> None:
        self._templates: Callable[[MailKind, str], tuple[Template, Template, Template]] = lru_cache(
            maxsize=None
        )(self._load)

    @cached_property
    def _page(self) -> Environment:
        return _environment(autoescape=True)

    @cached_property
    def _plain(self) -> Environment:
        return _environment(autoescape=False)

    def render(self, kind: MailKind, context: Mapping[str, object], *, language: str) -> Rendered:
        """Render `kind` in `language` with what the catalogue lists plus `lang`, `dir`, `links`.

        Raises:
            UndefinedError, TypeError: a value is missing or None where a text is needed.
        """
        subject_template, page, plain = self._templates(kind, language)
        subject = " ".join(subject_template.render(context).split())
        return Rendered(
            subject=subject,
            html=page.render(context, subject=subject),
            text=_GAP.sub("\n\n", plain.render(context)).strip() + "\n",
        )

    def warm(self) -> None:
        """Load every English template now rather than with the first mail of its kind."""
        for kind in MailKind:
            self._templates(kind, languages.SOURCE)

    def _load(self, kind: MailKind, language: str) -> tuple[Template, Template, Template]:
        say = languages.speaker(language)
        subject, page, plain = (_translated(source, say) for source in _flat(kind))
        return (
            self._plain.from_string(subject),
            self._page.from_string(page),
            self._plain.from_string(plain),
        )


@cache
def the_renderer() -> Renderer:
    """The process's one renderer: loading every template costs 0.1 s."""
    return Renderer()


def _environment(*, autoescape: bool) -> Environment:
    from jinja2 import Environment, StrictUndefined  # a server that sends nothing saves 2 MB

    environment = Environment(
        autoescape=autoescape,  # noqa: S701  # off for the text part alone, which is no HTML
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters: dict[str, Callable[..., object]] = {"defang": defang, "paragraphs": paragraphs}
    environment.filters.update(filters)  # pyright: ignore[reportUnknownMemberType]  # untyped
    return environment


def _shown(value: object) -> object:
    """Every value as it leaves a template: one line, nothing invisible, never the word None."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        return one_line(value)
    if value is None:
        raise TypeError("a mail template shows a value that is None")
    return value


@cache
def _flat(kind: MailKind) -> tuple[str, str, str]:
    """The sources of a kind: subject, page and plain text, still to be translated."""
    folder = TEMPLATES / kind.value
    return (
        (folder / "subject.txt").read_text("utf-8"),
        _inline(_flatten("_layout.html", folder / "body.html")),
        _flatten("_layout.txt", folder / "body.txt"),
    )


def _flatten(layout: str, body: Path) -> str:
    """Put the blocks of `body` into `layout`, and every included part into its place."""
    blocks = dict(_BLOCK.findall(body.read_text("utf-8")))

    def block(found: re.Match[str]) -> str:
        return str(blocks.get(found[1], found[2]))

    def include(found: re.Match[str]) -> str:
        return _INCLUDE.sub(include, (TEMPLATES / found[1]).read_text("utf-8"))

    return _INCLUDE.sub(include, _BLOCK.sub(block, (TEMPLATES / layout).read_text("utf-8")))


def sentences_of(source: str) -> list[str]:
    """What a template says between `[[` and `]]`, each value in it a `{placeholder}`."""
    return languages.all_sentences(_worded(found)[0] for found in _SAID.findall(source))


def _translated(source: str, say: languages.Say) -> str:
    """The template in another language; it costs nothing when a mail is rendered."""

    def translated(found: re.Match[str]) -> str:
        words, values = _worded(found[1])
        said = say(words)
        for name, value in values.items():
            said = said.replace(f"{{{name}}}", value)
        return said

    return _SAID.sub(translated, source)


def _worded(segment: str) -> tuple[str, dict[str, str]]:
    """A piece of a template as a translator reads it, and what stands behind its placeholders."""
    values: dict[str, str] = {}

    def named(found: re.Match[str]) -> str:
        name = found[1].replace(".", "_")
        values[name] = found[0]
        return f"{{{name}}}"

    return _SHOWN_VALUE.sub(named, segment), values


def _inline(source: str) -> str:
    """Write the style sheet into `style` attributes; media queries (dark mode) stay.

    The parser moves stray text out of tables, so Jinja's tags travel as comments, which may stand
    anywhere, and its values as plain words.
    """
    hidden: list[str] = []

    def hide(shape: str) -> Callable[[re.Match[str]], str]:
        def replace(found: re.Match[str]) -> str:
            hidden.append(found[0])
            return shape.format(len(hidden) - 1)

        return replace

    page = _VALUE.sub(hide("j{}j"), _TAG.sub(hide("<!--j{}-->"), source))
    import css_inline  # 5 MB that only the first mail of a kind needs

    inliner = css_inline.CSSInliner(
        inline_style_tags=True,
        keep_style_tags=False,
        keep_at_rules=True,
        load_remote_stylesheets=False,
    )
    page = _INDENT.sub("", inliner.inline(page))
    # The inliner puts what it keeps in front of the charset, which must come within 1,024 bytes.
    page = _KEPT_STYLE.sub(lambda found: f"{found[2]}{found[1]}\n</head>", page, count=1)
    return _HIDDEN.sub(lambda found: hidden[int(found[1] or found[2])], page)
