"""Fills a new database with the demo, through the same commands that people use.

The content is the same every time; instants are counted back from the start, so that pending
requests are alive whenever a visitor tries the demo.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from random import Random

from upstage_crm import wiring
from upstage_crm.audit.events import OPERATOR, Channel
from upstage_crm.change_requests.lifecycle import scheduled, staff_commands
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model import policy_store
from upstage_crm.change_requests.model.policy import DEFAULT
from upstage_crm.change_requests.model.rules import Decision
from upstage_crm.change_requests.reads import requests
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import dialect_of
from upstage_crm.demo import record_details, second_steps, unusual
from upstage_crm.demo.crowd import crowd
from upstage_crm.demo.people import people
from upstage_crm.demo.person import DemoPerson
from upstage_crm.demo.scenarios import (
    STORIES,
    Ending,
    Story,
)
from upstage_crm.demo.season import houses, order_changes, past_sales, programme, tills, venues
from upstage_crm.demo.second_steps import Scene
from upstage_crm.demo.special import PROTECTED_EMAIL
from upstage_crm.demo.staff import ORGANISATION, STAFF
from upstage_crm.links.claims import Reviewer
from upstage_crm.organisation import settings
from upstage_crm.patrons.commands import NewPatron, add_parsed, clean_free, first_columns
from upstage_crm.patrons.fields import Context
from upstage_crm.patrons.queries import get_by_number
from upstage_crm.patrons.tables import PatronKind, PatronStatus
from upstage_crm.patrons.tags import joined, parse
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.staff import (
    accounts,
    demo_account,
)
from upstage_crm.staff.auth import passwords
from upstage_crm.staff.roles import StaffMember

PATRONS = 2_000
SEED = 20_260_302
ERASED = 140  # a place among the demo patrons: a patron without any request
_SILENT_DAYS = 5  # before so many days a silent mailbox has let a change happen by now
_NOTED_DAYS = 44  # before so many days notes, preferences and households were written
INVENTED = 50_000  # patrons who are all invented one by one
_MODELS = 10_000  # of whom the others are made when there are more
_BATCH = 25  # patrons whose records are made at one moment
_AT_ONCE = 5_000  # patrons of one transaction
_CACHE_KB = 400_000  # of SQLite, while many rows are written


def seed(parts: wiring.Runtime, *, count: int = PATRONS) -> None:
    """Make staff, `count` patrons and requests in every state a command can reach.

    The database must be migrated and empty; each step is one transaction.
    """
    now = parts.clock.now()
    clock = FrozenClock(now)
    frozen = wiring.build(parts.settings, database=parts.database, clock=clock)
    members = _staff(parts, now - timedelta(days=3_000))
    with parts.database.transaction() as session:
        clock.set(now - timedelta(days=2_999))
        owner = frozen.staff_context(session, members[0])
        settings.change(owner, proposed=ORGANISATION)
        venues.add(frozen.staff_context(session, members[0], channel=Channel.DEMO))
        clock.set(now + timedelta(weeks=programme.EARLIEST - 8))
        context = frozen.staff_context(session, members[0], channel=Channel.DEMO)
        programme.add_earlier(context, today=now.date())
        clock.set(now - timedelta(days=2_999))
        policy_store.change(owner, proposed=unusual.roomy(second_steps.POLICY))
    numbers = _patrons(parts, members[1], count, now)
    with parts.database.transaction() as session:
        clerk, made_at = members[1], now - timedelta(days=_NOTED_DAYS)
        context = parts.staff_context(session, clerk, channel=Channel.DEMO, now=made_at)
        record_details.add(context, numbers)
    scene = Scene(parts=frozen, clock=clock, second=members[3], third=members[5])
    for story in sorted(STORIES, key=lambda story: story.days_ago, reverse=True):
        clock.set(now - timedelta(days=story.days_ago, minutes=story.minutes))
        number = numbers[story.patron % len(numbers)]
        _play(scene, story, number, members[1 + story.patron % 2])
    clock.set(now - timedelta(hours=28))
    with parts.database.transaction() as session:
        tills.add(frozen.staff_context(session, members[0], channel=Channel.DEMO))
    clock.set(now - timedelta(hours=20))
    second_steps.protect(scene, PROTECTED_EMAIL)
    second_steps.ask_for_an_erasure(scene, numbers[ERASED % len(numbers)])
    clock.set(now - timedelta(minutes=20))
    with parts.database.transaction() as session:
        context = frozen.staff_context(session, members[0], channel=Channel.DEMO)
        programme.add(context, today=now.date())
        houses.add(context)
        past_sales.add(context)
        clerk = frozen.staff_context(session, members[1], channel=Channel.DEMO)
        order_changes.exchange(clerk)
        order_changes.call_off(context, frozen.order_context(session))
        owner = frozen.staff_context(session, members[0])
        policy_store.change(owner, proposed=second_steps.POLICY)
    unusual.burst(scene, numbers, members[2])
    clock.set(now)


def _staff(parts: wiring.Runtime, now: datetime) -> list[StaffMember]:
    password_hash = passwords.hash_password(demo_account.PASSWORD)
    members: list[StaffMember] = []
    with parts.database.transaction() as session:
        for person in STAFF:
            staff_id = accounts.add(
                session,
                email=person.email,
                display_name=person.display_name,
                desk=person.desk,
                role=person.role,
                password_hash=password_hash,
                actor=OPERATOR,
                channel=Channel.DEMO,
                now=now,
            )
            member = accounts.find_active(session, staff_id)
            assert member is not None
            members.append(member)
    return members


def _patrons(parts: wiring.Runtime, actor: StaffMember, count: int, now: datetime) -> list[int]:
    """Add the invented people, oldest first; return the numbers of those who can be asked.

    Of more than `INVENTED`, only the first are; the others are made of them, and added beside them.
    """
    until = now - timedelta(days=45)  # requests are younger than every record
    everybody = list(people(count if count <= INVENTED else _MODELS, SEED, until=until))
    order = sorted(range(len(everybody)), key=lambda place: everybody[place].created_at)
    entries = [_entry(person, now) for person in everybody]
    usual = [entry for entry, one in zip(entries, everybody, strict=True) if not one.edge]
    others_count = count - len(everybody)
    others = crowd(usual, others_count, SEED)
    batches = [order[start : start + _BATCH] for start in range(0, len(order), _BATCH)]
    beside = -(-others_count // max(len(batches), 1))
    numbers: dict[int, int] = {}
    for some in _chunks(batches, _AT_ONCE // (_BATCH + beside) or 1):
        with parts.database.transaction() as session:
            if others_count and dialect_of(session) == "sqlite":
                session.connection().exec_driver_sql(f"PRAGMA cache_size = -{_CACHE_KB}")
            for places in some:
                made_at = everybody[places[-1]].created_at
                more = [*islice(others, beside)]
                added = add_parsed(
                    parts.staff_context(session, actor, channel=Channel.DEMO, now=made_at),
                    entries=[*(entries[place] for place in places), *more],
                )
                numbers |= dict(zip(places, added, strict=False))
    return [numbers[place] for place, person in enumerate(everybody) if _can_be_asked(person)]


def _chunks(batches: list[list[int]], size: int) -> Iterator[list[list[int]]]:
    for start in range(0, len(batches), size):
        yield batches[start : start + size]


def _entry(person: DemoPerson, now: datetime) -> NewPatron:
    raw = {name: value or "" for name, value in person.values.items()}
    free = {
        "preferred_name": person.preferred_name,
        "pronouns": person.pronouns,
        "language": person.language,
        "time_zone": person.time_zone,
        "note": person.note,
    }
    return NewPatron(
        kind=PatronKind(person.kind),
        columns=first_columns(raw, Context(today=now.date())),
        free=clean_free(free),
        tags=parse(joined(person.tags)),
        status=PatronStatus(person.status),
        is_email_verified=person.is_email_verified,
        is_email_bounced=person.is_email_bounced,
        is_flagged=person.is_flagged,
    )


def _can_be_asked(person: DemoPerson) -> bool:
    has_mail = person.values["email"] is not None and not person.is_email_bounced
    return has_mail and person.status == "active" and person.kind == "person"


def _play(scene: Scene, story: Story, number: int, actor: StaffMember) -> None:
    """Propose what the story says, let the mail arrive, and bring the request to its ending."""
    parts, clock = scene.parts, scene.clock
    with parts.database.transaction() as session:
        patron = get_by_number(session, number)
    changes = _changes(story, patron)
    if story.ending in second_steps.BY_DESK:
        second_steps.at_the_desk(scene, story, patron_id=patron.id, changes=changes, actor=actor)
        parts.dispatcher.run_once(20)
        return
    with parts.database.transaction() as session:
        proposed = staff_commands.propose(
            parts.staff_context(session, actor, channel=Channel.DEMO),
            patron_id=patron.id,
            changes=changes,
            reason_code=story.reason,
            reason_text=story.words,
            parsing=Context(today=clock.now().date()),
            ask_both=story.asks_both,
        )
    parts.dispatcher.run_once(20)
    clock.advance(timedelta(minutes=story.answered_after))
    _end(scene, story, proposed, patron, actor)
    parts.dispatcher.run_once(20)


def _end(
    scene: Scene, story: Story, proposed: Proposed, patron: PatronRecord, actor: StaffMember
) -> None:
    database, clock = scene.parts.database, scene.clock
    match story.ending:
        case Ending.PENDING | Ending.HELD:
            pass
        case Ending.EXPIRES:
            clock.advance(DEFAULT.link_life)
            with database.transaction() as session:
                scheduled.expire(
                    scene.parts.command_context(session),
                    request_id=proposed.request_id,
                )
        case Ending.WITHDRAWN:
            with database.transaction() as session:
                staff_commands.withdraw(
                    scene.parts.staff_context(session, actor, channel=Channel.DEMO),
                    reference=proposed.reference,
                )
        case Ending.SUPERSEDED:
            _play(scene, story.again(), patron.number, actor)
        case Ending.RELEASED:
            second_steps.release(scene, proposed)
        case Ending.REMINDED:
            second_steps.remind(scene, proposed)
        case Ending.UNDELIVERABLE:
            second_steps.comes_back(scene, proposed)
        case Ending.REVERTED | Ending.FROZEN | Ending.LOOKED_AT | Ending.DISPUTED_LATE:
            second_steps.put_back(scene, story, proposed, patron.id)
        case Ending.WAITS | Ending.STOPPED | Ending.LEFT:
            second_steps.wait(scene, story, proposed)
        case _:
            _answer(scene, story, proposed)


def _answer(scene: Scene, story: Story, proposed: Proposed) -> None:
    """Both mailboxes answer, or one of them does and the clock decides for the other."""
    current, new = Reviewer.CURRENT, Reviewer.PROPOSED
    approve, reject = Decision.APPROVE, Decision.REJECT
    if "email" not in story.fields:
        said = {Ending.APPROVED: approve, Ending.REJECTED: reject}
        decision = said.get(story.ending, Decision.OBJECT)
        second_steps.answer(scene, proposed, current, decision, comment=story.comment)
    elif story.ending is Ending.REJECTED:
        second_steps.answer(scene, proposed, current, reject, comment=story.comment)
    elif story.ending is Ending.PARTLY_APPROVED:
        with scene.parts.database.reading() as session:
            fields = requests.get(session, proposed.reference).fields
        answers = {f.id: approve if f.field == "email" else reject for f in fields}
        second_steps.answer(
            scene, proposed, current, approve, answers=answers, comment=story.comment
        )
        second_steps.answer(scene, proposed, new, approve)
    elif story.days_ago > _SILENT_DAYS and story.patron % 2:
        second_steps.answer(scene, proposed, new, approve)
        second_steps.take_effect(scene, proposed, after=DEFAULT.notice_period)
    else:
        second_steps.answer(scene, proposed, current, approve)
        second_steps.answer(scene, proposed, new, approve)


def _changes(story: Story, patron: PatronRecord) -> dict[str, dict[str, str]]:
    """The story's new values; an address is made from the patron's own name."""
    random = Random(f"{SEED}/{patron.number}/{story.days_ago}")  # noqa: S311  # no secret here
    given = (patron.values["given_name"] or "patron").split()[0].casefold()
    plain = "".join(ch for ch in given if ch.isascii() and ch.isalpha()) or "patron"
    changes: dict[str, dict[str, str]] = {}
    if "email" in story.fields:
        domain = random.choice(("example.org", "example.net", "mail.example.com"))
        changes["email"] = {"email": f"{plain}.{patron.number}{story.twist}@{domain}"}
    if "phone" in story.fields:
        changes["phone"] = {"phone": f"+1 212 555 01{random.randrange(10, 99)}"}
    if "name" in story.fields:
        changes["name"] = {
            "given_name": patron.values["given_name"] or "",
            "family_name": f"{patron.values['family_name'] or ''} Bell".strip(),
        }
    if "address" in story.fields:
        changes["address"] = {
            "address_line1": f"{random.randrange(2, 90)} Harbour Row",
            "address_line2": "",
            "address_city": "Boston",
            "address_region": "MA",
            "address_postcode": "02110",
            "address_country": "US",
        }
    if "date_of_birth" in story.fields:
        changes["date_of_birth"] = {"date_of_birth": f"19{random.randrange(48, 99)}-05-17"}
    return changes
