"""The one row that says whose deployment this is."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.core.db import Row, UtcDateTime

FIRST_NUMBER = 10_001  # of a patron


class OrganisationRow(Row, table=True):
    """Details that every mail and patron page shows; always the row with id 1."""

    __tablename__ = "organisation"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint

    id: int = Field(primary_key=True)
    name: str = Field(max_length=120)
    desk_phone: str = Field(max_length=40)
    reply_to: str = Field(max_length=254)
    postal_address: str = Field(sa_type=sa.Text)
    website: str = Field(default="", max_length=200)
    time_zone: str = Field(max_length=64)
    language: str = Field(max_length=16)
    country: str | None = Field(default=None, max_length=2)  # None: the one of the time zone
    former_phone: str | None = Field(default=None, max_length=40)
    former_phone_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    season_start: str | None = Field(default=None, max_length=5)  # None: not chosen yet
    currency: str | None = Field(default=None, max_length=3)  # None: the one of the country
    answer_days: int | None = Field(default=None)  # of a cancelled performance; None: the usual
    return_hours: int | None = Field(default=None)  # before a performance; None: staff alone return
    contact_months: int | None = Field(default=None)  # after a performance; None: the usual
    contact_months_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    next_patron_number: int = Field(default=FIRST_NUMBER)
