"""Receipts: the signed evidence of decisions. Append-only; the database refuses anything else."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.core.db import Row, UtcDateTime


class ReceiptRow(Row, table=True):
    """One decision's evidence: facts and salted commitments as canonical JSON, and a signature."""

    __tablename__ = "receipt"  # pyright: ignore[reportAssignmentType]  # SQLModel\'s hint

    id: str = Field(primary_key=True, max_length=32)
    request_id: str = Field(foreign_key="change_request.id", index=True, max_length=32)
    patron_id: str = Field(foreign_key="patron.id", index=True, max_length=32)
    reviewer: str = Field(max_length=32)
    event: str = Field(max_length=32)
    at: datetime = Field(sa_type=UtcDateTime)
    language: str = Field(max_length=16)
    body: str = Field(sa_type=sa.Text)
    kid: str = Field(max_length=64)
    signature: str = Field(max_length=128)
