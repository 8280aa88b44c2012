"""What happened to a record or a request: one line for each event, the newest first.

timeline_entries(lines, mails, …)    the entries, worded      timeline_of(entries, label)    drawn

What follows from another entry of the same moment (a receipt, an applied value) is told in one line
with it. Of mails to patrons what the provider reported is told, with the evidence; of mails to
staff only what went wrong. The page lists all mails besides.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import Any, cast

import reflex as rx

from upstage_crm.admin.patrons.free_fields import find_free_field
from upstage_crm.audit.events import Action
from upstage_crm.audit.trail import AuditLine
from upstage_crm.core import when
from upstage_crm.mail.event_log import NotedEvent
from upstage_crm.mail.message import Audience
from upstage_crm.mail.provider_events import EventKind
from upstage_crm.mail.queries import MailSummary
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.patrons.visibility import FieldAccess
from upstage_crm.privacy.redacted_trail import seen_address, told_changes, told_words
from upstage_crm.ui.components.base import filled, show_if
from upstage_crm.ui.components.button import link
from upstage_crm.ui.components.page import inline, quote
from upstage_crm.ui.components.records.timeline import (
    timeline,
    timeline_item,
)
from upstage_crm.ui.components.tabs import tooltip
from upstage_crm.ui.components.text import reference
from upstage_crm.ui.components.text import when as when_
from upstage_crm.wording.action_table import ACTIONS, FOLLOWS
from upstage_crm.wording.actions import action_words
from upstage_crm.wording.mails import MAIL_KIND_WORDS, event_words
from upstage_crm.wording.preferences import kept_words
from upstage_crm.wording.sentences import cause_words, channel_words

_REPORTS: Mapping[EventKind, tuple[str, str]] = {
    EventKind.DELIVERED: ("mail-check", "success"),
    EventKind.DELAYED: ("clock", "warning"),
    EventKind.BOUNCED: ("mail-x", "danger"),
    EventKind.COMPLAINED: ("mail-warning", "danger"),
    EventKind.SUPPRESSED: ("mail-warning", "danger"),
    EventKind.FAILED: ("mail-x", "danger"),
}


@dataclass(frozen=True)
class TimelineEntry:
    """One event. `after` is what followed from it in the same moment.

    `evidence` is how we know of it. `address` and `quote` are other people's words, kept apart from
    ours. `change` says from what to what values changed.
    """

    words: str = ""
    address: str = ""
    evidence: str = ""
    after: list[str] = field(default_factory=list)
    note: str = ""
    change: str = ""
    quote: str = ""
    quote_source: str = ""
    icon: str = "info"
    tone: str = "neutral"
    actor: str = ""
    channel: str = ""
    at: str = ""
    at_iso: str = ""
    at_absolute: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class _Look:
    """What a reader may see, and the comments that the trail only mentions."""

    access: FieldAccess
    comments: Mapping[str, str]


def timeline_entries(
    lines: Iterable[AuditLine],
    mails: Sequence[MailSummary] = (),
    events: Mapping[str, Sequence[NotedEvent]] | None = None,
    *,
    access: FieldAccess,
    now: datetime,
    time_zone: tzinfo,
    comments: Mapping[str, str] | None = None,
) -> list[TimelineEntry]:
    """Return all that happened, the newest first; what caused an event is below it.

    `events` are what the provider told, by mail; `comments` what staff told each other, by id.
    """
    told: list[tuple[datetime, int, int, TimelineEntry]] = []
    look = _Look(access, comments or {})
    for place, mail in enumerate(mails):
        for event in (events or {}).get(mail.id, ()):
            is_routine = event.kind is EventKind.DELIVERED and mail.audience is Audience.STAFF
            if event.kind in _REPORTS and not is_routine:
                said = _report(mail, event, access, now, time_zone)
                told.append((event.at, 0, place, said))
    for first, rest in _folded(lines):
        told.append((first.at, 1, first.seq, _entry(first, rest, look, now, time_zone)))
    in_order = sorted(told, key=lambda one: one[:3], reverse=True)
    return [entry for _at, _kind, _place, entry in in_order]


def told_each(
    line: AuditLine, *, access: FieldAccess, now: datetime, time_zone: tzinfo
) -> list[tuple[str, TimelineEntry]]:
    """One entry for each thing that an entry of the trail changed, with the name of the thing.

    An entry that keeps no values, or whose values were erased, is told as a whole, without a name.
    """
    whole = _entry(line, [], _Look(access, {}), now, time_zone)
    changes = told_changes(line.values, access)
    if not changes:
        return [("", replace(whole, change=""))]
    return [
        (
            name,
            replace(
                whole,
                words=_begun(field_label(name)),
                change=_from_to(name, old, new, time_zone),
            ),
        )
        for name, old, new in changes
    ]


def timeline_of(entries: Any, *, label: str, shows_values: bool = False) -> rx.Component:
    """Return the entries drawn; `shows_values` adds the changed values and the request."""
    return timeline(
        rx.foreach(entries, lambda one: _drawn(cast("TimelineEntry", one), shows_values)),
        label=label,
    )


def _folded(lines: Iterable[AuditLine]) -> list[tuple[AuditLine, list[AuditLine]]]:
    """The entries that stand for themselves, each with those that follow from it."""
    moments: dict[tuple[datetime, str | None, str | None], list[AuditLine]] = {}
    for line in sorted(lines, key=lambda line: line.seq):
        moments.setdefault((line.at, line.request_id, line.patron_id), []).append(line)
    found: list[tuple[AuditLine, list[AuditLine]]] = []
    for moment in moments.values():
        causes = [line for line in moment if line.action not in FOLLOWS]
        if not causes:
            found += [(line, []) for line in moment]
            continue
        after: dict[int, list[AuditLine]] = {line.seq: [] for line in causes}
        for line in moment:
            if line.action in FOLLOWS:
                before = [cause.seq for cause in causes if cause.seq < line.seq]
                after[before[-1] if before else causes[0].seq].append(line)
        found += [(line, after[line.seq]) for line in causes]
    return found


def _entry(
    line: AuditLine,
    rest: Sequence[AuditLine],
    reader: _Look,
    now: datetime,
    time_zone: tzinfo,
) -> TimelineEntry:
    look = ACTIONS[line.action]
    source, said = _quote(line, reader)
    changes = dict.fromkeys(
        words for one in (line, *rest) for words in _changes(one, reader.access, time_zone)
    )
    return TimelineEntry(
        words=_sentence(line),
        after=[_sentence(one) for one in rest],
        note=cause_words(line.facts.get("cause")),
        change="; ".join(changes),
        quote=said,
        quote_source=source,
        icon=look.icon,
        tone=look.tone,
        actor=line.actor.label,
        channel=channel_words(line.channel),
        at=when.ago(line.at, now=now, time_zone=time_zone),
        at_iso=when.iso(line.at),
        at_absolute=when.in_words(line.at, time_zone),
        reference=str(line.facts.get("reference") or ""),
    )


def _sentence(line: AuditLine) -> str:
    """What happened, and to which fields."""
    words = action_words(line.action, line.facts)
    keys = str(line.facts.get("fields") or line.facts.get("field") or "")
    labels = ", ".join(field_label(key) for key in keys.split(", ") if key)
    return _begun(words) + (f": {labels}" if labels else "")


def _begun(words: str) -> str:
    """Words as they begin a line."""
    return words[:1].upper() + words[1:]


def field_label(key: str) -> str:
    """What people call a field of a record."""
    free = find_free_field(key)
    if free is not None:
        return free.label.lower()
    return FIELDS[key].label.lower() if key in FIELDS else key.replace("_", " ")


def _quote(line: AuditLine, reader: _Look) -> tuple[str, str]:
    """Whose words an entry keeps, and the words."""
    access = reader.access
    if line.action is Action.REQUEST_COMMENTED:
        return line.actor.label, access.words(reader.comments.get(str(line.facts["comment"]), ""))
    if said := told_words(line, "comment", access):
        return "The patron’s words", said
    for name in ("reason", "note"):
        if said := told_words(line, name, access):
            return line.actor.label, said
    return "", ""


def _changes(line: AuditLine, access: FieldAccess, time_zone: tzinfo) -> list[str]:
    """The values of an entry, old and new, as far as erasure has left them."""
    return [_from_to(*change, time_zone) for change in told_changes(line.values, access)]


def _from_to(name: str, old: str, new: str, time_zone: tzinfo) -> str:
    old, new = (kept_words(name, kept, time_zone) for kept in (old, new))
    return f"{old or 'nothing'} → {new or 'nothing'}"


def _report(
    mail: MailSummary, event: NotedEvent, access: FieldAccess, now: datetime, time_zone: tzinfo
) -> TimelineEntry:
    """What the provider told of a mail."""
    mark, tone = _REPORTS[event.kind]
    kind = MAIL_KIND_WORDS[mail.kind]
    return TimelineEntry(
        words=f"{event_words(event)}: {kind[:1].lower()}{kind[1:]}, to",
        address=seen_address(mail, access),
        evidence=_evidence(mail, event, time_zone),
        icon=mark,
        tone=tone,
        channel="email",
        at=when.ago(event.at, now=now, time_zone=time_zone),
        at_iso=when.iso(event.at),
        at_absolute=when.in_words(event.at, time_zone),
    )


def _evidence(mail: MailSummary, event: NotedEvent, time_zone: tzinfo) -> str:
    """How we know what the provider told: in a signed message, about its own number of the mail."""
    heard = when.in_words(event.received_at, time_zone)
    number = f" Its number there is {mail.provider_id}." if mail.provider_id else ""
    return f"Reported by the email provider in a signed message, received {heard}.{number}"


def _drawn(entry: TimelineEntry, shows_values: bool) -> rx.Component:
    details = [
        show_if(
            cast("rx.Var[bool]", cast("Any", entry.after).length() > 0),
            rx.el.ul(rx.foreach(entry.after, rx.el.li), class_name="u-list u-muted"),
        ),
        show_if(filled(entry.note), rx.el.p(entry.note)),
        show_if(
            filled(entry.evidence),
            rx.el.details(rx.el.summary("Evidence"), rx.el.p(entry.evidence), class_name="u-muted"),
        ),
    ]
    if shows_values:
        change = rx.el.bdi(entry.change, class_name="u-value")
        request = link(reference(entry.reference), href=f"/requests/{entry.reference}/")
        details.append(
            inline(show_if(filled(entry.change), change), show_if(filled(entry.reference), request))
        )
    details.append(show_if(filled(entry.quote), quote(entry.quote, source=entry.quote_source)))
    return timeline_item(
        rx.fragment(
            entry.words,
            show_if(filled(entry.address), rx.fragment(" ", rx.el.bdi(entry.address))),
        ),
        icon=entry.icon,
        tone=entry.tone,  # pyright: ignore[reportArgumentType]  # a var
        time=tooltip(entry.at_absolute, when_(entry.at, iso=entry.at_iso)),
        actor=entry.actor,
        channel=entry.channel,
        detail=rx.fragment(*details),
    )
