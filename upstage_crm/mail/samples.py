"""A believable draft of every kind of mail, for tests and for the preview of the wording.

Reserved domains and numbers only. The values are fixed: the same sample is the same bytes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from upstage_crm.core import when
from upstage_crm.core.email_address import mask_email
from upstage_crm.core.languages import SOURCE, speaker
from upstage_crm.core.money import in_words
from upstage_crm.links.claims import LinkClaims, Purpose, Reviewer
from upstage_crm.mail.catalogue import CATALOGUE, VisitLines
from upstage_crm.mail.message import Audience, MailDraft, MailKind
from upstage_crm.organisation.details import OrganisationDetails
from upstage_crm.patrons.views import FieldLine

ORGANISATION = OrganisationDetails(
    name="Lyric Theatre",
    desk_phone="+44 20 7946 0123",
    reply_to="boxoffice@lyric.example",
    postal_address="12 Stage Door Lane\nLondon W6 0QL",
    website="lyric.example",
    time_zone="Europe/London",
    language="en",
)
AT = datetime(2026, 11, 9, 14, 5, tzinfo=UTC)
NOW_ADDRESS = "ada.byron@oldmail.example"
PROPOSED_ADDRESS = "ada@lovelace.example"
MASKED_ADDRESS = mask_email(PROPOSED_ADDRESS)
PATRON_NAME = "Ada Lovelace"

_MAILBOXES = {
    Audience.CURRENT: NOW_ADDRESS,
    Audience.PROPOSED: PROPOSED_ADDRESS,
    Audience.BUYER: NOW_ADDRESS,
    Audience.STAFF: "dana@lyric.example",
}
_UNPROVEN = frozenset({Audience.PROPOSED, Audience.BUYER})
_ENDINGS = {
    MailKind.CHANGE_APPLIED: "approved",
    MailKind.CHANGE_REJECTED: "rejected",
    MailKind.CHANGE_EXPIRED: "expired",
    MailKind.CHANGE_WITHDRAWN: "withdrawn",
    MailKind.SEAT_MOVE_ENDED: "accepted",
    MailKind.RECORD_FROZEN: "objected to after it was approved",
}
_LETTERS: dict[MailKind, dict[str, object]] = {
    MailKind.STAFF_INVITATION: {
        "subject_line": "join the team",
        "headline": "You are invited",
        "lines": ["Dana (box office) invites you to the CRM of Lyric Theatre. Your role: Manager."],
    },
    MailKind.STAFF_PASSWORD_LINK: {
        "subject_line": "set a new password",
        "headline": "Set a new password",
        "lines": ["Someone asked for a new password for your account."],
    },
    MailKind.STAFF_NOTICE: {
        "subject_line": "new sign-in to your account",
        "headline": "New sign-in to your account",
        "lines": ["Firefox on Linux, from the network 203.0.113.0."],
        "button": "Review your sessions",
        "path": "/account/",
    },
}
_OF_NO_ORDER = (
    *(MailKind.SIGN_IN_CODE, MailKind.OWN_CHANGE_CODE),
    *(MailKind.WAITING_PLACE, MailKind.WAITING_OFFER),
)
_WITHOUT_REFERENCE = frozenset({*_LETTERS, *_OF_NO_ORDER})


def sample(kind: MailKind, audience: Audience, language: str = SOURCE) -> dict[str, object]:
    """A context as the catalogue lists it for `kind`, fit for `audience`.

    What we say ourselves is in `language`; what people typed stays as it is.
    """
    say, zone = speaker(language), ORGANISATION.zone

    def instant(**later: float) -> str:
        return when.in_words(AT + timedelta(**later), zone, language)

    hidden = audience in (Audience.PROPOSED, Audience.BUYER)
    staff = audience is Audience.STAFF
    visit = VisitLines(
        title="Così fan tutte",
        when=instant(days=25),
        place="Lyric Theatre, Main House",
        address="12 Stage Door Lane\nLondon W6 0QL",
        doors="18:45",
        seats=("Stalls, row F, seat 12", "Stalls, row F, seat 13"),
        notes=("Angel Court 3",),
    )
    line = FieldLine(
        label=say("Email address"),
        # Each mailbox recognises the other one, and does not read it.
        now=mask_email(NOW_ADDRESS) if hidden else NOW_ADDRESS,
        proposed=PROPOSED_ADDRESS if hidden or staff else MASKED_ADDRESS,
        outcome="approved" if staff else "",
    )
    context: dict[str, object] = {
        "org": ORGANISATION,
        "public_url": "https://crm.lyric.example",
        "reference": "" if kind in _WITHOUT_REFERENCE else "K7-2FQ",
        "proposer": "Dana (box office)",
        "greeting": None
        if hidden
        else ("Hello Dana," if staff else say("Dear {name},").format(name=PATRON_NAME)),
        "fields": [line],
        "when_text": instant(),
        "expires_text": instant(days=7),
        "reason_sentence": say("We were asked at the box office to make this change."),
        "reason_text": None
        if hidden
        else "Called on Monday about a new address.\nTickets wait at the desk.",
        "undo_until_text": instant(hours=72),
        "asked_text": instant(days=-3),
        "applies_text": instant(hours=72),
        "applies_date_text": when.day_in_words(AT + timedelta(hours=72), zone, language),
        "method_text": say("by calling the phone number on the record"),
        "new_address": MASKED_ADDRESS,
        "asks_more": False,
        "tickets_text": None if hidden else "3",
        "labels_text": say("Phone number"),
        "is_sure": True,
        "is_own": False,
        "is_frozen": True,
        "is_disowned": hidden,
        "blocked_text": None,
        "approved_here": True,
        "outcome": _ENDINGS.get(kind, "approved"),
        "patron_name": PATRON_NAME,
        "patron_number": "P-001042",
        "comment": "Yes, that is right. Thank you.",
        "event_text": "The Tempest",
        "old_text": instant(days=21),
        "old_hall_text": "Main Hall, Lyric Theatre",
        "new_text": instant(days=28),
        "new_hall_text": "Main Hall, Lyric Theatre",
        "seats_text": "Stalls, row F, seat 12; Stalls, row F, seat 13",
        "amount_text": "£70.00",
        "wire_text": "Too many proposals within ten minutes",
        "count_text": "6",
        "limit_text": "5",
        "until_text": instant(days=7),
        "visits": [visit],
        "visit": visit,
        "total_text": in_words(7_000, "GBP", language),
        "news": "sale",
        "has_tickets": True,
        "hall_text": "Main Hall",
        "places_text": "2",
        "is_confirmed": False,
        "giver_text": MASKED_ADDRESS,
        "recipient_text": MASKED_ADDRESS,
        "is_accepted": True,
        "old_seat_text": "Stalls, row F, seat 12",
        "new_seat_text": "Stalls, row D, seat 8",
        "why_text": say("Your seat cannot be used at the moment."),
        **_LETTERS.get(kind, {}),
    }
    wanted = CATALOGUE[kind].context.__required_keys__
    return {name: value for name, value in context.items() if name in wanted}


def sample_draft(
    kind: MailKind,
    audience: Audience,
    *,
    kid: str = "sample",
    at: datetime = AT,
    language: str = "en",
) -> MailDraft:
    """A complete draft of `kind` for `audience`, its links signed by key `kid` from `at` on.

    `language` is that of our own words; what people typed stays as it is.
    """
    return MailDraft(
        kind=kind,
        to_address=_MAILBOXES[audience],
        audience=audience,
        language=language,
        context=sample(kind, audience, language),
        dedupe_key=f"sample/{kind.value}/{audience.value}",
        links={
            name: _claims(Purpose(name), audience, kid=kid, at=at)
            for name in sorted(CATALOGUE[kind].links[audience])
        },
    )


def _claims(purpose: Purpose, audience: Audience, *, kid: str, at: datetime) -> LinkClaims:
    return LinkClaims(
        request_id="0" * 32,
        purpose=purpose,
        reviewer=Reviewer.PROPOSED if audience in _UNPROVEN else Reviewer.CURRENT,
        version=1,
        jti=f"{purpose.value}-sample-link",
        issued_at=at,
        expires_at=at + timedelta(days=7),
        kid=kid,
    )
