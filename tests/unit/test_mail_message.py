"""What may stand in a header, and the canonical bytes of a message."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from upstage_crm.mail.attachments import (
    Drawing,
    FileInvalid,
    FileNotDrawn,
    MailFile,
    draws_nothing,
)
from upstage_crm.mail.delivery import backoff
from upstage_crm.mail.message import AddressInvalid, HeaderInvalid, MailMessage, with_files
from upstage_crm.mail.sanitize import (
    defang,
    one_line,
    paragraphs,
)

MESSAGE = MailMessage(
    from_="Lyric Theatre <hello@lyric.example>",
    to="ada@lovelace.example",
    subject="Is this your address?",
    html="<p>Grüße</p>",
    text="Grüße\n",
    reply_to="boxoffice@lyric.example",
    headers={"X-Entity-Ref-ID": "1", "Auto-Submitted": "auto-generated"},
    tags={"outbox_id": "1", "kind": "decision_request"},
)
BREAKS = ["\r\nBcc: all@list.example", "\n", "\r", "\x00", "\x7f", "\x85", "\u2028"]


@pytest.mark.parametrize("evil", BREAKS)
def test_no_header_value_can_start_another_header(evil: str) -> None:
    with pytest.raises(HeaderInvalid):
        replace(MESSAGE, subject=f"Hello{evil}")
    with pytest.raises(HeaderInvalid):
        replace(MESSAGE, from_=f"Lyric{evil} <hello@lyric.example>")
    with pytest.raises(HeaderInvalid):
        replace(MESSAGE, headers={"X-Entity-Ref-ID": f"1{evil}"})
    with pytest.raises(HeaderInvalid):
        replace(MESSAGE, tags={"outbox_id": f"1{evil}"})
    with pytest.raises(AddressInvalid):
        replace(MESSAGE, to=f"ada@lovelace.example{evil}")
    with pytest.raises(AddressInvalid):
        replace(MESSAGE, reply_to=f"box@lyric.example{evil}")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "ada@",
        "a@b.example,c@d.example",
        "a@b.example;c@d.example",
        "a@b.example c@d.example",
        "Ada <a@b.example>",
        "<a@b.example>",
        "a@b@c.example",
        "josé@b.example",
        "a@bücher.example",
        "=?utf-8?q?a?=@b.example ",
    ],
)
def test_recipient_is_one_bare_address(address: str) -> None:
    with pytest.raises(AddressInvalid):
        replace(MESSAGE, to=address)


def test_refusal_names_the_header_and_never_the_value() -> None:
    with pytest.raises(AddressInvalid) as caught:
        replace(MESSAGE, to="secret@one.example,secret@two.example")

    assert caught.value.facts == {"name": "to"}


def test_stored_message_comes_back_with_the_same_bytes() -> None:
    stored = MESSAGE.to_json()

    assert MailMessage.from_json(stored) == MESSAGE
    assert stored == MailMessage.from_json(stored).to_json()
    assert list(json.loads(stored)) == sorted(json.loads(stored))


def test_byte_order_does_not_depend_on_how_headers_were_given() -> None:
    turned = replace(MESSAGE, headers=dict(reversed(list(MESSAGE.headers.items()))))

    assert MESSAGE.to_json() == turned.to_json()


@pytest.mark.parametrize(
    ("attempts", "nominal_s"),
    [(1, 5), (2, 30), (3, 120), (4, 600), (5, 1_800), (6, 3_600), (30, 3_600)],
)
def test_backoff_grows_and_is_spread(attempts: int, nominal_s: int) -> None:
    assert timedelta(seconds=nominal_s * 0.8) == backoff(attempts, jitter=0)
    assert timedelta(seconds=nominal_s) == backoff(attempts, jitter=0.5)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://evil.example/pay now", "see https[:]//evil[.]example/pay now"),
        ("www.evil.example", "www[.]evil[.]example"),
        ("write to me@evil.example", "write to me@evil[.]example"),
        ("JavaScript:alert(1)", "JavaScript[:]alert(1)"),
        ("mailto:me@evil.example", "mailto[:]me@evil[.]example"),
        ("evil。example", "evil[.]example"),
        (
            "It costs 3.50, e.g. on Monday. Then: stop.",
            "It costs 3.50, e.g. on Monday. Then: stop.",
        ),
        ("J. R. R. Tolkien", "J. R. R. Tolkien"),
        ("at 14:05", "at 14:05"),
    ],
)
def test_free_text_holds_no_link(text: str, shown: str) -> None:
    assert shown == defang(text)


def test_one_line_drops_what_cannot_be_seen() -> None:
    assert one_line("a\u200bb\u00adc\r\n\u202emoc.live\u2066") == "abc moc.live"
    assert one_line("👩‍👩‍👧 নাম‌") == "👩‍👩‍👧 নাম‌"


def test_paragraphs_keep_lines_and_drop_empty_ones() -> None:
    assert paragraphs("one\r\n\r\ntwo\u2028\x00three\n") == ["one", "two", "three"]


def test_a_mail_without_files_has_the_bytes_it_always_had() -> None:
    assert "drawings" not in json.loads(MESSAGE.to_json())
    assert "attachments" not in MESSAGE.params()


def test_what_is_to_be_drawn_is_frozen_and_comes_back() -> None:
    drawing = Drawing(kind="tickets", name="tickets-K7-2FQ.pdf", facts={"tickets": []})
    message = replace(MESSAGE, drawings=(drawing,))

    assert MailMessage.from_json(message.to_json()) == message


@pytest.mark.parametrize("name", ["", ".", "a b.pdf", "a\r\nb.pdf", 'a".pdf', "a/b.pdf", "ü.pdf"])
def test_no_file_name_can_end_a_header(name: str) -> None:
    with pytest.raises(FileInvalid):
        Drawing(kind="tickets", name=name, facts={})
    with pytest.raises(FileInvalid):
        MailFile(name=name, media_type="application/pdf", content=b"")


@pytest.mark.parametrize("media_type", ["", "pdf", "text/calendar\r\nX: y", 'text/x; a="b"'])
def test_no_media_type_can_end_a_header(media_type: str) -> None:
    with pytest.raises(FileInvalid):
        MailFile(name="a.pdf", media_type=media_type, content=b"")


def test_a_process_that_draws_nothing_says_so() -> None:
    drawing = Drawing(kind="tickets", name="a.pdf", facts={})

    with pytest.raises(FileNotDrawn):
        with_files(replace(MESSAGE, drawings=(drawing,)), draws_nothing)
