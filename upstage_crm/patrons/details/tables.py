"""What belongs to a patron's record besides its own row. All of it goes with the patron."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.core.db import Row, UtcDateTime, text_enum
from upstage_crm.patrons.details.preferences import Answer, Basis, ContactChannel, Purpose, Source
from upstage_crm.patrons.views import ContactPlace


class PatronContactRow(Row, table=True):
    """An email or a phone of a patron beside the one on the record. It never decides anything."""

    __tablename__ = "patron_contact"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (sa.Index("ix_patron_contact_value", "field", "value_key"),)

    patron_id: str = Field(primary_key=True, foreign_key="patron.id", max_length=32)
    field: str = Field(primary_key=True, max_length=32)
    value_key: str = Field(primary_key=True, max_length=254)
    value: str = Field(max_length=254)
    place: ContactPlace = Field(sa_column=sa.Column(text_enum(ContactPlace), nullable=False))
    since: datetime = Field(sa_type=UtcDateTime)


class PatronNoteRow(Row, table=True):
    """What a staff member noted about a patron."""

    __tablename__ = "patron_note"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (sa.Index("ix_patron_note_patron", "patron_id", "id"),)

    id: str = Field(primary_key=True, max_length=32)
    patron_id: str = Field(foreign_key="patron.id", max_length=32)
    author_id: str = Field(foreign_key="staff.id", max_length=32)
    author_label: str = Field(max_length=200)
    text: str = Field(sa_type=sa.Text)
    created_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ContactPreferenceRow(Row, table=True):
    """What a patron answered for one way and one purpose; without a row there was no question."""

    __tablename__ = "contact_preference"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint

    patron_id: str = Field(primary_key=True, foreign_key="patron.id", max_length=32)
    channel: ContactChannel = Field(
        sa_column=sa.Column(text_enum(ContactChannel), primary_key=True)
    )
    purpose: Purpose = Field(sa_column=sa.Column(text_enum(Purpose), primary_key=True))
    answer: Answer = Field(sa_column=sa.Column(text_enum(Answer), nullable=False))
    basis: Basis | None = Field(default=None, sa_column=sa.Column(text_enum(Basis), nullable=True))
    source: Source = Field(sa_column=sa.Column(text_enum(Source), nullable=False))
    wording: str = Field(max_length=20)
    answered_at: datetime = Field(sa_type=UtcDateTime)
