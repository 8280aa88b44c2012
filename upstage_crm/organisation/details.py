"""Whose deployment this is, as every mail and patron page shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationDetails:
    """The organisation's own details; values are shown as they stand, so they are parsed before.

    `reply_to` is a mailbox that people read, in wire form. `desk_phone` is the way to reach a
    person without any link. `postal_address` may have several lines. `website` may be empty.
    `time_zone` is an IANA name, `language` a BCP 47 tag such as `en`.
    """

    name: str
    desk_phone: str
    reply_to: str
    postal_address: str
    website: str
    time_zone: str
    language: str
