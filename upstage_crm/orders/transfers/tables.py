"""What the holder of tickets is asked by mail: the offer to a mailbox, and what it is about.

Either tickets are given to someone else, or a ticket is to have another seat.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field

from upstage_crm.core.db import Row, UtcDateTime, text_enum
from upstage_crm.orders.transfers.views import (
    OfferState,
    SeatMoveReason,
    SeatMoveState,
    TransferState,
)

_LIVE = sa.text("state IN ('offered', 'held')")
_KNOWN = sa.text("email_key <> ''")
_PROPOSED = sa.text("state = 'proposed'")


class TicketOfferRow(Row, table=True):
    """Tickets of one order that are offered to one mailbox, and the answer.

    `email` is personal data, which nothing changes but its erasure. `language` is what the giver
    read as the offer was made.
    """

    __tablename__ = "ticket_offer"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.CheckConstraint(
            "(state = 'open') = (answered_at IS NULL)", name="ck_ticket_offer_answered"
        ),
        sa.Index("ix_ticket_offer_order", "order_id", "id"),
        sa.Index(
            "ix_ticket_offer_email", "email_key", sqlite_where=_KNOWN, postgresql_where=_KNOWN
        ),
    )

    id: str = Field(primary_key=True, max_length=32)
    order_id: str = Field(foreign_key="orders.id", max_length=32)
    state: OfferState = Field(sa_column=sa.Column(text_enum(OfferState, 16), nullable=False))
    email: str = Field(max_length=320)
    email_key: str = Field(max_length=320)
    language: str = Field(max_length=16)
    created_at: datetime = Field(sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seal: str | None = Field(default=None, max_length=100)


class TicketTransferRow(Row, table=True):
    """One ticket of an offer. A ticket is offered or held once, which the database sees to."""

    __tablename__ = "ticket_transfer"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.Index(
            "uq_ticket_transfer_live",
            "ticket_id",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
        sa.Index("uq_ticket_transfer_offer", "offer_id", "ticket_id", unique=True),
    )

    id: str = Field(primary_key=True, max_length=32)
    offer_id: str = Field(foreign_key="ticket_offer.id", max_length=32)
    ticket_id: str = Field(foreign_key="ticket.id", max_length=32)
    state: TransferState = Field(sa_column=sa.Column(text_enum(TransferState, 16), nullable=False))
    seal: str | None = Field(default=None, max_length=100)


class SeatMoveRow(Row, table=True):
    """The seat that an offer proposes for one ticket, which it holds until the answer.

    A ticket has one such proposal at a time, which the database sees to. Its seat now is the
    ticket's own: a yes ends that ticket and issues another, so both rows stay as they were written.
    """

    __tablename__ = "seat_move"  # pyright: ignore[reportAssignmentType]  # SQLModel's hint
    __table_args__ = (
        sa.Index("uq_seat_move_offer", "offer_id", unique=True),
        sa.Index(
            "uq_seat_move_proposed",
            "ticket_id",
            unique=True,
            sqlite_where=_PROPOSED,
            postgresql_where=_PROPOSED,
        ),
        sa.Index("ix_seat_move_state", "state"),
    )

    id: str = Field(primary_key=True, max_length=32)
    offer_id: str = Field(foreign_key="ticket_offer.id", max_length=32)
    ticket_id: str = Field(foreign_key="ticket.id", max_length=32)
    seat_id: str = Field(max_length=200)
    place: str = Field(max_length=240)
    zone: str = Field(max_length=200)
    reason: SeatMoveReason = Field(
        sa_column=sa.Column(text_enum(SeatMoveReason, 16), nullable=False)
    )
    staff_id: str = Field(max_length=32)
    answer_until: datetime = Field(sa_type=UtcDateTime)
    state: SeatMoveState = Field(sa_column=sa.Column(text_enum(SeatMoveState, 16), nullable=False))
