"""The one row that says whose deployment this is."""

from sqlmodel import Field, SQLModel

import sqlalchemy as sa


class OrganisationRow(SQLModel, table=True):
    """Details that every mail and patron page shows; always the row with id 1."""

    __tablename__ = "organisation"

    id: int = Field(primary_key=True)
    name: str = Field(max_length=120)
    desk_phone: str = Field(max_length=40)
    reply_to: str = Field(max_length=254)
    postal_address: str = Field(sa_type=sa.Text)
    website: str = Field(default="", max_length=200)
    time_zone: str = Field(max_length=64)
    language: str = Field(max_length=16)
