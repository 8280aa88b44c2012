"""Collects every message that patrons read, and brings the catalogs up to it.

`python -m tests.support.messages` (`make messages`) writes `patron.pot` and every `patron.po`:
what is new is added without a translation, which a test then asks for; what is gone goes.
"""

from __future__ import annotations

import dataclasses
import io
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from upstage_crm.change_requests.model import reasons
from upstage_crm.change_requests.notifications import context, mail_wording
from upstage_crm.confirm import closed_copy, fixed_copy, open_copy, page_words
from upstage_crm.confirm.tickets import choice_copy, offer_copy, seat_copy
from upstage_crm.core import languages
from upstage_crm.mail.render import TEMPLATES
from upstage_crm.orders.files import ticket_words
from upstage_crm.orders.transfers import seat_reasons
from upstage_crm.pages import busy
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.portal import portal_page, portal_words, refusals
from upstage_crm.receipts import words as receipt_words
from upstage_crm.staff import names
from upstage_crm.wording import failures, sentences

PATRON_ERRORS = (
    "text_too_long",
    "text_invalid",
    "text_card_number",
    "date_not_possible",
    "transfer_waits",
)
"""Refusals that a patron can meet: only a comment is typed on their pages, and a date chosen."""
PORTAL = portal_page.FOLDER
GETTEXT = ("_", "ngettext")
_PLACEHOLDER = re.compile(r"\{\w+\}")
_LETTER = re.compile(r"[^\W\d_]")
_CODE = re.compile(r"[a-z_]+")  # names that programs use stand among the constants, too
_NO_NEWS = ("POT-Creation", "PO-Revision", "Generated-By", "Last-Translator", "Report-Msgid")


def texts() -> Iterator[str]:
    """Every English text for patrons, in the order of the code."""
    for template in sorted((*TEMPLATES.rglob("*.*"), *PORTAL.rglob("*.html"))):
        yield from of_template(template)
    yield mail_wording.DEAR
    yield from names.DESKS
    yield names.PATRON_WORDS
    for entry in FIELDS.values():
        yield from (entry.label, entry.about)
        yield from (part.label for part in entry.parts)
    yield from (
        reason.sentence for reason in (*reasons.REASONS.values(), *reasons.METHODS.values())
    )
    yield from seat_reasons.SEAT_REASONS.values()
    yield from context.OUTCOME_WORDS.values()
    yield from sentences.OUTCOME_WORDS.values()
    yield from (sentences.SENTENCES[code] for code in PATRON_ERRORS)
    for module in (
        *(fixed_copy, open_copy, closed_copy, page_words, choice_copy, offer_copy),
        seat_copy,
        *(receipt_words, ticket_words),
        *(failures, busy),
    ):
        yield from of_module(module)
    for module in (portal_words, refusals):
        yield from of_module(module)


@cache
def wanted() -> tuple[str, ...]:
    """Every message once."""
    found = dict.fromkeys(texts())
    return tuple(text for text in found if _LETTER.search(_PLACEHOLDER.sub("", text)))


def catalog_file(language: str) -> Path:
    """Where a language's catalog stands."""
    return languages.LOCALES / language / "LC_MESSAGES" / "patron.po"


def read(path: Path, language: str | None = None) -> Catalog:
    """A catalog as it is committed."""
    with path.open("rb") as file:
        return read_po(file, locale=language)


def template() -> Catalog:
    """The catalog that every language fills."""
    made = Catalog(project="UpStage CRM", fuzzy=False)
    for text in wanted():
        made.add(text)
    return made


def main() -> None:
    """Write the template, and bring every catalog up to it."""
    pot = template()
    _write(languages.LOCALES / "patron.pot", pot)
    for language in languages.LANGUAGES:
        if language != languages.SOURCE:
            path = catalog_file(language)
            kept = read(path, language) if path.exists() else Catalog(locale=language)
            made = Catalog(locale=language, project="UpStage CRM", fuzzy=False)
            for message in pot:
                if message.id:
                    known = kept.get(message.id)
                    made.add(message.id, known.string if known else "")
            _write(path, made)


def of_template(path: Path) -> Iterator[str]:
    """Every message of a template, found by Jinja's own extractor for Babel."""
    with path.open("rb") as file:
        for _line, function, found, _comments in babel_extract(file, GETTEXT, (), {}):
            assert function == "_", "no message for patrons counts yet: gather both of its forms"
            message = found[0] if isinstance(found, tuple) else found  # then come the values
            assert message, f"{path} says something that is no constant"
            yield message


def of_module(module: ModuleType) -> Iterator[str]:
    """Every text among a module's constants, however deep."""
    for name, value in vars(module).items():
        if name.lstrip("_").isupper() and name != "LOADING_TITLE":  # that one is in every language
            yield from (text for text in _of_value(value) if not _CODE.fullmatch(text))


def _of_value(value: object) -> Iterator[str]:
    if type(value) is str:
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _of_value(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from _of_value(inner)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            if field.name not in ("tone", "icon"):
                yield from _of_value(getattr(value, field.name))


def _write(path: Path, made: Catalog) -> None:
    buffer = io.BytesIO()
    write_po(buffer, made, width=100, omit_header=False, sort_output=False)
    # No date and no name of a tool: the file changes only when a word does.
    lines = buffer.getvalue().decode().splitlines()
    skipped = tuple(f'"{name}' for name in _NO_NEWS)
    kept = [line for line in lines if not line.startswith((*skipped, "#"))]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(kept).strip() + "\n", "utf-8")


if __name__ == "__main__":
    main()
