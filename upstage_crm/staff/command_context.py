"""What every command is given: one transaction, one moment, who acts, and who sends the mails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from sqlmodel import Session

from upstage_crm.audit.events import Channel
from upstage_crm.staff.roles import StaffMember

NotifierT_co = TypeVar("NotifierT_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext(Generic[NotifierT_co]):
    """A command by the clock, or by a patron: its other arguments say who acts.

    A command neither commits `session`, nor reads a clock other than `now`. `notifier` queues the
    mails of one domain; a command that mails nothing takes a `CommandContext[object]`.
    """

    session: Session
    now: datetime
    notifier: NotifierT_co


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffContext(CommandContext[NotifierT_co]):
    """A command of a staff member, who acts through `channel`."""

    actor: StaffMember
    channel: Channel = Channel.CRM
