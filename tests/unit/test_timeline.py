"""A history in one line for each event, the newest first, and a cause below its effect."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from upstage_crm.admin.timeline import TimelineEntry, timeline_entries
from upstage_crm.audit.events import PATRON_AT_PROPOSED, SYSTEM, Action, Actor, ActorKind, Channel
from upstage_crm.audit.trail import AuditLine
from upstage_crm.mail.event_log import NotedEvent
from upstage_crm.mail.message import Audience, MailKind
from upstage_crm.mail.provider_events import EventKind
from upstage_crm.mail.queries import MailSummary
from upstage_crm.patrons.visibility import EVERYTHING
from upstage_crm.wording.action_table import ACTIONS, FOLLOWS
from upstage_crm.wording.sentences import channel_words

MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
DANA = Actor(ActorKind.STAFF, "Dana, box office", "dana")
PATRON = PATRON_AT_PROPOSED


def line(seq: int, action: Action, at: datetime = MONDAY, who: Actor = SYSTEM) -> AuditLine:
    return AuditLine(
        seq=seq,
        at=at,
        actor=who,
        channel=Channel.CRM,
        action=action,
        patron_id="p",
        request_id="r",
        facts={"field": "email"} if action.value.startswith("field.") else {},
        values={},
    )


def told(*lines: AuditLine) -> list[TimelineEntry]:
    return timeline_entries(lines, access=EVERYTHING, now=MONDAY, time_zone=UTC)


def test_an_approval_is_one_line_with_what_followed_from_it() -> None:
    later = MONDAY + timedelta(hours=1)

    entries = told(
        line(1, Action.REQUEST_PROPOSED, who=DANA),
        line(2, Action.FIELD_APPROVED, later, PATRON),
        line(3, Action.ADDRESS_PROVEN, later),
        line(4, Action.FIELD_APPLIED, later),
        line(5, Action.RECEIPT_ISSUED, later),
    )

    assert [(entry.words, entry.after) for entry in entries] == [
        (
            "Approved: email address",
            [
                "Proved the address",
                "Changed the record as approved: email address",
                "Issued a receipt",
            ],
        ),
        ("Proposed a change", []),
    ]


def test_what_is_recorded_before_its_cause_is_told_with_it() -> None:
    """A revert writes the value first, and then says that it did."""
    entries = told(line(1, Action.FIELD_APPLIED), line(2, Action.REQUEST_REVERTED, who=DANA))

    assert [entry.icon for entry in entries] == [ACTIONS[Action.REQUEST_REVERTED].icon]
    assert entries[0].after == ["Changed the record as approved: email address"]


def test_what_follows_later_stands_for_itself() -> None:
    """The change that waited is applied by the clock three days after its approval."""
    later = MONDAY + timedelta(days=3)

    entries = told(line(1, Action.FIELD_APPROVED), line(2, Action.FIELD_APPLIED, later))

    assert [len(entry.after) for entry in entries] == [0, 0]


def mail(audience: Audience) -> MailSummary:
    known: dict[str, Any] = dict.fromkeys(MailSummary.__dataclass_fields__)
    return MailSummary(
        **known
        | {
            "id": "m",
            "audience": audience,
            "kind": MailKind.DECISION_REQUEST,
            "to_address": "mara@example.org",
            "provider_id": "re_123",
        }
    )


def reported(audience: Audience, kind: EventKind) -> list[TimelineEntry]:
    heard = NotedEvent(
        kind=kind, at=MONDAY, received_at=MONDAY, detail="", is_permanent=kind is EventKind.BOUNCED
    )
    mails = [mail(audience)]
    return timeline_entries((), mails, {"m": [heard]}, access=EVERYTHING, now=MONDAY, time_zone=UTC)


def test_a_delivery_to_a_patron_is_told_with_its_evidence() -> None:
    (entry,) = reported(Audience.PROPOSED, EventKind.DELIVERED)

    assert (entry.words.partition(":")[0], entry.address) == ("Delivered", "mara@example.org")
    assert "signed message" in entry.evidence
    assert "re_123" in entry.evidence


@pytest.mark.parametrize("later", [timedelta(0), timedelta(seconds=1)])
def test_a_bounce_is_told_below_the_end_that_it_caused(later: timedelta) -> None:
    """The newest is first, and what follows from something is above it, in one second as well."""
    ended = line(1, Action.REQUEST_UNDELIVERABLE, MONDAY + later)
    bounced = NotedEvent(
        kind=EventKind.BOUNCED, at=MONDAY, received_at=MONDAY, detail="", is_permanent=True
    )

    entries = timeline_entries(
        [ended],
        [mail(Audience.PROPOSED)],
        {"m": [bounced]},
        access=EVERYTHING,
        now=MONDAY + timedelta(hours=1),
        time_zone=UTC,
    )

    assert [entry.words.partition(":")[0] for entry in entries] == [
        "Ended the request",
        "Bounced permanently",
    ]


def test_of_a_mail_to_staff_only_what_went_wrong_is_told() -> None:
    assert reported(Audience.STAFF, EventKind.DELIVERED) == []
    assert [entry.tone for entry in reported(Audience.STAFF, EventKind.BOUNCED)] == ["danger"]


def test_a_comment_is_told_in_its_authors_words_until_it_is_erased() -> None:
    line_ = replace(line(1, Action.REQUEST_COMMENTED, who=DANA), facts={"comment": "c"})

    def told_with(comments: dict[str, str]) -> list[tuple[str, str]]:
        found = timeline_entries(
            [line_], access=EVERYTHING, now=MONDAY, time_zone=UTC, comments=comments
        )
        return [(entry.quote_source, entry.quote) for entry in found]

    assert told_with({"c": "She rang"}) == [("Dana, box office", "She rang")]
    assert told_with({}) == [("Dana, box office", "")]


def test_made_up_data_names_no_channel_and_real_data_does() -> None:
    """The demo reads like a real house."""
    assert channel_words(Channel.DEMO) == ""
    assert all(channel_words(channel) for channel in Channel if channel is not Channel.DEMO)


def test_a_decision_is_never_folded_away() -> None:
    decisions = {
        action for action in Action if action.value.startswith(("request.", "desk.", "erasure."))
    }

    assert FOLLOWS & decisions == {
        Action.REVIEWER_ADDED,
        Action.REVIEWER_REPLACED,
        Action.NOTICE_RENEWED,
        Action.DESK_IDENTIFIED,
    }
