"""Fills a page of the portal: its head, the organisation's name, the menu and the languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from upstage_crm.core.languages import LANGUAGES, direction, speaker
from upstage_crm.core.templates import Templates
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.portal import portal_files
from upstage_crm.portal.addresses import BASKET, FEED, LANGUAGE, WHATS_ON, with_query
from upstage_crm.portal.portal_menu import MENU
from upstage_crm.portal.readers import Reader
from upstage_crm.wiring import runtime

FOLDER: Final = Path(__file__).parent / "templates"
TEMPLATES: Final = Templates(FOLDER)


def _nothing() -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What a page says of itself. `path` is its address; `query` is kept in links to itself.

    A page that is not `is_public` is nothing for search machines, and not for other languages.
    """

    title: str
    path: str
    query: Mapping[str, str] = field(default_factory=_nothing)
    about: str = ""
    image: str = ""
    data: object = None
    is_public: bool = True
    scripts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Link:
    words: str
    href: str
    is_here: bool = False
    language: str = ""
    dir: str = ""


def page(
    template: str, reader: Reader, organisation: OrganisationDetails, head: Head, **values: object
) -> str:
    """The whole page in the reader's language."""
    base, say = runtime().settings.base_url, speaker(reader.language)
    return TEMPLATES.render(
        template,
        lang=reader.language,
        reader=reader,
        head=head,
        base=base,
        organisation=organisation,
        phone_href="tel:" + "".join(c for c in organisation.desk_phone if c.isdigit() or c == "+"),
        canonical=base + with_query(head.path, {**head.query, LANGUAGE: reader.chosen}),
        home=reader.href(WHATS_ON),
        basket_href=reader.href(BASKET),
        feed=reader.href(FEED),
        menu=[
            _Link(say(entry.words), reader.href(entry.path), entry.path == head.path)
            for entry in MENU
        ],
        languages=[
            _Link(
                words,
                with_query(head.path, {**head.query, LANGUAGE: code}),
                code == reader.language,
                code,
                direction(code),
            )
            for code, words in LANGUAGES.items()
        ],
        sheet=portal_files.href(portal_files.SHEET),
        scripts=[portal_files.href(name) for name in ("portal.mjs", *head.scripts)],
        **values,
    )
