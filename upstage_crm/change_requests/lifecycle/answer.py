"""What a reviewer said, and how it is recorded: shared by decisions and objections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import sqlalchemy as sa
from sqlalchemy.orm.attributes import set_committed_value

from upstage_crm.audit.events import (
    PATRON_AT_CURRENT,
    PATRON_AT_PROPOSED,
    Actor,
    Channel,
)
from upstage_crm.change_requests.lifecycle.locked_request import LockedRequest
from upstage_crm.change_requests.model.rules import (
    Decision,
    ReviewChannel,
)
from upstage_crm.change_requests.model.tables import ReviewRow
from upstage_crm.core.db import table_of
from upstage_crm.links.claims import Reviewer

_review = table_of(ReviewRow)
# Built once: every decision runs it.
_ANSWER = (
    sa.update(_review)
    .where(_review.c.id == sa.bindparam("review"))
    .values(
        {
            name: sa.bindparam(f"to_{name}", type_=_review.c[name].type)
            for name in ("decision", "channel", "comment", "decided_at")
        }
    )
)
_ACTORS: Mapping[Reviewer, Actor] = {
    Reviewer.PROPOSED: PATRON_AT_PROPOSED,
    Reviewer.CURRENT: PATRON_AT_CURRENT,
}
_CHANNELS: Mapping[ReviewChannel, Channel] = {
    ReviewChannel.PATRON_PAGE: Channel.PATRON_PAGE,
    ReviewChannel.SIMPLE_PAGE: Channel.SIMPLE_PAGE,
    ReviewChannel.DESK: Channel.DESK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of the browser behind a patron's decision. Personal: kept as audit values."""

    ip_prefix: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a reviewer said, and all that the trail notes of it.

    `vouched` names the two staff members who heard it at the desk; empty otherwise. `jti` is the
    id of the link that was used.
    """

    reviewer: Reviewer
    decision: Decision
    channel: ReviewChannel
    comment: str
    evidence: Evidence | None
    vouched: Mapping[str, str] = field(default_factory=dict[str, str])
    jti: str = ""

    @property
    def actor(self) -> Actor:
        """Who acted, as the trail names it."""
        return _ACTORS[self.reviewer]

    @property
    def door(self) -> Channel:
        """The channel, as the trail names it."""
        return _CHANNELS[self.channel]

    @property
    def facts(self) -> dict[str, str | int | bool | None]:
        """What stands in clear in the trail."""
        return {"reviewer": self.reviewer.value, **self.vouched}

    @property
    def values(self) -> dict[str, str | None]:
        """What is personal in it."""
        values: dict[str, str | None] = {"comment": self.comment} if self.comment else {}
        if self.evidence is not None:
            values |= {
                "ip_prefix": self.evidence.ip_prefix,
                "user_agent": self.evidence.user_agent,
            }
        return values

    def saying(self, decision: Decision) -> Answer:
        """The same reviewer's answer to another field."""
        return self if decision is self.decision else replace(self, decision=decision)


def record_review(locked: LockedRequest, review: ReviewRow, answer: Answer) -> None:
    """Write a review's decision, once; in the database and here."""
    written = {
        "review": review.id,
        "to_decision": answer.decision,
        "to_channel": answer.channel,
        "to_comment": answer.comment,
        "to_decided_at": locked.now,
    }
    locked.session.connection().execute(_ANSWER, written)
    set_committed_value(review, "decision", answer.decision)
    set_committed_value(review, "decided_at", locked.now)
