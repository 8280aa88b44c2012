"""The page where nothing is, which says what is on instead."""

from __future__ import annotations

from upstage_crm.portal.addresses import WHATS_ON
from upstage_crm.portal.answers import Document, document
from upstage_crm.portal.listings.offer_words import EventWords
from upstage_crm.portal.listings.public_programme import Programme
from upstage_crm.portal.portal_page import Head, page
from upstage_crm.portal.readers import Reader
from upstage_crm.programme.event_texts import in_language
from upstage_crm.programme.views import EventView

MOST_SHOWN = 3


def missing(reader: Reader, programme: Programme, earlier: EventView | None = None) -> Document:
    """What a visitor sees where an address leads to nothing, or to what was on before."""
    coming = [
        EventWords(programme, event, programme.offers(event, is_listed=True), reader)
        for event in programme.events[:MOST_SHOWN]
    ]
    title = ""
    if earlier is not None:
        title = in_language(earlier.texts, earlier.translated, reader.language)["title"]
    head = Head(title=programme.organisation.name, path=WHATS_ON, is_public=False)
    shown = page("missing.html", reader, programme.organisation, head, events=coming, earlier=title)
    return document(shown, status=404)
