"""Email addresses: parse, compare, mask. Pure; asks no network whether an address exists.

What is decided here, and holds everywhere:

* Tags (`a+tag@`) and dots are never stripped: they may be another mailbox.
* The part before the @ may hold every sign of RFC 5321's `atext`, and must be ASCII: not every
  server on the way can carry anything else. So a Kelvin sign, a dotless i or a full-width letter
  there is refused, never folded to its look-alike.
* The domain goes through NFC, compatibility mapping and IDNA 2008: full-width letters, full-width
  dots and the Kelvin sign become their plain forms; a dotless i stays itself and is another domain
  than `i`; `ß` stays `ß`. `bücher.de` and `xn--bcher-kva.de` are one domain, shown as `bücher.de`.
* Blanks around an address, a no-break space included, `mailto:` before it and a comma behind it are
  pasting accidents and dropped; anything invisible inside is refused.
* Reserved domains (`.test`, `example.com`, `.org`, `.net`) are accepted: tests and the demo live on
  them, and a mistaken one is harmless, because nothing there can ever receive mail.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from email_validator import (
    SPECIAL_USE_DOMAIN_NAMES,
    EmailNotValidError,
    ValidatedEmail,
    validate_email,
)

from upstage_crm.core.errors import Invalid
from upstage_crm.core.text import HIDDEN, is_invisible

LOCAL_PART_LIMIT = 64  # RFC 5321, 4.5.3.1.1
ADDRESS_LIMIT = 254  # RFC 3696, erratum 1690
DOTS = ".\u3002\uff0e\uff61"  # the four full stops that IDNA reads as a dot (RFC 3490, 3.1)
_PASTED = re.compile(r"^mailto:\s*", re.IGNORECASE)
_ENCODED_WORD = re.compile(r"=\?[^?]*\?[bq]\?", re.IGNORECASE)  # how one begins (RFC 2047, 2)


class EmailProblem(StrEnum):
    """Why an address is refused. Each value is the stable `code` of its InvalidEmail."""

    EMPTY = "email_empty"
    TOO_LONG = "email_too_long"
    CONTROL_CHARACTER = "email_control_character"
    INVISIBLE_CHARACTER = "email_invisible_character"
    DISPLAY_NAME = "email_display_name"
    QUOTED_LOCAL_PART = "email_quoted_local_part"
    SEVERAL = "email_several"
    TWO_AT_SIGNS = "email_two_at_signs"
    AT_SIGN_MISSING = "email_at_sign_missing"
    SPACE = "email_space"
    ENCODED_WORD = "email_encoded_word"
    LOCAL_PART_MISSING = "email_local_part_missing"
    LOCAL_PART_NOT_ASCII = "email_local_part_not_ascii"
    LOCAL_PART_TOO_LONG = "email_local_part_too_long"
    LOCAL_PART_INVALID = "email_local_part_invalid"
    DOMAIN_MISSING = "email_domain_missing"
    IP_ADDRESS = "email_ip_address"
    TRAILING_DOT = "email_trailing_dot"
    TOP_LEVEL_MISSING = "email_top_level_missing"
    DOMAIN_RESERVED = "email_domain_reserved"
    DOMAIN_INVALID = "email_domain_invalid"


class InvalidEmail(Invalid):
    """The text is not an address we can write to.

    `code` is one of `codes`. Facts, where they help: `character` (the one at fault), `limit` and
    `length` (characters), `domain`.
    """

    code = "email_invalid"
    codes: ClassVar[tuple[str, ...]] = tuple(problem.value for problem in EmailProblem)

    def __init__(self, problem: EmailProblem, **facts: object) -> None:
        self.code = problem.value
        self.problem = problem
        super().__init__(**facts)


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """One valid address. Made by `parse_email` only.

    `stored` is what people see and the record keeps; `wire` is what a mail is sent to, all ASCII;
    `key` is equal for two spellings of one mailbox.
    """

    stored: str
    wire: str
    key: str

    @property
    def domain(self) -> str:
        """The domain as people see it, lower-case."""
        return self.stored.rpartition("@")[2]

    @property
    def ascii_domain(self) -> str:
        """The domain as the network sees it, lower-case ASCII."""
        return self.wire.rpartition("@")[2]

    @property
    def masked(self) -> str:
        """The address for someone who may not see it; see `mask_email`."""
        return mask_email(self.stored)

    def __str__(self) -> str:
        return self.stored


def parse_email(text: str) -> EmailAddress:
    """Return the address in `text`.

    `parse_email(a.stored) == a` for every result `a`.

    Raises:
        InvalidEmail: with the most telling of its codes.
    """
    address = _PASTED.sub("", text.strip()).rstrip(",; ")
    _ensure_plain_text(address)
    _ensure_single_address(address)
    local, _, domain = address.rpartition("@")
    _ensure_local_part(local)
    _ensure_domain(domain)
    if len(address) > ADDRESS_LIMIT:
        raise InvalidEmail(EmailProblem.TOO_LONG, limit=ADDRESS_LIMIT, length=len(address))
    try:
        valid = _validate(address)
    except EmailNotValidError as error:
        raise InvalidEmail(_problem_of(local, domain), domain=domain) from error
    wire = valid.ascii_email
    if wire is None:  # cannot be: allow_smtputf8=False promises an ASCII form
        raise InvalidEmail(EmailProblem.LOCAL_PART_NOT_ASCII)
    key = f"{valid.local_part.casefold()}@{valid.ascii_domain.lower()}"
    return EmailAddress(stored=valid.normalized, wire=wire, key=key)


def wire_of(stored: str) -> str:
    """What a mail is sent to. A stored ASCII address was parsed once and is its own."""
    return stored if stored.isascii() else parse_email(stored).wire


def mask_email(address: str) -> str:
    """Return `j•••@example.org` for `jane@example.org`: its owner knows it, others cannot use it.

    The dots are always three, so the length stays hidden. Of a local part of one or two characters
    nothing is shown, since its first character would give it away. Never raises.
    """
    local, at, domain = address.strip().rpartition("@")
    if not at:
        return HIDDEN
    first = local[0] if len(local) > 2 else ""
    return f"{first}{HIDDEN}@{domain}"


def _ensure_plain_text(address: str) -> None:
    if not address:
        raise InvalidEmail(EmailProblem.EMPTY)
    if len(address) > 4 * ADDRESS_LIMIT:  # before any work that grows with the length
        raise InvalidEmail(EmailProblem.TOO_LONG, limit=ADDRESS_LIMIT, length=len(address))
    for character in address:
        if unicodedata.category(character) in {"Cc", "Zl", "Zp"}:
            raise InvalidEmail(EmailProblem.CONTROL_CHARACTER, character=_named(character))
        if is_invisible(character):
            raise InvalidEmail(EmailProblem.INVISIBLE_CHARACTER, character=_named(character))


def _ensure_single_address(address: str) -> None:
    if "<" in address or ">" in address:
        raise InvalidEmail(EmailProblem.DISPLAY_NAME)
    if '"' in address:
        raise InvalidEmail(EmailProblem.QUOTED_LOCAL_PART)
    spaced = any(character.isspace() for character in address)
    at_signs = address.count("@")
    has_separator = "," in address or ";" in address
    if at_signs > 1 and (has_separator or spaced):
        raise InvalidEmail(EmailProblem.SEVERAL)
    if at_signs > 1:
        raise InvalidEmail(EmailProblem.TWO_AT_SIGNS)
    if at_signs == 0:
        raise InvalidEmail(EmailProblem.AT_SIGN_MISSING)
    if spaced:
        raise InvalidEmail(EmailProblem.SPACE)
    if has_separator:
        in_domain = set(address.rpartition("@")[2]) & {",", ";"}
        problem = EmailProblem.DOMAIN_INVALID if in_domain else EmailProblem.LOCAL_PART_INVALID
        raise InvalidEmail(problem)
    # Each of its characters is legal in a local part, but some mail software decodes the whole
    # into other characters, a second recipient among them.
    if _ENCODED_WORD.search(address):
        raise InvalidEmail(EmailProblem.ENCODED_WORD)


def _ensure_local_part(local: str) -> None:
    if not local:
        raise InvalidEmail(EmailProblem.LOCAL_PART_MISSING)
    for character in local:
        if not character.isascii():
            raise InvalidEmail(EmailProblem.LOCAL_PART_NOT_ASCII, character=character)
    if len(local) > LOCAL_PART_LIMIT:
        raise InvalidEmail(
            EmailProblem.LOCAL_PART_TOO_LONG, limit=LOCAL_PART_LIMIT, length=len(local)
        )


def _ensure_domain(domain: str) -> None:
    if not domain:
        raise InvalidEmail(EmailProblem.DOMAIN_MISSING)
    if domain.startswith("[") or _is_ip_address(domain):
        raise InvalidEmail(EmailProblem.IP_ADDRESS)
    if domain[-1] in DOTS:
        raise InvalidEmail(EmailProblem.TRAILING_DOT)
    if not any(dot in domain for dot in DOTS):
        raise InvalidEmail(EmailProblem.TOP_LEVEL_MISSING, domain=domain)


def _is_ip_address(domain: str) -> bool:
    try:
        ipaddress.ip_address(domain)
    except ValueError:
        return False
    return True


def _validate(address: str) -> ValidatedEmail:
    # `test_environment` does one thing: it lets `.test` pass (see the module's docstring).
    return validate_email(
        address,
        check_deliverability=False,
        allow_smtputf8=False,
        strict=True,
        test_environment=True,
    )


def _problem_of(local: str, domain: str) -> EmailProblem:
    """Say which half the library refused: its own messages are not a stable interface."""
    try:
        _validate(f"{local}@example.com")
    except EmailNotValidError:
        return EmailProblem.LOCAL_PART_INVALID
    folded = unicodedata.normalize("NFKC", domain).lower()
    if any(folded == name or folded.endswith(f".{name}") for name in SPECIAL_USE_DOMAIN_NAMES):
        return EmailProblem.DOMAIN_RESERVED
    return EmailProblem.DOMAIN_INVALID


def _named(character: str) -> str:
    """A character that cannot be shown, by its number: `U+200B`."""
    return f"U+{ord(character):04X}"
