"""Warnings before a proposal is sent. They inform the staff member and stop nothing. Pure, offline.

What stops a proposal is a typed error; see `core.text.ensure_no_card_number` for the reason's text.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal, TypedDict, cast

from upstage_crm.core.email_address import EmailAddress, InvalidEmail, parse_email
from upstage_crm.core.public_suffix import suffix_of
from upstage_crm.core.text import find_emails
from upstage_crm.patrons.values import find_phones

if TYPE_CHECKING:

    class _Confusable(TypedDict):
        homoglyphs: list[dict[Literal["c"], str]]

    _Test = Callable[[str, list[str]], bool]
    _Twins = Callable[[str, bool, list[str]], list[_Confusable] | Literal[False]]

RESERVED_TOP_LEVELS = frozenset({"test", "example"})  # RFC 2606: tests and the demo live there
CLOSE_ENOUGH = 0.84  # of difflib's ratio: `gmial.com` is 0.89, `mail.com` to `gmail.com` 0.94

# The mailbox providers patrons use most. An address at one of them is never called a
# typo of another (`mail.com`, `ymail.com`, `gmx.net`).
COMMON_DOMAINS = (
    "gmail.com", "googlemail.com", "yahoo.com", "yahoo.co.uk", "yahoo.fr", "yahoo.de", "yahoo.es",
    "ymail.com", "hotmail.com", "hotmail.co.uk", "hotmail.fr", "hotmail.de", "hotmail.es",
    "outlook.com", "outlook.fr", "outlook.de", "live.com", "live.co.uk", "live.fr", "msn.com",
    "icloud.com", "me.com", "mac.com", "aol.com", "comcast.net", "verizon.net", "att.net",
    "sbcglobal.net", "cox.net", "bellsouth.net", "btinternet.com", "sky.com", "virginmedia.com",
    "talktalk.net", "orange.fr", "wanadoo.fr", "free.fr", "laposte.net", "sfr.fr", "gmx.de",
    "gmx.net", "gmx.com", "web.de", "t-online.de", "freenet.de", "mail.com", "mail.de",
    "telefonica.net", "proton.me", "protonmail.com", "fastmail.com", "zoho.com",
    "email.com", "yahoo.com.au", "outlook.com.au", "hotmail.com.au",
)  # fmt: skip
LATIN_TWINS = frozenset("ıȷɑɡ")  # Latin letters that look like ASCII ones; the tables skip them
ROLE_NAMES = frozenset({
    "admin", "billing", "boxoffice", "bookings", "contact", "enquiries", "finance", "hello",
    "help", "info", "mail", "marketing", "noreply", "no-reply", "office", "postmaster", "press",
    "reception", "sales", "support", "team", "webmaster",
})  # fmt: skip


class AdviceCode(StrEnum):
    """What a warning says. Each value is stable; the sentence stands with the other copy."""

    SPELLING_ONLY = "spelling_only"
    LIKELY_TYPO = "likely_typo"
    UNKNOWN_TOP_LEVEL_DOMAIN = "unknown_top_level_domain"
    LOOK_ALIKE_CHARACTERS = "look_alike_characters"
    DISPOSABLE = "disposable"
    ROLE_ADDRESS = "role_address"
    OTHER_EMAIL_IN_TEXT = "other_email_in_text"
    OTHER_PHONE_IN_TEXT = "other_phone_in_text"
    HELD_VALUE_IN_TEXT = "held_value_in_text"


@dataclass(frozen=True, slots=True)
class Advice:
    """One warning. `facts` are plain texts its sentence may mention.

    `likely_typo`: `suggestion` (a whole address). `unknown_top_level_domain`: `top_level`.
    `look_alike_characters`: `domain`, `punycode`. `disposable`: `domain`. `role_address`: `name`.
    `other_…_in_text`: `found`. `spelling_only`: none.
    """

    code: AdviceCode
    facts: Mapping[str, str] = field(default_factory=dict[str, str])


def advise_email(address: EmailAddress, current: EmailAddress | None) -> tuple[Advice, ...]:
    """Return what a careful colleague would ask about `address`, the weightiest first."""
    advice: list[Advice] = []
    if current and current.key == address.key and current.stored != address.stored:
        advice.append(Advice(AdviceCode.SPELLING_ONLY))
    if _has_look_alikes(address.domain):
        facts = {"domain": address.domain, "punycode": address.ascii_domain}
        advice.append(Advice(AdviceCode.LOOK_ALIKE_CHARACTERS, facts))
    if suggestion := suggest_domain(address.ascii_domain):
        local = address.stored.rpartition("@")[0]
        facts = {"suggestion": f"{local}@{suggestion}"}
        advice.append(Advice(AdviceCode.LIKELY_TYPO, facts))
    top_level = address.ascii_domain.rpartition(".")[2]
    if not _is_known_top_level(address.ascii_domain, top_level):
        facts = {"top_level": address.domain.rpartition(".")[2]}
        advice.append(Advice(AdviceCode.UNKNOWN_TOP_LEVEL_DOMAIN, facts))
    if not suggestion and _is_disposable(address.ascii_domain):  # gmial.com is a mistake, not both
        advice.append(Advice(AdviceCode.DISPOSABLE, {"domain": address.domain}))
    name = address.key.partition("@")[0].partition("+")[0]
    if name in ROLE_NAMES:
        advice.append(Advice(AdviceCode.ROLE_ADDRESS, {"name": name}))
    return tuple(advice)


def advise_reason(text: str, *, proposed: str, region: str) -> tuple[Advice, ...]:
    """Warn of addresses and phone numbers in a free text other than the `proposed` value as shown.

    The text goes to a mailbox that may be a stranger's.
    """
    own_keys = {_email_key(found) for found in find_emails(proposed)}
    own_phones = {e164 for _, e164 in find_phones(proposed, region=region)}
    emails = {_email_key(found): found for found in find_emails(text)}
    phones = {e164: raw for raw, e164 in find_phones(text, region=region)}
    return (
        *(
            Advice(AdviceCode.OTHER_EMAIL_IN_TEXT, {"found": found})
            for key, found in emails.items()
            if key not in own_keys
        ),
        *(
            Advice(AdviceCode.OTHER_PHONE_IN_TEXT, {"found": raw})
            for e164, raw in phones.items()
            if e164 not in own_phones
        ),
    )


def suggest_domain(domain: str) -> str | None:
    """Return the common mailbox domain that `domain` is probably meant to be, if any."""
    if domain in COMMON_DOMAINS:
        return None
    close = difflib.get_close_matches(domain, COMMON_DOMAINS, n=1, cutoff=CLOSE_ENOUGH)
    return close[0] if close else None


def _email_key(found: str) -> str:
    try:
        return parse_email(found).key
    except InvalidEmail:
        return found.casefold()


def _is_known_top_level(domain: str, top_level: str) -> bool:
    return top_level in RESERVED_TOP_LEVELS or bool(suffix_of(domain))


def _is_disposable(domain: str) -> bool:
    from disposable_email_domains import blocklist

    labels = domain.split(".")
    return any(".".join(labels[start:]) in blocklist for start in range(len(labels) - 1))


def _has_look_alikes(domain: str) -> bool:
    """Whether a domain can be read as another: scripts mixed in one label, or a whole label of
    foreign letters that each look Latin (`аррӏе`). Plain foreign words pass (`bücher`, `例子`).
    """
    if domain.isascii():
        return False
    # The library has neither types nor stubs.
    from confusable_homoglyphs import confusables  # pyright: ignore[reportMissingTypeStubs]

    is_mixed = cast("_Test", confusables.is_dangerous)  # pyright: ignore[reportUnknownMemberType]
    twins = cast("_Twins", confusables.is_confusable)  # pyright: ignore[reportUnknownMemberType]

    def looks_latin(character: str) -> bool:
        if character.isascii() or character in LATIN_TWINS:
            return True
        return any(
            twin["c"].isascii()
            for found in twins(character, True, ["latin"]) or ()
            for twin in found["homoglyphs"]
        )

    return any(
        not label.isascii()
        and (is_mixed(label, ["latin"]) or all(looks_latin(character) for character in label))
        for label in domain.split(".")
    )
