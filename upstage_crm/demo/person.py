"""What the demo knows of one invented patron. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from upstage_crm.patrons.fields import PROTECTED_COLUMNS


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPerson:
    """One invented patron.

    `values` holds every protected column in canonical form; an organisation's name stands in
    `given_name`. `edge` names the special case a patron stands for, "" for all others.
    """

    kind: Literal["person", "organisation"] = "person"
    status: Literal["active", "inactive", "deceased"] = "active"
    values: dict[str, str | None]
    is_email_verified: bool = False
    is_email_bounced: bool = False
    is_flagged: bool = False
    preferred_name: str = ""
    pronouns: str = ""
    language: str = "en"
    time_zone: str = "America/New_York"
    tags: tuple[str, ...] = ()
    note: str = ""
    created_at: datetime
    edge: str = ""


def all_values(**known: str | None) -> dict[str, str | None]:
    """Return every protected column, None where nothing is `known`."""
    return dict.fromkeys(PROTECTED_COLUMNS) | known
