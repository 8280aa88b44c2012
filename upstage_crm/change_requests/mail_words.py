"""What the mails of a change request say to each reader: the values that their templates show.

A stranger reads no name, no value that we hold today and no words of staff; see `mails`.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import lru_cache
from typing import cast

from upstage_crm.change_requests.matter import OUTCOME_WORDS, Matter, MatterField
from upstage_crm.change_requests.reasons import METHODS, REASONS
from upstage_crm.change_requests.rules import DeskMethod
from upstage_crm.core import when
from upstage_crm.core.languages import SOURCE, choose, speaker
from upstage_crm.links.claims import Reviewer
from upstage_crm.mail.catalogue import FieldLine
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.patrons import fields
from upstage_crm.patrons.tables import PatronRow

Context = dict[str, object]
DEAR = "Dear {name},"


def telling(matter: Matter, reviewer: Reviewer, *, public_url: str, at: datetime) -> Context:
    """What every mail to a reviewer says; `at` is when what it tells happened."""
    stranger, say = reviewer is Reviewer.PROPOSED, speaker(matter.language)
    greets = not stranger and matter.current_trusted
    return {
        "org": matter.organisation,
        "public_url": public_url,
        "reference": matter.reference,
        "proposer": matter.proposer_label,
        "greeting": say(DEAR).format(name=matter.patron_name) if greets else None,
        "fields": [
            _line(f, matter.language, stranger=stranger) for f in matter.seen_by(reviewer).fields
        ],
        "when_text": instant(matter, at),
    }


def asking(matter: Matter, reviewer: Reviewer, *, public_url: str, now: datetime) -> Context:
    """What a mail about an open request says: `telling`, the deadline and the reason."""
    is_trusted = reviewer is Reviewer.CURRENT and matter.current_trusted
    return telling(matter, reviewer, public_url=public_url, at=now) | {
        "expires_text": instant(matter, matter.expires_at),
        "reason_sentence": speaker(matter.language)(REASONS[matter.reason_code].sentence),
        "reason_text": (matter.reason_text or None) if is_trusted else None,
    }


def erased(
    patron: PatronRow, *, organisation: OrganisationDetails, public_url: str, at: datetime
) -> Context:
    """What the last mail to a patron says: that nothing is held any more, and of which number."""
    zone = when.zone(patron.time_zone, organisation.time_zone)
    return {
        "org": organisation,
        "public_url": public_url,
        "reference": str(patron.number),
        "proposer": "",
        "greeting": None,
        "fields": [],
        "when_text": _in_words(at, zone, choose(patron.language, organisation.language)),
    }


def for_staff(
    matter: Matter, *, outcome: str, comment: str | None, public_url: str, at: datetime
) -> Context:
    """What a mail to a staff member says: every value in full, the organisation's own time."""
    return {
        "org": matter.organisation,
        "public_url": public_url,
        "reference": matter.reference,
        "proposer": matter.proposer_label,
        "greeting": None,
        "fields": [_full_line(field, SOURCE) for field in matter.fields],
        "when_text": _in_words(at, when.zone(matter.organisation.time_zone), SOURCE),
        "outcome": outcome,
        "patron_name": matter.patron_name,
        "patron_number": str(matter.patron_number),
        "comment": comment or None,
    }


def instant(matter: Matter, at: datetime) -> str:
    """An instant in the patron's own time, with its weekday and zone."""
    return _in_words(at, _zone(matter), matter.language)


def day(matter: Matter, at: datetime) -> str:
    """The day of an instant in the patron's own time."""
    return when.day_in_words(at, _zone(matter), matter.language)


def method(matter: Matter, found: DeskMethod) -> str:
    """How staff found out who the patron is, in a few words."""
    return speaker(matter.language)(METHODS[found].sentence)


def _zone(matter: Matter) -> tzinfo:
    return when.zone(matter.patron_time_zone, matter.organisation.time_zone)


@lru_cache(maxsize=256)
def _in_words(at: datetime, zone: tzinfo, language: str) -> str:
    """As `when.in_words`: the mails of one command say the same two or three instants."""
    return when.in_words(at, zone, language)


def _line(field: MatterField, language: str, *, stranger: bool) -> FieldLine:
    line = _full_line(field, language)
    return cast("FieldLine", {**line, "now": None}) if stranger else line


def _full_line(field: MatterField, language: str) -> FieldLine:
    entry, say = fields.field(field.field), speaker(language)
    return FieldLine(
        label=say(entry.label),
        now=entry.show(field.current, language) or None,
        proposed=entry.show(field.proposed, language),
        outcome=say(OUTCOME_WORDS[field.outcome]),
    )
