"""Households with their members, and relationships of patrons."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.core.db import Row, UtcDateTime, text_enum
from upstage_crm.households.rules import RelationKind


class HouseholdRow(Row, table=True):
    """People who live together. It is gone when fewer than two of them are left.

    It has no name of its own: that would outlive the person whose name it is.
    """

    __tablename__ = "household"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint

    id: str = Field(primary_key=True, max_length=32)
    created_at: datetime = Field(sa_type=UtcDateTime)


class HouseholdMemberRow(Row, table=True):
    """A patron in a household: in one at most."""

    __tablename__ = "household_member"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint
    __table_args__ = (sa.Index("ix_household_member_household", "household_id"),)

    patron_id: str = Field(primary_key=True, foreign_key="patron.id", max_length=32)
    household_id: str = Field(foreign_key="household.id", max_length=32)
    is_head: bool
    since: datetime = Field(sa_type=UtcDateTime)


class RelationshipRow(Row, table=True):
    """What a patron is to another one. Each relationship is two rows, one from each side."""

    __tablename__ = "relationship"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint

    patron_id: str = Field(primary_key=True, foreign_key="patron.id", max_length=32)
    other_id: str = Field(primary_key=True, foreign_key="patron.id", max_length=32)
    kind: RelationKind = Field(sa_column=sa.Column(text_enum(RelationKind), nullable=False))
    since: datetime = Field(sa_type=UtcDateTime)
