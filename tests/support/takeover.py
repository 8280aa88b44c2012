"""A thief among the staff, patrons of every kind, and what becomes of their records.

Everything is played: the commands that the pages call, the mails that leave, the links in them, the
steps of the clock. Of each kind of record there are two: one patron is silent, the other says no.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import sqlalchemy as sa

from tests.support.engine import Engine
from tests.support.keyring import SECRET_KEYS
from tests.support.office import Office
from upstage_crm import wiring
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model.errors import NoMailbox
from upstage_crm.change_requests.model.rules import (
    OPEN_STATES,
    STOPPED,
    Decision,
)
from upstage_crm.change_requests.model.tables import ChangeRequestRow
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database, table_of
from upstage_crm.core.errors import UpstageError
from upstage_crm.jobs import schedule
from upstage_crm.links.claims import Purpose
from upstage_crm.mail import event_log
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.mail.sending.local_sender import LocalSender
from upstage_crm.patrons import marks
from upstage_crm.patrons.tables import PatronRow
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.settings import Settings
from upstage_crm.staff.roles import StaffMember

EVERY, LASTS = timedelta(hours=24), timedelta(hours=168)
PHONE = "+12125550666"  # the thief's
_LONG_AGO, _LATELY = timedelta(days=40), timedelta(days=12)  # with something at stake, and without
_TRIES = 2  # mailboxes of the thief's own, one after the other
_patron, _request = table_of(PatronRow), table_of(ChangeRequestRow)


class Record(StrEnum):
    """What a thief finds."""

    PROVEN = "a proven address"
    UNPROVEN = "an unproven address"
    TYPED_LATELY = "an unproven address, typed less than 72 hours ago"
    STAKE = "something at stake"
    PROTECTED = "protected or in dispute"
    COMES_BACK = "an address whose mail comes back"
    DEAD = "a dead mailbox"
    NO_EMAIL = "no email address"
    DEAD_STAKE = "a dead mailbox, something at stake"
    NO_EMAIL_STAKE = "no email address, something at stake"


OLD_RECORDS = (Record.STAKE, Record.DEAD_STAKE, Record.NO_EMAIL_STAKE)


@dataclass(frozen=True, slots=True)
class Fate:
    """What a thief gets of a record, in hours after the first step; None for never.

    `address` and `rest` of a patron who stays silent, `told` when the first mail reaches the
    patron. `is_kept` says that a patron who answers has the record in the end.
    """

    address: int | None
    rest: int | None
    told: int | None
    is_kept: bool


@dataclass(slots=True)
class Target:
    """One patron, and how far the thief has come. `mailbox` is the address on the record, if any.

    Mail to it comes back when it `bounces`. A patron who `answers` says no to every mail.
    """

    kind: Record
    patron: PatronRecord
    mailbox: str
    answers: bool
    bounces: bool = False
    own: list[str] = field(default_factory=list[str])
    requests: list[Proposed] = field(default_factory=list[Proposed])
    opened: Counter[str] = field(default_factory=Counter[str])
    address_after: timedelta | None = None
    rest_after: timedelta | None = None
    told_after: timedelta | None = None


class House(Office, Engine):
    """A venue whose staff sign in, with every second step, and its server's clock and watch."""

    def __init__(self, database: Database, clock: FrozenClock, folder: Path) -> None:
        super().__init__(database, clock)
        made = wiring.build(
            Settings.load({"UPSTAGE_SECRET_KEYS": SECRET_KEYS}),
            database=database,
            clock=clock,
            sender=LocalSender(),
            witness=folder / "heads.json",
        )
        self.parts = replace(made, notifier=self.room, post=self.post)

    def settle(self) -> None:
        """Mails leave, and the clock does what is due, until all is quiet."""
        is_busy = True
        while is_busy:
            sent = self.deliver()
            schedule.do_what_is_due(self.parts)
            is_busy = bool(sent or self.deliver())

    def held(self) -> Mapping[str, sa.RowMapping]:
        """What every record holds now, by patron."""
        query = sa.select(_patron.c.id, _patron.c.email, _patron.c.phone)
        rows = self.read(lambda session: session.execute(query).mappings().all())
        return {row["id"]: row for row in rows}

    def standing(self) -> Mapping[str, bool]:
        """Every open request, by its id, and whether its clock stands until a person acts."""
        query = sa.select(_request.c.id, _request.c.notice_state)
        query = query.where(_request.c.state.in_(OPEN_STATES))
        return {row[0]: row[1] in STOPPED for row in self.read(lambda s: s.execute(query).all())}

    def send_back(self, address: str) -> None:
        """The provider tells that every mail to an address came back for good."""
        query = sa.select(OUTBOX.c.id).where(OUTBOX.c.to_address == address)
        for mail_id in self.read(lambda session: session.execute(query).scalars().all()):
            event, name = self.bounce_of(mail_id), f"{mail_id}-{self.now}"
            self.write(
                lambda session, e=event, n=name: event_log.note(
                    session, e, event_id=n, now=self.now
                )
            )

    def press(self, target: Target, mailbox: str, answer: Decision) -> None:
        """Open every mail of a mailbox that was not opened yet, and press what fits the answer."""
        tokens = self.tokens(mailbox)
        for token in tokens[target.opened[mailbox] :]:
            claims = self.codec.read(token)
            is_objection = claims.purpose is Purpose.OBJECTION
            if is_objection and answer is Decision.APPROVE:
                continue
            try:
                self.decide(claims, Decision.OBJECT if is_objection else answer)
            except UpstageError:
                continue  # it is over already
        target.opened[mailbox] = len(tokens)

    # --- patrons --------------------------------------------------------------------------------

    def settle_in(self, prepare: Callable[[], None]) -> list[Target]:
        """Two patrons for each kind of record; `prepare` is what a thief does days before."""
        found: dict[Record, list[Target]] = {}

        def add(kinds: Sequence[Record]) -> None:
            for kind in kinds:
                found[kind] = [self._target(kind, answers=answers) for answers in (False, True)]

        add(OLD_RECORDS)
        self.clock.advance(_LONG_AGO - _LATELY)
        add([kind for kind in Record if kind not in (*OLD_RECORDS, Record.TYPED_LATELY)])
        prepare()
        for target in (*found[Record.PROVEN], *found[Record.PROTECTED]):
            self._prove(target.patron)
        for target in found[Record.PROTECTED]:
            self.protect(target.patron, self.owner)
        self._lose([*found[Record.DEAD], *found[Record.DEAD_STAKE]])
        self.clock.advance(_LATELY)
        add([Record.TYPED_LATELY])
        for kind in (Record.COMES_BACK, Record.DEAD, Record.DEAD_STAKE):
            for target in found[kind]:
                target.bounces = True
        return [target for kind in Record for target in found[kind]]

    def _target(self, kind: Record, *, answers: bool) -> Target:
        name = f"{kind.name.lower()}.{'awake' if answers else 'silent'}"
        mailbox = "" if kind in (Record.NO_EMAIL, Record.NO_EMAIL_STAKE) else f"{name}@example.com"
        return Target(
            kind,
            self.patron(mailbox, "Mara", kind.name.title().replace("_", " ")),
            mailbox,
            answers,
        )

    def _prove(self, patron: PatronRecord) -> None:
        self.step(patron, lambda s: marks.prove_address(s, patron_id=patron.id, now=self.now))

    def _lose(self, targets: Sequence[Target]) -> None:
        """Their mailboxes are lost for good: mail came back twice, a day apart."""
        for target in targets:
            self.propose(target.patron, changes={"phone": {"phone": "+1 212 555 0101"}})
        self.deliver()
        for wait in (timedelta(minutes=1), timedelta(days=1)):
            self.clock.advance(wait)
            for target in targets:
                self.send_back(target.mailbox)
        self.settle()


class Thief:
    """Tries whatever helps, with all the accounts and mailboxes it has.

    `refused` are the codes of what was tried in vain.
    """

    def __init__(self, house: House, *members: StaffMember, reads_patrons: bool = False) -> None:
        self.house, self.members, self.reads_patrons = house, members, reads_patrons
        self.refused: Counter[str] = Counter()
        self._tried: set[object] = set()

    def act(self, targets: Sequence[Target]) -> None:
        """One look at every record."""
        held, standing = self.house.held(), self.house.standing()
        for target in targets:
            values = held[target.patron.id]
            if target.kind is Record.PROTECTED and not target.requests:
                self._unprotect(target)
            if not any(request.request_id in standing for request in target.requests):
                self._go_on(target, values["email"], values["phone"])
        standing = self.house.standing()
        for target in targets:
            for request in target.requests:
                how = (request.request_id, standing.get(request.request_id))
                if how[1] is not None and how not in self._tried:
                    self._tried.add(how)
                    self._second_steps(request)

    def read(self, targets: Sequence[Target]) -> None:
        """Say yes to every mail that the thief can open."""
        for target in targets:
            theirs = [target.mailbox] if self.reads_patrons and target.mailbox else []
            for mailbox in (*theirs, *target.own):
                self.house.press(target, mailbox, Decision.APPROVE)

    def _go_on(self, target: Target, email: str | None, phone: str | None) -> None:
        if email in target.own:
            if phone != PHONE:
                self._ask(target, {"phone": {"phone": PHONE}})
        elif len(target.own) < _TRIES:
            number = target.patron.number
            target.own.append(f"own{len(target.own)}@thief{number}.example")
            self._ask(target, {"email": {"email": target.own[-1]}})

    def _ask(self, target: Target, changes: dict[str, dict[str, str]]) -> None:
        """By links; where no mailbox can be asked, at the desk."""
        first = self.members[0]
        try:
            target.requests.append(self.house.propose(target.patron, changes=changes, actor=first))
        except NoMailbox:
            target.requests.append(self.house.identify(target.patron, first, changes))
        except UpstageError as error:
            self.refused[error.code] += 1

    def _second_steps(self, request: Proposed) -> None:
        """Whatever a second person could do, with every account."""
        for member in reversed(self.members):
            for step in (self.house.release, self.house.vouch, self.house.end_period):
                self._try(lambda s=step, m=member: s(request, m))

    def _unprotect(self, target: Target) -> None:
        for step in (self.house.ask_to_unprotect, self.house.confirm_change):
            for member in reversed(self.members):
                self._try(lambda s=step, m=member: s(target.patron, m))

    def _try(self, step: Callable[[], object]) -> None:
        try:
            step()
        except UpstageError as error:
            self.refused[error.code] += 1


def play(house: House, thief: Thief, targets: Sequence[Target]) -> dict[Record, Fate]:
    """Let the thief and the patrons act for a week; return what became of each record."""
    began, known = house.now, len(house.mailbox.messages)
    for target in targets:
        target.opened[target.mailbox] = len(house.tokens(target.mailbox))
    while house.now <= began + LASTS:
        before = -1
        while before != len(house.mailbox.messages):
            before = len(house.mailbox.messages)
            thief.act(targets)
            house.settle()
            for target in targets:
                if target.bounces:
                    house.send_back(target.mailbox)
            thief.read(targets)
            house.settle()
        told = {message.to for message in house.mailbox.messages[known:]}
        _measure(house, thief, targets, told, house.now - began)
        for target in targets:
            if target.answers and target.told_after is not None:
                house.press(target, target.mailbox, Decision.REJECT)
        house.settle()
        house.clock.advance(EVERY)
    held = house.held()
    return {kind: _fate([t for t in targets if t.kind is kind], held) for kind in Record}


def _measure(
    house: House, thief: Thief, targets: Sequence[Target], told: set[str], after: timedelta
) -> None:
    held = house.held()
    for target in targets:
        values = held[target.patron.id]
        reaches = target.mailbox in told and not target.bounces and not thief.reads_patrons
        if reaches and target.told_after is None:
            target.told_after = after
        if values["email"] in target.own and target.address_after is None:
            target.address_after = after
        if values["phone"] == PHONE and target.rest_after is None:
            target.rest_after = after


def _fate(targets: Sequence[Target], held: Mapping[str, sa.RowMapping]) -> Fate:
    silent, awake = targets
    return Fate(
        _hours(silent.address_after),
        _hours(silent.rest_after),
        _hours(silent.told_after),
        is_kept=held[awake.patron.id]["email"] not in awake.own,
    )


def _hours(after: timedelta | None) -> int | None:
    return None if after is None else round(after / timedelta(hours=1))
