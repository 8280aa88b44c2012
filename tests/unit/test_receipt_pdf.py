"""A receipt's PDF is one page with its fonts inside, and the same bytes for the same receipt."""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import replace

import pytest

from tests.support.receipts import (
    ADDRESS,
    DECIDED,
    EMAIL,
    KEY,
    LANTERN,
    NAME,
    NEW,
    NOW,
    OLD,
    of_email,
    shown,
)
from upstage_crm.receipts.facts import Decided
from upstage_crm.receipts.paper import FONTS
from upstage_crm.receipts.pdf import render
from upstage_crm.receipts.verifying import verify
from upstage_crm.receipts.visibility import Reader, SeenReceipt
from upstage_crm.receipts.words import words

ARABIC = replace(
    DECIDED,
    language="ar",
    organisation=replace(LANTERN, name="مسرح الفانوس"),
    fields=(EMAIL, replace(NAME, proposed={"given_name": "مارا", "family_name": "الأندلسي"})),
)
HEBREW = replace(
    DECIDED, fields=(replace(NAME, proposed={"given_name": "מרה", "family_name": "סמית"}),)
)
CJK = replace(
    DECIDED, fields=(replace(NAME, proposed={"given_name": "真理", "family_name": "鈴木"}),)
)


def streams(pdf: bytes) -> list[bytes]:
    """Every stream of the file, unpacked where it was packed."""
    found: list[bytes] = []
    for match in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL):
        try:
            found.append(zlib.decompress(match[1]))
        except zlib.error:
            found.append(match[1])
    return found


def drawn(receipt: SeenReceipt) -> list[bytes]:
    """What is put on the page: the streams that show text."""
    return [text for text in streams(render(receipt)) if b" Tf" in text]


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def longest(decided: Decided) -> Decided:
    """Every value as long as a record allows."""
    line, place = "Straße des Siebzehnten Juni " * 4, "Llanfairpwllgwyngyllgogerychwyrndrobwll"
    address = {
        "address_line1": line,
        "address_line2": line,
        "address_city": place * 2,
        "address_region": place,
        "address_postcode": "X" * 16,
        "address_country": "GB",
    }
    email = {"email": f"{'m' * 64}@{'very-long-label.' * 10}example.org"}
    name = {"given_name": place * 2, "family_name": place * 2}
    return replace(
        decided,
        fields=(
            replace(EMAIL, current=email, proposed=email),
            decided.fields[1],
            replace(NAME, current=name, proposed=name),
            replace(ADDRESS, current=address, proposed=address),
            decided.fields[4],
        ),
    )


@pytest.mark.parametrize(
    "decided",
    [
        DECIDED,
        of_email(),
        ARABIC,
        HEBREW,
        CJK,
        longest(DECIDED),
        replace(longest(DECIDED), language="ar"),
        *(replace(DECIDED, language=language) for language in ("es", "fr", "de")),
    ],
    ids=["five", "one", "ar", "he", "ja", "longest", "longest-ar", "es", "fr", "de"],
)
@pytest.mark.parametrize("reader", [Reader.STAFF, Reader.CURRENT])
def test_it_is_one_page_with_its_fonts_inside(decided: Decided, reader: Reader) -> None:
    pdf = render(shown(decided, reader))

    assert pdf.startswith(b"%PDF-")
    assert pages(pdf) == 1
    assert len(re.findall(rb"/Type\s*/FontDescriptor", pdf)) == len(
        re.findall(rb"/FontFile2 ", pdf)
    )
    assert b"/FontFile2 " in pdf
    assert b"/Subtype /Type1" not in pdf  # a font that the reader would have to have
    assert len(pdf) < 120_000


def test_whom_to_call_is_whom_the_house_answers_today() -> None:
    """The signed receipt inside keeps the number of its day; the page has today's."""
    moved = replace(shown(), desk_phone="+1 212 555 0155")

    said = words(moved).contact

    assert "+1 212 555 0155" in said
    assert LANTERN.desk_phone not in said
    signed = [text for text in streams(render(moved)) if text.lstrip().startswith(b"{")]
    assert signed
    assert not any(b"555 0155" in text for text in signed)
    assert drawn(moved) != drawn(shown())


def test_the_same_receipt_is_the_same_file() -> None:
    first = render(shown(ARABIC))

    assert first == render(shown(ARABIC))
    assert first != render(shown(replace(ARABIC, reference="K7-2FR")))
    assert f"D:{NOW:%Y%m%d%H%M%S}".encode() in first


@pytest.mark.parametrize(("decided", "font"), [(ARABIC, b"NotoSansArabic"), (HEBREW, b"Hebrew")])
def test_a_script_brings_its_font_and_others_do_not(decided: Decided, font: bytes) -> None:
    assert font in render(shown(decided))
    assert font not in render(shown(DECIDED))


def test_it_carries_the_receipt_that_can_be_checked() -> None:
    (attached,) = (
        text for text in streams(render(shown())) if text.lstrip().startswith(b'{\n  "header"')
    )

    assert verify(json.loads(attached), KEY.public_key)


def test_what_a_reader_may_not_see_is_nowhere_in_the_file() -> None:
    for reader, hidden in ((Reader.PROPOSED, OLD), (Reader.CURRENT, NEW)):
        pdf = render(shown(of_email(reviewer=reader.value), reader))
        assert not any(hidden.encode() in text for text in (pdf, *streams(pdf)))


def test_erased_values_still_give_a_page() -> None:
    assert pages(render(shown(erased=True))) == 1


def test_the_fonts_stand_beside_their_licences() -> None:
    fonts = sorted(FONTS.glob("*.ttf"))
    licences = (FONTS / "LICENCES.txt").read_text("utf-8")

    assert sum(font.stat().st_size for font in fonts) < 1_500_000
    for font in fonts:
        assert font.name.partition("-")[0].removesuffix(".ttf") in licences
    assert "SIL OPEN FONT LICENSE Version 1.1" in licences
