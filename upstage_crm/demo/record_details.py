"""Notes, preferences, other contacts and households of the demo's patrons, through the commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from sqlmodel import Session, col, select

from upstage_crm.households import commands as households
from upstage_crm.households.rules import RelationKind
from upstage_crm.patrons.details import edit_contacts, edit_preferences, notes
from upstage_crm.patrons.details.preferences import Answer, Basis, ContactChannel, Purpose, Source
from upstage_crm.patrons.fields import Context
from upstage_crm.patrons.queries import get_by_number
from upstage_crm.patrons.tables import PatronRow, PatronStatus
from upstage_crm.staff.command_context import StaffContext

NOTES = (
    "Prefers a seat at the aisle, on the left.",
    "Hard of hearing: a seat near the induction loop.",
    "Asked for the programme in large print.",
    "Comes with a guide dog. Row A has the room.",
    "The firm pays: ask for their order number.",
    "Please no calls before noon: works at night.",
    "Was here on the evening when the lift failed. We promised a better seat next time.",
)
_SAID = (
    (ContactChannel.EMAIL, Purpose.NEWS, Answer.YES, Basis.CONSENT, Source.IN_PERSON),
    (ContactChannel.EMAIL, Purpose.NEWS, Answer.YES, Basis.SOFT_OPT_IN, Source.ORDER),
    (ContactChannel.EMAIL, Purpose.FUNDRAISING, Answer.NO, None, Source.PHONE),
    (ContactChannel.POST, Purpose.NEWS, Answer.YES, Basis.LEGITIMATE_INTEREST, Source.ORDER),
    (ContactChannel.POST, Purpose.FUNDRAISING, Answer.YES, Basis.CONSENT, Source.LETTER),
    (ContactChannel.PHONE, Purpose.NEWS, Answer.NO, None, Source.PHONE),
    (ContactChannel.SMS, Purpose.NEWS, Answer.NO, None, Source.EMAIL),
    (ContactChannel.EMAIL, Purpose.RESEARCH, Answer.YES, Basis.CONSENT, Source.EMAIL),
)
_OWN = "jane.marlowe@example.org"  # the patron with whom the tour of the README begins
_ANSWERED, _NOTED, _REACHED, _HOUSES = 120, 45, 30, 40  # how many of each
_NEIGHBOURS = 4_000  # records in which people of one address are looked for


def add(context: StaffContext[object], numbers: Sequence[int]) -> None:
    """Write what staff would have noted over the years about some of these patrons."""
    session = context.session
    own = session.exec(select(PatronRow.number).where(PatronRow.email == _OWN)).first()
    first = [] if own is None else [own]
    for place, patron_id in enumerate(_ids(session, [*first, *numbers[3::5]], _ANSWERED)):
        _answer(context, patron_id, place)
    for place, patron_id in enumerate(_ids(session, [*first, *numbers[2::9]], _NOTED)):
        notes.add(context, patron_id=patron_id, text=NOTES[place % len(NOTES)])
    for place, patron_id in enumerate(_ids(session, [*first, *numbers[5::13]], _REACHED)):
        raw = {"email": f"desk{place}@work-{place % 7}.example"}
        edit_contacts.add(
            context,
            patron_id=patron_id,
            field="email",
            raw=raw,
            parsing=Context(today=context.now.date()),
        )
    for members in list(_homes(session))[:_HOUSES]:
        _settle(context, members)


def _answer(context: StaffContext[object], patron_id: str, place: int) -> None:
    for way in range(1 + place % 3):
        channel, purpose, said, basis, source = _SAID[(place + 3 * way) % len(_SAID)]
        edit_preferences.answer(
            context,
            patron_id=patron_id,
            cell=(channel, purpose),
            answer=said,
            basis=basis,
            source=source,
        )


def _settle(context: StaffContext[object], members: Sequence[PatronRow]) -> None:
    """People of one name and address live together; two of them are partners, others siblings."""
    head, *others = members
    for other in others:
        households.join(context, patron_id=head.id, other_id=other.id)
    kind = RelationKind.PARTNER if len(others) == 1 else RelationKind.SIBLING
    households.relate(context, patron_id=head.id, other_id=others[0].id, kind=kind)


def _ids(session: Session, numbers: Sequence[int], most: int) -> Iterator[str]:
    """The ids of the first of these patrons, each once."""
    for number in list(dict.fromkeys(numbers))[:most]:
        yield get_by_number(session, number).id


def _homes(session: Session) -> Iterator[list[PatronRow]]:
    """Patrons who share a family name and an address: from two to four of them."""
    query = (
        select(PatronRow)
        .where(
            PatronRow.status == PatronStatus.ACTIVE,
            col(PatronRow.address_line1).is_not(None),
            col(PatronRow.family_name).is_not(None),
        )
        .order_by(col(PatronRow.number))
        .limit(_NEIGHBOURS)
    )
    people = sorted(session.exec(query), key=_home_of)
    for _home, found in groupby(people, key=_home_of):
        members = list(found)
        if len(members) in range(2, 5):
            yield members


def _home_of(row: PatronRow) -> tuple[str, ...]:
    return (
        row.family_name or "",
        row.address_line1 or "",
        row.address_postcode or "",
        row.address_city or "",
    )
