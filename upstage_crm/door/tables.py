"""Scans at the door."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.core.db import Row, UtcDateTime, text_enum
from upstage_crm.door.rules import Direction, Verdict

_KNOWN = sa.text("ticket_id <> ''")


class ScanRow(Row, table=True):
    """One scan: the database refuses to change or to delete it.

    `performance_id` is the performance at whose door it was made. `ticket_id` is "" for what is no
    code of ours. `result` is what the server made of it, `shown` what the device had said by then.
    `scanned_at` is worked out from the scan's age on arrival, by the server's clock.
    """

    __tablename__ = "scan"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.Index("uq_scan_nonce", "device", "nonce", unique=True),
        sa.Index("ix_scan_performance", "performance_id", "scanned_at"),
        sa.Index("ix_scan_ticket", "ticket_id", sqlite_where=_KNOWN, postgresql_where=_KNOWN),
    )

    id: str = Field(primary_key=True, max_length=32)
    device: str = Field(max_length=64)
    nonce: str = Field(max_length=64)
    performance_id: str = Field(foreign_key="performance.id", max_length=32)
    ticket_id: str = Field(default="", max_length=32)
    code_version: int = Field(default=0)  # 0 for no code of ours
    result: Verdict = Field(sa_column=sa.Column(text_enum(Verdict), nullable=False))
    shown: Verdict = Field(sa_column=sa.Column(text_enum(Verdict), nullable=False))
    direction: Direction = Field(sa_column=sa.Column(text_enum(Direction, 8), nullable=False))
    scanned_at: datetime = Field(sa_type=UtcDateTime)
    received_at: datetime = Field(sa_type=UtcDateTime)
    staff_id: str = Field(max_length=32)
