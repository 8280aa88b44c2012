"""A ticket and a receipt to draw, and what reads drawn codes back."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import zxingcpp
from PIL import Image, ImageDraw

from upstage_crm.orders.files.ticket_code import TicketKeys
from upstage_crm.orders.files.ticket_facts import SlipFacts, TicketFacts, VisitFacts

KEYS = TicketKeys([("k1", b"t" * 32)])
TICKET_ID = "019a1c00000070008000000000000a01"
PERFORMANCE_ID = "019a1c00000070008000000000000b02"
CODE = KEYS.draw(ticket_id=TICKET_ID, version=1, performance_id=PERFORMANCE_ID)

TICKET = TicketFacts(
    language="en",
    organisation="Lyric Theatre",
    event="Così fan tutte",
    when="Friday 4 December 2026, 19:30 (London time)",
    doors="Doors open at 18:45",
    venue="Lyric Theatre",
    address="12 Stage Door Lane\nLondon W6 0QL",
    hall="Main House",
    seat="Stalls, row F, seat 12",
    zone="Premium",
    price_type="Adult",
    price="£35.00",
    reference="K7-2FQ",
    code=CODE,
    notes=("Step-free entrance in Angel Court.", "Latecomers are seated in the interval."),
    issued_at=datetime(2026, 11, 9, 14, 5, tzinfo=UTC),
)
NEXT_SEAT = replace(
    TICKET,
    seat="Stalls, row F, seat 13",
    code=KEYS.draw(
        ticket_id="019a1c00000070008000000000000a02", version=3, performance_id=PERFORMANCE_ID
    ),
)
VISIT = VisitFacts(
    uid="019a1c.k72fq@lyric.example",
    sequence=0,
    title="Così fan tutte",
    place="Lyric Theatre, 12 Stage Door Lane, London",
    description="2 tickets; order K7-2FQ",
    url="",
    organiser="Lyric Theatre",
    organiser_address="boxoffice@lyric.example",
    starts_at=datetime(2026, 12, 4, 19, 30, tzinfo=ZoneInfo("Europe/London")),
    minutes=150,
    stamped_at=datetime(2026, 11, 9, 14, 5, tzinfo=UTC),
)
SLIP = SlipFacts(
    language="en",
    organisation="Lyric Theatre",
    address="12 Stage Door Lane\nLondon W6 0QL",
    reference="K7-2FQ",
    when="9 Nov 2026, 14:05",
    place="Till 1",
    by="Dana (box office)",
    lines=(("Così fan tutte, Stalls, row F, seat 12, Adult", "£35.00"), ("Fee", "£1.00")),
    total="£36.00",
    taxes=(("20 %", "£6.00"),),
    tenders=(("Cash", "£40.00"), ("Change", "−£4.00".replace("−", "-"))),
)


def codes_on(picture: Image.Image) -> list[str]:
    """The texts of every code that a reader finds in a picture."""
    return [found.text for found in zxingcpp.read_barcodes(picture)]


def pages_of(pdf: bytes) -> list[Image.Image]:
    """The black rectangles of each page of a PDF, drawn as a viewer draws them."""
    pages: list[Image.Image] = []
    for match in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            content = zlib.decompress(match[1]).decode("latin-1")
        except zlib.error:
            continue
        if " re f" in content:
            pages.append(_drawn(content))
    return pages


def _drawn(content: str) -> Image.Image:
    scale, height = 4.0, 842.0  # pixels of a point; points of A4
    page = Image.new("L", (int(595 * scale), int(height * scale)), 255)
    pen = ImageDraw.Draw(page)
    for found in re.finditer(r"(\S+) (\S+) (\S+) (\S+) re f", content):
        x, y, wide, high = (float(number) for number in found.groups())
        low, top = sorted((height - y, height - y - high))
        box = [round(edge * scale) for edge in (x, low, x + wide, top)]
        pen.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=0)
    return page
