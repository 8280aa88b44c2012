"""Which texts are email addresses, when two are one mailbox, and what a mask gives away."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from upstage_crm.core.email_address import (
    EmailProblem,
    InvalidEmail,
    mask_email,
    parse_email,
)
from upstage_crm.core.errors import Invalid

P = EmailProblem

ACCEPTED = [
    # text, stored, wire, key
    ("jane@example.org", "jane@example.org", "jane@example.org", "jane@example.org"),
    ("  jane@example.org\n", "jane@example.org", "jane@example.org", "jane@example.org"),
    ("jane@example.org\u00a0", "jane@example.org", "jane@example.org", "jane@example.org"),
    (
        "Jane.Doe@EXAMPLE.org",
        "Jane.Doe@example.org",
        "Jane.Doe@example.org",
        "jane.doe@example.org",
    ),
    ("a+tag@example.com", "a+tag@example.com", "a+tag@example.com", "a+tag@example.com"),
    ("j.a.n.e@gmail.com", "j.a.n.e@gmail.com", "j.a.n.e@gmail.com", "j.a.n.e@gmail.com"),
    ("o'hara@example.net", "o'hara@example.net", "o'hara@example.net", "o'hara@example.net"),
    ("jane@inbox.test", "jane@inbox.test", "jane@inbox.test", "jane@inbox.test"),
    (
        "jane@bücher.example",
        "jane@bücher.example",
        "jane@xn--bcher-kva.example",
        "jane@xn--bcher-kva.example",
    ),
    ("x" * 64 + "@example.org", *(["x" * 64 + "@example.org"] * 3)),
    *(
        (address, address, address, address)
        for address in (
            "!#$%&`*+/=?^`{|}~@iana.org",  # every sign of `atext` (RFC 5322, 3.2.3)
            "'_-@iana.org",
            "a=?b@example.org",
            "=?x?=@example.org",
            "=?utf-8?x?y?=@example.org",  # no encoding of this name, so no program decodes it
        )
    ),
]

REFUSED = [
    ("", P.EMPTY),
    (" \r\n\t", P.EMPTY),
    ("x" * 2_000, P.TOO_LONG),
    ("j@" + "d" * 60 + ".example" * 25, P.TOO_LONG),
    ("jane\r\nBcc: eve@example.org@example.org", P.CONTROL_CHARACTER),
    ("jane@example.org\nBcc: eve@example.org", P.CONTROL_CHARACTER),
    ("jane@example.org\x00.example.net", P.CONTROL_CHARACTER),
    ("ja\x7fne@example.org", P.CONTROL_CHARACTER),
    ("jane@exam\u2028ple.org", P.CONTROL_CHARACTER),
    ("jane@exam\u200bple.org", P.INVISIBLE_CHARACTER),
    ("\u200fjane@example.org", P.INVISIBLE_CHARACTER),
    ("jane\u202e@example.org", P.INVISIBLE_CHARACTER),
    ("jane@exam\u00adple.org", P.INVISIBLE_CHARACTER),
    ("jane@example\u3164.org", P.INVISIBLE_CHARACTER),
    ("jane@example\ufe0f.org", P.INVISIBLE_CHARACTER),
    ("jane\ud800@example.org", P.INVISIBLE_CHARACTER),
    ("Jane <jane@example.org>", P.DISPLAY_NAME),
    ("jane@example.org>", P.DISPLAY_NAME),
    ('"jane doe"@example.org', P.QUOTED_LOCAL_PART),
    ("jane@example.org,eve@example.org", P.SEVERAL),
    ("jane@example.org; eve@example.org", P.SEVERAL),
    ("jane@example.org eve@example.org", P.SEVERAL),
    ("jane@example,org", P.DOMAIN_INVALID),
    ("jane,doe@example.org", P.LOCAL_PART_INVALID),
    ("jane@@example.org", P.TWO_AT_SIGNS),
    ("jane.example.org", P.AT_SIGN_MISSING),
    ("jane\uff20example.org", P.AT_SIGN_MISSING),
    ("jane doe@example.org", P.SPACE),
    ("jane@exam\u00a0ple.org", P.SPACE),
    ("=?utf-8?q?eve=40example.org?=@example.org", P.ENCODED_WORD),
    ("=?UTF-8*en?B?ZXZl?=@example.org", P.ENCODED_WORD),
    ("x=??Q?@example.org", P.ENCODED_WORD),
    ("@example.org", P.LOCAL_PART_MISSING),
    ("josé@example.org", P.LOCAL_PART_NOT_ASCII),
    ("jose\u0301@example.org", P.LOCAL_PART_NOT_ASCII),
    ("jane\u212a@example.org", P.LOCAL_PART_NOT_ASCII),
    ("jan\u0131@example.org", P.LOCAL_PART_NOT_ASCII),
    ("\uff4aane@example.org", P.LOCAL_PART_NOT_ASCII),
    ("😀@example.org", P.LOCAL_PART_NOT_ASCII),
    ("x" * 65 + "@example.org", P.LOCAL_PART_TOO_LONG),
    (".jane@example.org", P.LOCAL_PART_INVALID),
    ("jane.@example.org", P.LOCAL_PART_INVALID),
    ("ja..ne@example.org", P.LOCAL_PART_INVALID),
    ("jane@", P.DOMAIN_MISSING),
    ("jane@[192.0.2.1]", P.IP_ADDRESS),
    ("jane@[IPv6:2001:db8::1]", P.IP_ADDRESS),
    ("jane@192.0.2.1", P.IP_ADDRESS),
    ("jane@example.org.", P.TRAILING_DOT),
    ("jane@example.org\u3002", P.TRAILING_DOT),
    ("jane@localhost", P.TOP_LEVEL_MISSING),
    ("jane@printer.local", P.DOMAIN_RESERVED),
    ("jane@box.LOCALHOST", P.DOMAIN_RESERVED),
    ("jane@shop.onion", P.DOMAIN_RESERVED),
    ("jane@exam_ple.org", P.DOMAIN_INVALID),
    ("jane@-example.org", P.DOMAIN_INVALID),
    ("jane@example..org", P.DOMAIN_INVALID),
    ("jane@" + "d" * 64 + ".org", P.DOMAIN_INVALID),
    ("jane@xn--a.org", P.DOMAIN_INVALID),
]


@pytest.mark.parametrize(("text", "stored", "wire", "key"), ACCEPTED)
def test_address_is_kept_sent_and_compared_as_documented(
    text: str, stored: str, wire: str, key: str
) -> None:
    address = parse_email(text)

    assert (stored, wire, key) == (address.stored, address.wire, address.key)


@pytest.mark.parametrize(("text", "problem"), REFUSED)
def test_text_is_refused_for_its_own_reason(text: str, problem: EmailProblem) -> None:
    with pytest.raises(InvalidEmail) as refusal:
        parse_email(text)

    assert (problem, problem.value) == (refusal.value.problem, refusal.value.code)
    assert refusal.value.code in InvalidEmail.codes
    assert isinstance(refusal.value, Invalid)


def test_every_reason_is_reached() -> None:
    assert {problem for _, problem in REFUSED} == set(EmailProblem)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Jane@example.org", "jANE@Example.ORG"),
        ("jane@BÜCHER.example", "jane@xn--bcher-kva.example"),
        ("jane@bücher.example", "jane@bu\u0308cher.example"),
        ("jane@\u212aelvin.example", "jane@kelvin.example"),
        ("jane@\uff45xample.org", "jane@example.org"),
        ("jane@example\uff0eorg", "jane@example.org"),
        ("jane@example\u3002org", "jane@example.org"),
    ],
)
def test_two_spellings_are_one_mailbox(one: str, other: str) -> None:
    assert parse_email(one).key == parse_email(other).key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("jane@big.example", "jane@b\u0131g.example"),
        ("jane@fass.example", "jane@faß.example"),
        ("jane@example.org", "jane@ex\u0430mple.org"),
        ("jane+a@example.org", "jane@example.org"),
        ("j.ane@gmail.com", "jane@gmail.com"),
    ],
)
def test_two_addresses_stay_two(one: str, other: str) -> None:
    assert parse_email(one).key != parse_email(other).key


def test_domain_shows_as_people_write_it_and_knows_the_network_spelling() -> None:
    foreign = parse_email("a@xn--bcher-kva.example")

    assert (foreign.domain, foreign.ascii_domain) == ("bücher.example", "xn--bcher-kva.example")


def test_refusal_names_an_invisible_character_by_number() -> None:
    with pytest.raises(InvalidEmail) as refusal:
        parse_email("jane@exam\u200bple.org")

    assert refusal.value.facts == {"character": "U+200B"}


@pytest.mark.parametrize(
    ("address", "mask"),
    [
        ("jane@example.org", "j•••@example.org"),
        ("jonathan.livingston@example.org", "j•••@example.org"),
        ("abc@example.org", "a•••@example.org"),
        ("jo@example.org", "•••@example.org"),
        ("j@example.org", "•••@example.org"),
        (" jane@bücher.example ", "j•••@bücher.example"),
        ("not an address", "•••"),
        ("", "•••"),
    ],
)
def test_mask_hides_the_local_part_and_its_length(address: str, mask: str) -> None:
    assert mask == mask_email(address)


# Texts near an address break more than random ones.
NEAR_ADDRESSES = st.text(
    alphabet=st.one_of(
        st.sampled_from("abcXYZ019.@-_+ßıİK\u212aéö。．＠ \t\r\n\x00<>,;\"'[]:=?()\\%"),
        st.characters(),
    ),
    max_size=80,
).flatmap(lambda text: st.sampled_from([text, f"{text}@example.org", f"jane@{text}.org"]))


@given(NEAR_ADDRESSES)
@example("jane@" + "é." * 120 + "org")
@example("a@xn--" + "z" * 40 + ".org")
def test_parsing_gives_a_stable_address_or_a_typed_refusal(text: str) -> None:
    try:
        address = parse_email(text)
    except InvalidEmail:
        return

    assert address == parse_email(address.stored)
    assert address.key == parse_email(address.wire).key == parse_email(address.key).key
    assert address.wire.isascii()
    assert len(address.stored) <= 254
    assert not set(address.wire) & set("\r\n\x00,;<> ")
    assert address.wire.count("@") == 1


@given(
    st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-_+", min_size=1, max_size=64),
    st.sampled_from(["example.org", "bücher.example", "mail.example.com"]),
)
def test_mask_never_contains_the_local_part(local: str, domain: str) -> None:
    masked = mask_email(f"{local}@{domain}").rpartition("@")[0]

    assert local not in masked
    assert len(masked) <= 4


@pytest.mark.parametrize(
    "pasted",
    [
        "mailto:jane@example.org",
        " MAILTO: jane@example.org",
        "jane@example.org,",
        "jane@example.org; ",
    ],
)
def test_what_was_copied_along_with_an_address_is_dropped(pasted: str) -> None:
    assert parse_email(pasted).stored == "jane@example.org"
