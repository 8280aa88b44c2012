"""What happened to a request, in order: the trail's entries and its mails, in plain words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from upstage_crm.admin.redacted_trail import seen_address, told_words
from upstage_crm.audit.events import Action
from upstage_crm.audit.trail import AuditLine
from upstage_crm.core import when
from upstage_crm.mail.delivery import MailState
from upstage_crm.mail.event_log import NotedEvent
from upstage_crm.mail.provider_events import EventKind
from upstage_crm.mail.queries import MailSummary
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.wording.actions import action_words
from upstage_crm.wording.mails import event_words
from upstage_crm.wording.sentences import CHANNEL_WORDS, MAIL_KIND_WORDS, cause_words

_MARKS: Mapping[Action, tuple[str, str]] = {
    Action.REQUEST_PROPOSED: ("pencil", "neutral"),
    Action.REQUEST_RESENT: ("send", "info"),
    Action.REQUEST_WITHDRAWN: ("circle-slash", "neutral"),
    Action.REQUEST_EXPIRED: ("timer-off", "neutral"),
    Action.REQUEST_SUPERSEDED: ("history", "neutral"),
    Action.FIELD_APPROVED: ("circle-check", "success"),
    Action.FIELD_APPLIED: ("check-check", "success"),
    Action.FIELD_REJECTED: ("circle-x", "danger"),
    Action.FIELD_OBJECTED: ("shield-alert", "danger"),
    Action.OBJECTION_RECEIVED: ("shield-alert", "danger"),
    Action.ADDRESS_SUPPRESSED: ("circle-slash", "danger"),
    Action.ADDRESS_PROVEN: ("shield-check", "success"),
    Action.ADDRESS_BOUNCED: ("mail-x", "danger"),
    Action.REQUEST_RELEASED: ("users", "info"),
    Action.REQUEST_REMINDED: ("clock", "info"),
    Action.REQUEST_UNDELIVERABLE: ("mail-x", "danger"),
    Action.REQUEST_REVERTED: ("undo-2", "danger"),
    Action.REVIEWER_ADDED: ("users", "info"),
    Action.REVIEWER_REPLACED: ("users", "info"),
    Action.NOTICE_DELIVERED: ("mail-check", "success"),
    Action.NOTICE_STOPPED: ("mail-warning", "danger"),
    Action.NOTICE_RENEWED: ("send", "info"),
    Action.PERIOD_ENDED: ("users", "info"),
    Action.LETTER_NOTED: ("mail", "info"),
    Action.FIELD_WAITS: ("clock", "info"),
    Action.MAILBOX_OUT: ("circle-slash", "danger"),
    Action.LIFTING_ASKED: ("users", "info"),
    Action.SUPPRESSION_LIFTED: ("mail-check", "success"),
    Action.DESK_IDENTIFIED: ("user", "info"),
    Action.DESK_CONFIRMED: ("users", "success"),
    Action.DESK_DECLINED: ("circle-x", "danger"),
    Action.CODE_ACCEPTED: ("key-round", "success"),
    Action.CODE_REFUSED: ("key-round", "danger"),
    Action.RECEIPT_ISSUED: ("scroll-text", "neutral"),
    Action.PATRON_FROZEN: ("lock", "danger"),
    Action.FREEZE_LOOKED_AT: ("search", "info"),
    Action.FREEZE_CLEARED: ("shield-check", "success"),
}
_SETTLED: Mapping[MailState, tuple[str, str, str]] = {
    MailState.QUEUED: ("Waits to be sent", "clock", "neutral"),
    MailState.SENDING: ("Is being sent", "send", "info"),
    MailState.SENT: ("Sent", "mail", "info"),
    MailState.CAPTURED: ("Kept in the built-in mailbox", "mail", "info"),
    MailState.FAILED: ("Could not be sent", "mail-x", "danger"),
    MailState.UNCERTAIN: ("May or may not have left", "mail-warning", "warning"),
    MailState.CANCELLED: ("Taken back before it left", "circle-slash", "neutral"),
}
_TOLD: Mapping[EventKind, tuple[str, str]] = {
    EventKind.DELIVERED: ("mail-check", "success"),
    EventKind.DELAYED: ("clock", "warning"),
    EventKind.BOUNCED: ("mail-x", "danger"),
    EventKind.COMPLAINED: ("mail-warning", "danger"),
    EventKind.SUPPRESSED: ("mail-warning", "danger"),
    EventKind.FAILED: ("mail-x", "danger"),
}


@dataclass(frozen=True)
class Moment:
    """One thing that happened. `address` and `quote` are other people's words, kept apart."""

    words: str = ""
    address: str = ""
    note: str = ""
    quote: str = ""
    quote_source: str = ""
    icon: str = "clock"
    tone: str = "neutral"
    actor: str = ""
    channel: str = ""
    time: str = ""
    time_iso: str = ""


def story(
    lines: Iterable[AuditLine],
    mails: Iterable[MailSummary],
    *,
    events: Mapping[str, Sequence[NotedEvent]],
    access: FieldAccess,
    time_zone: tzinfo,
) -> list[Moment]:
    """Return all that happened, the oldest first; a command stands before the mails it caused.

    `events` are the provider's, by mail.
    """
    told = [(line.at, 0, line.seq, _of_line(line, access, time_zone)) for line in lines]
    for place, mail in enumerate(in_order(mails)):
        told += [
            (at, 1, place, moment)
            for at, moment in _of_mail(mail, events.get(mail.id, ()), access, time_zone)
        ]
    return [moment for *_order, moment in sorted(told, key=lambda entry: entry[:3])]


def in_order(mails: Iterable[MailSummary]) -> list[MailSummary]:
    """Mails as they were queued; of one moment, those that wait for another one come last."""
    return sorted(mails, key=lambda mail: (mail.created_at, mail.after_id is not None, mail.id))


def _of_line(line: AuditLine, access: FieldAccess, time_zone: tzinfo) -> Moment:
    words = action_words(line.action, line.facts)
    keys = str(line.facts.get("field") or line.facts.get("fields") or "")
    labels = [FIELDS[key].label for key in keys.split(", ") if key in FIELDS]
    mark, tone = _MARKS.get(line.action, ("info", "neutral"))
    return Moment(
        words=words[:1].upper() + words[1:] + (f": {', '.join(labels)}" if labels else ""),
        note=cause_words(line.facts.get("cause")),
        quote=told_words(line, "comment", access) or told_words(line, "note", access),
        quote_source="The patron’s words" if line.values.get("comment") else line.actor.label,
        icon=mark,
        tone=tone,
        actor=line.actor.label,
        channel=CHANNEL_WORDS[line.channel],
        time=when.short(line.at, time_zone),
        time_iso=when.iso(line.at),
    )


def _of_mail(
    mail: MailSummary, events: Sequence[NotedEvent], access: FieldAccess, time_zone: tzinfo
) -> list[tuple[datetime, Moment]]:
    """What became of one mail: how it left or why it did not, then what its provider told."""
    facts = [(mail.settled_at or mail.created_at, *_SETTLED[mail.state])]
    # That it was taken over is what "sent" says already.
    facts += [
        (event.at, event_words(event), *_TOLD[event.kind])
        for event in events
        if event.kind in _TOLD
    ]
    return [
        (
            at,
            Moment(
                words=f"{words}: {_lower(MAIL_KIND_WORDS[mail.kind])}, to",
                address=seen_address(mail, access),
                icon=mark,
                tone=tone,
                channel="mail",
                time=when.short(at, time_zone),
                time_iso=when.iso(at),
            ),
        )
        for at, words, mark, tone in facts
    ]


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]
