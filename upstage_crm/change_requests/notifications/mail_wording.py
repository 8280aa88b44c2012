"""What the mails of a change request say to each reader: the values that their templates show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from functools import lru_cache

from upstage_crm.change_requests.model.field_change import FieldChange
from upstage_crm.change_requests.model.reasons import (
    METHODS,
    REASONS,
)
from upstage_crm.change_requests.notifications.context import (
    OUTCOME_WORDS,
    MailContext,
)
from upstage_crm.core import when
from upstage_crm.core.languages import SOURCE, choose, speaker
from upstage_crm.links.claims import Reviewer
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.patrons import fields
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.patrons.views import FieldLine
from upstage_crm.patrons.visibility import MAILBOX, MailboxAccess
from upstage_crm.staff.names import label_for_patrons

Context = dict[str, object]
DEAR = "Dear {name},"


def telling(matter: MailContext, reviewer: Reviewer, *, public_url: str, at: datetime) -> Context:
    """What every mail to a reviewer says; `at` is when what it tells happened."""
    access, say = matter.access(reviewer), speaker(matter.language)
    return {
        "org": matter.organisation,
        "public_url": public_url,
        "reference": matter.reference,
        "proposer": label_for_patrons(matter.proposer_label, say),
        "greeting": say(DEAR).format(name=matter.patron_name) if access.reads_freely else None,
        "fields": [_line(f, matter, access) for f in matter.seen_by(reviewer).fields],
        "when_text": instant(matter, at),
    }


def asking(matter: MailContext, reviewer: Reviewer, *, public_url: str, now: datetime) -> Context:
    """What a mail about an open request says: `telling`, the deadlines and the reason.

    Before `applies_text` a new address is not used. It is None where the current mailbox has to
    say yes, so that its silence is a no.
    """
    access, say = matter.access(reviewer), speaker(matter.language)
    words = access.words(matter.reason_text)
    addresses = [field for field in matter.fields if field.field.is_mailbox]
    is_heard = all(reviewer not in field.binding for field in addresses)
    return telling(matter, reviewer, public_url=public_url, at=now) | {
        "is_own": matter.is_own,
        "expires_text": instant(matter, matter.expires_at),
        "reason_sentence": say(REASONS[matter.reason_code].sentence),
        "reason_text": words or None,
        "applies_text": instant(matter, now + matter.wait) if is_heard else None,
        "applies_date_text": day(matter, now + matter.wait),
        "new_address": access.values(MAILBOX, addresses[0].current, addresses[0].proposed)[1]
        if addresses
        else None,
        "tickets_text": str(matter.tickets) if access.reads_freely and matter.tickets else None,
        "asks_more": any(reviewer in f.binding and not f.field.is_mailbox for f in matter.fields),
        "method_text": say(METHODS[matter.method].sentence) if matter.method else None,
    }


def reminding(
    matter: MailContext, reviewer: Reviewer, *, asked_at: datetime, public_url: str, now: datetime
) -> Context:
    """What a reminder says besides: when the question was sent first."""
    asked: Context = asking(matter, reviewer, public_url=public_url, now=now)
    if matter.applies_at is not None:
        asked["applies_text"] = instant(matter, matter.applies_at)
    return asked | {"asked_text": instant(matter, asked_at)}


def waiting(
    matter: MailContext,
    reviewer: Reviewer,
    *,
    until: datetime,
    is_sure: bool,
    public_url: str,
    at: datetime,
) -> Context:
    """What a reviewer who approved reads: when it takes effect, or before when it does not."""
    return telling(matter, reviewer, public_url=public_url, at=at) | {
        "applies_text": instant(matter, until),
        "is_sure": is_sure,
    }


def further(
    matter: MailContext, reviewer: Reviewer, *, until: datetime, public_url: str, at: datetime
) -> Context:
    """What a displaced mailbox reads of a further change: which fields, and no value of any."""
    told = telling(matter, reviewer, public_url=public_url, at=at)
    say = speaker(matter.language)
    labels = ", ".join(say(field.field.label) for field in matter.fields)
    return told | {
        "greeting": None,
        "fields": list[FieldLine](),
        "labels_text": labels,
        "applies_text": instant(matter, until),
    }


def applied(matter: MailContext, reviewer: Reviewer, *, public_url: str, at: datetime) -> Context:
    """What a mail says of a change that took effect at `at`."""
    own = [field for field in matter.seen_by(reviewer).fields if reviewer in field.approved]
    is_current = reviewer is Reviewer.CURRENT
    return telling(matter, reviewer, public_url=public_url, at=at) | {
        "is_own": matter.is_own,
        "undo_until_text": instant(matter, at + matter.revert_window) if is_current else None,
        "approved_here": bool(own),
    }


def reverted(
    matter: MailContext,
    reviewer: Reviewer,
    *,
    blocked: Sequence[str],
    is_frozen: bool,
    is_disowned: bool,
    public_url: str,
    at: datetime,
) -> Context:
    """What was restored, and what was not. No one is greeted by a name that may be in dispute."""
    say = speaker(matter.language)
    labels = ", ".join(say(fields.field(key).label) for key in blocked)
    return telling(matter, reviewer, public_url=public_url, at=at) | {
        "greeting": None,
        "is_frozen": is_frozen,
        "is_disowned": is_disowned,
        "blocked_text": labels or None,
    }


def lifted(
    *,
    organisation: OrganisationDetails,
    reference: str,
    language: str,
    public_url: str,
    at: datetime,
) -> Context:
    """What an address reads that we may write to again."""
    return {
        "org": organisation,
        "public_url": public_url,
        "reference": reference,
        "proposer": "",
        "greeting": None,
        "fields": [],
        "when_text": _in_words(at, organisation.zone, language),
    }


def erased(
    patron: PatronRow, *, organisation: OrganisationDetails, public_url: str, at: datetime
) -> Context:
    """What the last mail to a patron says: that nothing is held any more, and of which number."""
    zone = organisation.zone_of(patron.time_zone)
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
    matter: MailContext, *, outcome: str, comment: str | None, public_url: str, at: datetime
) -> Context:
    """What a mail to a staff member says: every value in full, the organisation's own time."""
    return {
        "org": matter.organisation,
        "public_url": public_url,
        "reference": matter.reference,
        "proposer": matter.proposer_label,
        "greeting": None,
        "fields": [_full_line(field, matter.organisation.home) for field in matter.fields],
        "when_text": _in_words(at, matter.organisation.zone, SOURCE),
        "outcome": outcome,
        "patron_name": matter.patron_name,
        "patron_number": str(matter.patron_number),
        "comment": comment or None,
    }


def instant(matter: MailContext, at: datetime) -> str:
    """An instant in the patron's own time, with its weekday and zone."""
    return _in_words(at, _zone(matter), matter.language)


def day(matter: MailContext, at: datetime) -> str:
    """The day of an instant in the patron's own time."""
    return when.day_in_words(at, _zone(matter), matter.language)


def _zone(matter: MailContext) -> tzinfo:
    return matter.organisation.zone_of(matter.patron_time_zone)


@lru_cache(maxsize=256)
def _in_words(at: datetime, zone: tzinfo, language: str) -> str:
    """As `when.in_words`: the mails of one command say the same two or three instants."""
    return when.in_words(at, zone, language)


def _line(field: FieldChange, matter: MailContext, access: MailboxAccess) -> FieldLine:
    """One field as a mailbox may read it."""
    say = speaker(matter.language)
    now, proposed = access.values(field.field, field.current, field.proposed, matter.language)
    return FieldLine(
        label=say(field.field.label),
        now=now,
        proposed=proposed,
        outcome=say(OUTCOME_WORDS[field.outcome]),
    )


def _full_line(field: FieldChange, home: str) -> FieldLine:
    """One field as staff read it: both values in full, in English."""
    return FieldLine(
        label=field.field.label,
        now=field.field.show(field.current, SOURCE, home),
        proposed=field.field.show(field.proposed, SOURCE, home),
        outcome=OUTCOME_WORDS[field.outcome],
    )
