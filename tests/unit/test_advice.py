"""What staff are warned of before a proposal goes out, and what passes in silence."""

from __future__ import annotations

import pytest

from upstage_crm.core.email_address import parse_email
from upstage_crm.patrons.advice import (
    COMMON_DOMAINS,
    Advice,
    AdviceCode,
    advise_email,
    advise_reason,
)


def warnings(text: str, current: str | None = None) -> dict[str, dict[str, str]]:
    advice = advise_email(parse_email(text), parse_email(current) if current else None)
    return {one.code.value: dict(one.facts) for one in advice}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("jane@gmial.com", "jane@gmail.com"),
        ("jane@gmail.con", "jane@gmail.com"),
        ("Jane+x@hotnail.com", "Jane+x@hotmail.com"),
        ("jane@yaho.com", "jane@yahoo.com"),
        ("jane@outlok.com", "jane@outlook.com"),
        ("jane@iclod.com", "jane@icloud.com"),
    ],
)
def test_typo_of_a_common_domain_comes_with_the_whole_address_meant(typed: str, meant: str) -> None:
    assert {"suggestion": meant} == warnings(typed)["likely_typo"]


@pytest.mark.parametrize("domain", COMMON_DOMAINS)
def test_common_domain_is_no_typo_of_another(domain: str) -> None:
    assert warnings(f"jane@{domain}") == {}


@pytest.mark.parametrize(
    "address",
    [
        "jane@example.org",
        "jane@mail.example.com",
        "jane@inbox.test",
        "jane@shop.example",
        "jane@bücher.de",
        "jane@例子.cn",
        "jane@яндекс.рф",
        "jane@curator.museum",
        "jane@theatre.org.uk",
        "information@example.org",
    ],
)
def test_ordinary_address_gets_no_warning(address: str) -> None:
    assert warnings(address) == {}


def test_unknown_top_level_domain_is_named() -> None:
    assert warnings("jane@lakeside.comm")["unknown_top_level_domain"] == {"top_level": "comm"}


@pytest.mark.parametrize(
    ("address", "punycode"),
    [
        ("jane@ex\u0430mple.org", "xn--exmple-4nf.org"),
        ("jane@\u0430\u0440\u0440\u04cf\u0435.com", "xn--80ak6aa92e.com"),
        ("jane@b\u0131g.com", "xn--bg-hpa.com"),
    ],
)
def test_look_alike_domain_is_shown_in_punycode(address: str, punycode: str) -> None:
    facts = warnings(address)["look_alike_characters"]

    assert {"domain": address.partition("@")[2], "punycode": punycode} == facts


def test_a_typing_mistake_is_not_called_disposable_too() -> None:
    """gmial.com is both; the clerk who typed it meant the other one."""
    advice = advise_email(parse_email("jane@gmial.com"), None)

    assert [each.code for each in advice] == [AdviceCode.LIKELY_TYPO]


@pytest.mark.parametrize("domain", ["mailinator.com", "x.mailinator.com"])
def test_disposable_domain_is_named_with_its_subdomains(domain: str) -> None:
    assert {"domain": domain} == warnings(f"jane@{domain}")["disposable"]


@pytest.mark.parametrize(
    ("address", "name"), [("INFO@example.org", "info"), ("office+x@example.org", "office")]
)
def test_role_address_is_named(address: str, name: str) -> None:
    assert {"role_address": {"name": name}} == warnings(address)


@pytest.mark.parametrize(
    ("current", "warned"),
    [
        ("jane@example.org", True),
        ("Jane@example.org", False),
        ("jane.m@example.org", False),
        (None, False),
    ],
)
def test_other_spelling_of_the_current_address_is_told(current: str | None, warned: bool) -> None:
    assert warned == ("spelling_only" in warnings("Jane@example.org", current))


def test_reason_may_name_the_proposed_value_and_no_other() -> None:
    text = "Not old@example.org but Jane@EXAMPLE.com; call (212) 555-0199 or +1 212 555 0117."

    advice = advise_reason(text, proposed="jane@example.com, +1 212-555-0117", region="US")

    assert (
        Advice(AdviceCode.OTHER_EMAIL_IN_TEXT, {"found": "old@example.org"}),
        Advice(AdviceCode.OTHER_PHONE_IN_TEXT, {"found": "(212) 555-0199"}),
    ) == advice


@pytest.mark.parametrize("text", ["", "Moved in May.", "Booking 12345678 of 12.05.2026, row F 12"])
def test_plain_reason_gets_no_warning(text: str) -> None:
    assert advise_reason(text, proposed="jane@example.com", region="US") == ()
