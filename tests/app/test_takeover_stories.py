"""Four takeovers, each stopped; and the same four wishes of honest patrons, each done.

Of the honest ones the patron's presses and all mails are counted. No patron is called back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.factories import NEW, OLD, unchanged
from tests.support.takeover import House
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model.errors import (
    NoMailbox,
    NothingWaits,
    NotYetSecond,
    PatronFrozen,
    RecentlyRejected,
    SamePerson,
)
from upstage_crm.change_requests.model.policy import DEFAULT
from upstage_crm.change_requests.model.rules import (
    Decision,
    Finding,
    RequestState,
)
from upstage_crm.change_requests.model.views import Phase
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.links.claims import LinkClaims, Purpose
from upstage_crm.mail.message import MailMessage
from upstage_crm.patrons import marks
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.staff.account_history import REST
from upstage_crm.staff.roles import Role

THIEF = "mine@thief.example"
VIC = "vic@staff.example.org"
PHONE = {"phone": {"phone": "+1 646 555 0142"}}
NAME = {"name": {"given_name": "Mallory", "family_name": "Evil"}}
DAY = timedelta(days=1)


class Story(House):
    """A house, and how often the patrons pressed something, by mailbox."""

    def __init__(self, database: Database, clock: FrozenClock, folder: Path) -> None:
        super().__init__(database, clock, folder)
        self.presses: Counter[str] = Counter()
        self.vic = self.staff("Vic", Role.BOX_OFFICE)
        self.rosa = self.staff("Rosa", Role.MANAGER)
        self.known = 0

    def regular(self, email: str = OLD) -> PatronRecord:
        """A patron with something at stake, whose address has proven itself."""
        made = self.patron(email, phone="+1 212 555 0100")
        self.step(made, lambda s: marks.prove_address(s, patron_id=made.id, now=self.now))
        self.clock.advance(40 * DAY)
        return made

    def begin(self) -> None:
        """Count mails from here on."""
        self.settle()
        self.known = len(self.mailbox.messages)

    def link(self, mailbox: str, purpose: Purpose = Purpose.DECISION) -> LinkClaims:
        """The newest link of its kind that a mailbox got."""
        self.settle()
        found = [self.codec.read(token) for token in self.tokens(mailbox)]
        return [claims for claims in found if claims.purpose is purpose][-1]

    def answer(
        self,
        mailbox: str,
        decision: Decision = Decision.APPROVE,
        purpose: Purpose = Purpose.DECISION,
    ) -> RequestState:
        """Press the button in the mail, and the button on the page that it opens."""
        state = self.decide(self.link(mailbox, purpose), decision)
        self.presses[mailbox] += 2
        self.settle()
        return state

    def wait(self, span: timedelta) -> None:
        """Time passes; the clock does what is due every six hours."""
        end = self.now + span
        while self.now < end:
            self.clock.advance(min(timedelta(hours=6), end - self.now))
            self.settle()

    @property
    def mails(self) -> Mapping[str, list[str]]:
        """The kinds of the mails since `begin`, by recipient, in order."""
        found: dict[str, list[str]] = {}
        for mail in self.mailbox.messages[self.known :]:
            found.setdefault(mail.to, []).append(mail.tags["kind"])
        return found

    def last(self, to: str, kind: str) -> MailMessage:
        """The newest mail of a kind to an address."""
        return [mail for mail in self.mailbox.to(to) if mail.tags["kind"] == kind][-1]


@pytest.fixture
def story(database: Database, clock: FrozenClock, tmp_path: Path) -> Story:
    return Story(database, clock, tmp_path)


def taken_by_silence(story: Story, mara: PatronRecord) -> Proposed:
    """The thief's address counts, because the patron said nothing for three days."""
    request = story.propose(mara, THIEF, actor=story.vic)
    story.answer(THIEF)
    story.wait(DEFAULT.notice_period)
    assert story.email(mara) == THIEF
    return request


# --- four takeovers -------------------------------------------------------------------------------


def test_a_clerk_with_a_mailbox_gets_nothing_in_seconds_and_one_no_ends_it(story: Story) -> None:
    """Point 3: it took seven seconds, for the address and for everything else."""
    mara = story.regular()
    before = story.record(mara).values
    story.begin()
    request = story.propose(mara, THIEF, actor=story.vic)
    assert story.answer(THIEF) is RequestState.WAITING
    story.propose(mara, changes=PHONE | NAME, actor=story.vic)
    story.settle()
    story.clock.advance(timedelta(seconds=7))
    story.settle()

    assert story.record(mara).values == before
    assert story.mails[OLD] == ["change_notice", "decision_request"]
    assert story.mails[THIEF] == ["decision_request", "change_waiting"]
    first = story.mailbox.messages[story.known]
    assert (first.to, first.tags["kind"]) == (OLD, "change_notice")
    said = "to replace this email address with another one: m•••@thief.example."
    assert said in " ".join(story.last(OLD, "change_notice").text.split())

    notice = story.codec.read(story.tokens(OLD)[0])
    assert story.decide(notice, Decision.REJECT) is RequestState.REJECTED
    story.wait(4 * DAY)
    assert story.record(mara).values == before
    unchanged(story, lambda: story.propose(mara, THIEF, actor=story.vic), RecentlyRejected)
    assert story.state(request) is RequestState.REJECTED


def test_the_undo_undoes_the_consequences_and_shuts_the_mailbox_out(story: Story) -> None:
    """Point 4: a second change of address switched the undo off, and the mails greeted a thief."""
    mara = story.regular()
    taken_by_silence(story, mara)
    story.begin()
    again = story.propose(mara, "second@thief.example", actor=story.vic)
    story.answer(THIEF)
    story.answer("second@thief.example")
    more = story.propose(mara, changes=PHONE | NAME, actor=story.vic)
    story.answer(THIEF)
    assert (story.state(again), story.state(more)) == (RequestState.WAITING, RequestState.WAITING)
    assert story.mails[OLD] == ["further_change", "further_change"]
    thiefs = story.link(THIEF)

    assert story.answer(OLD, Decision.OBJECT, Purpose.OBJECTION) is RequestState.REVERTED

    held = story.record(mara)
    assert (held.values["email"], held.values["phone"]) == (OLD, "+12125550100")
    assert held.values["given_name"] == "Mara"
    assert held.email_verified_at is not None
    assert {story.state(again), story.state(more)} == {RequestState.WITHDRAWN}
    last = story.last(OLD, "change_reverted")
    assert "Mallory" not in last.text + last.html
    assert "Evil" not in last.text + last.html
    assert "Email address" in last.text
    ends = ("change_reverted", "change_withdrawn")
    assert [kind for kind in story.mails[THIEF] if kind in ends] == ["change_reverted"]
    unchanged(story, lambda: story.propose(mara, NEW, actor=story.vic), PatronFrozen)
    page = story.review(thiefs)
    assert (page.phase, page.fields, page.can_object) == (Phase.OUT, (), False)
    count = len(story.mailbox.to(THIEF))
    story.wait(10 * DAY)
    assert len(story.mailbox.to(THIEF)) == count


def test_a_manager_with_the_old_mailbox_gains_nothing_before_the_patron_could_call(
    story: Story,
) -> None:
    """*Put back* is one manager's. What follows through the mailbox that came back waits."""
    mara = story.regular()
    request = story.propose(mara, NEW, actor=story.vic)
    story.answer(NEW)
    story.answer(OLD)
    story.begin()
    story.revert(request, story.rosa)
    story.settle()
    assert story.email(mara) == OLD
    assert (
        "Is this your record, and your address? Call us" in story.last(NEW, "change_reverted").text
    )

    more = story.propose(mara, changes=PHONE, actor=story.rosa)
    assert story.answer(OLD) is RequestState.WAITING
    story.wait(DEFAULT.revert_window - timedelta(hours=6))
    assert story.state(more) is RequestState.WAITING
    assert story.record(mara).values["phone"] == "+12125550100"
    assert story.mails[NEW] == ["change_reverted"]

    story.wait(timedelta(hours=6))
    assert story.record(mara).values["phone"] == "+16465550142"


def test_what_cannot_be_put_back_is_not_said_to_be(story: Story) -> None:
    """Point 4: "we have put it back" was said when it was not."""
    mara = story.regular()
    taken_by_silence(story, mara)
    claims = story.link(OLD, Purpose.OBJECTION)
    story.patron(OLD, "Another")  # a family shares it: the address is no longer free

    assert story.decide(claims, Decision.OBJECT) is RequestState.APPROVED

    page = story.review(claims)
    assert (page.restored, page.not_restored) == ((), ("Email address",))
    story.settle()
    assert "change_reverted" not in story.mails[OLD]


def test_one_manager_alone_takes_no_protection_away(story: Story) -> None:
    """Point 7: it was one manager's switch. With an accomplice the patron is told, and says no."""
    mara = story.regular()
    story.protect(mara, story.rosa)
    story.begin()
    story.ask_to_unprotect(mara, story.rosa)
    unchanged(story, lambda: story.confirm_change(mara, story.rosa), SamePerson)
    asked = story.propose(mara, THIEF, actor=story.rosa)
    assert story.answer(THIEF) is RequestState.PENDING
    story.withdraw(asked, actor=story.rosa)

    story.confirm_change(mara, story.staff("Max", Role.MANAGER))
    story.settle()
    assert "protection_removed" in story.mails[OLD]
    story.propose(mara, "other@thief.example", actor=story.rosa)
    assert story.answer("other@thief.example") is RequestState.WAITING
    assert story.answer(OLD, Decision.REJECT) is RequestState.REJECTED
    assert story.email(mara) == OLD


def test_one_owner_is_not_two_people_before_every_owner_has_had_a_week(story: Story) -> None:
    """Point 14: an owner made a second account and was two people at once."""
    ola = story.staff("Ola", Role.OWNER)
    mara = story.patron("", "Mara")
    story.clock.advance(40 * DAY)
    story.begin()
    second = story.invited("Vera", Role.MANAGER)
    story.settle()
    assert story.mails[ola.email_key] == ["staff_notice"]

    held = story.propose(mara, THIEF, actor=story.owner)
    desk = story.identify(story.patron("", "Theo"), story.owner)
    for step, request in ((story.release, held), (story.vouch, desk)):
        unchanged(story, lambda s=step, r=request: s(r, story.owner), SamePerson)
        unchanged(story, lambda s=step, r=request: s(r, second), NotYetSecond)
    story.wait(REST - timedelta(hours=6))
    unchanged(story, lambda: story.release(held, second), NotYetSecond)

    story.freeze(second, ola)
    assert story.email(mara) is None
    assert THIEF not in story.mails


def test_at_the_desk_a_record_without_a_mailbox_waits_for_a_letter(story: Story) -> None:
    """Point 14: beyond two people, the longer wait and a notice on paper that is recorded."""
    mara = story.patron("", "Mara")
    request = story.identify(mara, story.vic)
    story.vouch(request, story.rosa)
    assert story.answer(NEW) is RequestState.WAITING
    story.wait(10 * DAY)
    unchanged(story, lambda: story.end_period(request, story.rosa), NothingWaits)
    assert story.email(mara) is None

    story.letter(request, story.vic)
    story.wait(DEFAULT.paper_wait - timedelta(hours=6))
    assert story.email(mara) is None
    story.wait(timedelta(hours=6))
    assert story.email(mara) == NEW


# --- the same for honest patrons ------------------------------------------------------------------

TO_NEW = ["decision_request", "change_waiting", "change_applied"]


def test_a_lost_mailbox_and_a_new_phone_take_two_presses_and_seven_mails(story: Story) -> None:
    """The patron calls once. The old mailbox is silent, so the change waits for three days."""
    mara = story.regular()
    story.begin()
    request = story.identify(mara, story.vic, {"email": {"email": NEW}, **PHONE})
    story.vouch(request, story.rosa)
    assert story.answer(NEW) is RequestState.WAITING
    story.wait(DEFAULT.desk_wait)

    held = story.record(mara).values
    assert (held["email"], held["phone"]) == (NEW, "+16465550142")
    assert story.presses == {NEW: 2}
    assert story.mails == {
        OLD: ["desk_notice", "notice_reminder", "change_applied"],
        NEW: TO_NEW,
        VIC: ["staff_outcome"],
    }


def test_a_typing_mistake_takes_two_presses_and_five_mails(story: Story) -> None:
    mara = story.patron("mraa@example.com")
    story.begin()
    story.propose(mara, OLD, actor=story.vic)
    assert story.answer(OLD) is RequestState.APPROVED
    story.wait(4 * DAY)

    assert story.presses == {OLD: 2}
    assert story.mails == {
        "mraa@example.com": ["change_notice", "change_applied"],
        OLD: ["decision_request", "change_applied"],
        VIC: ["staff_outcome"],
    }


@pytest.mark.parametrize(
    ("order", "to_new"),
    [((OLD, NEW), ["decision_request", "change_applied"]), ((NEW, OLD), TO_NEW)],
)
def test_a_change_of_job_takes_two_presses_in_each_mailbox(
    story: Story, order: tuple[str, str], to_new: list[str]
) -> None:
    """Both mailboxes answer: at once, with five mails or six, by who answers first."""
    mara = story.regular()
    story.begin()
    story.propose(mara, NEW, actor=story.vic)
    for mailbox in order:
        story.answer(mailbox)
    assert story.email(mara) == NEW
    story.wait(4 * DAY)

    assert story.presses == {OLD: 2, NEW: 2}
    assert story.mails == {
        OLD: ["change_notice", "change_applied"],
        NEW: to_new,
        VIC: ["staff_outcome"],
    }


def test_a_silent_mailbox_of_a_former_job_makes_it_seven_mails(story: Story) -> None:
    mara = story.regular()
    story.begin()
    story.propose(mara, NEW, actor=story.vic)
    story.answer(NEW)
    story.wait(DEFAULT.notice_period)

    assert story.email(mara) == NEW
    assert story.presses == {NEW: 2}
    assert story.mails == {
        OLD: ["change_notice", "notice_reminder", "change_applied"],
        NEW: TO_NEW,
        VIC: ["staff_outcome"],
    }


def test_a_mailbox_reminded_of_its_notice_is_left_alone(story: Story) -> None:
    """The reminder named the phone number as well; a second one came a day later."""
    mara = story.regular()
    story.begin()
    story.propose(mara, changes={"email": {"email": NEW}, **PHONE}, actor=story.vic)
    story.answer(NEW)
    story.wait(DEFAULT.notice_period)

    assert story.mails[OLD] == ["change_notice", "notice_reminder", "change_applied"]
    assert "phone" in story.last(OLD, "notice_reminder").text.casefold()


def found_out(story: Story, patron: PatronRecord, finding: Finding) -> None:
    story.find_out(patron, finding, story.rosa, story.owner)


def test_a_former_partner_hears_nothing_once_two_people_know_who_reads_the_mailbox(
    story: Story,
) -> None:
    """The patron comes to the desk once, with a document; two presses, three mails."""
    mara = story.regular()
    identified = story.identify(mara, story.vic)
    story.begin()
    found_out(story, mara, Finding.CURRENT_NOT_PATRONS)
    story.withdraw(identified, actor=story.vic)
    request = story.propose(mara, NEW, actor=story.vic)
    story.release(request, story.rosa)
    assert story.answer(NEW) is RequestState.APPROVED
    story.wait(4 * DAY)

    assert story.email(mara) == NEW
    assert story.presses == {NEW: 2}
    assert story.mails == {NEW: ["decision_request", "change_applied"], VIC: ["staff_outcome"]}


def test_a_former_partner_who_says_no_stops_it_once_and_not_for_ever(story: Story) -> None:
    """Neither by links nor at the desk: the finding ends it."""
    mara = story.regular()
    story.propose(mara, NEW, actor=story.vic)
    story.answer(NEW)
    assert story.answer(OLD, Decision.REJECT) is RequestState.REJECTED
    found_out(story, mara, Finding.CURRENT_NOT_PATRONS)
    story.begin()

    request = story.propose(mara, NEW, actor=story.rosa, override=True)
    story.release(request, story.owner)
    assert story.answer(NEW) is RequestState.APPROVED
    assert story.email(mara) == NEW
    assert OLD not in story.mails


def test_a_former_partner_who_undoes_it_is_found_out_and_shut_out(story: Story) -> None:
    mara = story.regular()
    story.propose(mara, NEW, actor=story.vic)
    story.answer(NEW)
    story.wait(DEFAULT.notice_period)
    story.answer(OLD, Decision.OBJECT, Purpose.OBJECTION)
    assert story.email(mara) == OLD
    found_out(story, mara, Finding.OBJECTOR_NOT_PATRONS)
    story.begin()

    request = story.propose(mara, NEW, actor=story.vic)
    story.release(request, story.rosa)
    assert story.answer(NEW) is RequestState.APPROVED

    assert story.email(mara) == NEW
    assert OLD not in story.mails


def test_a_protected_record_without_a_mailbox_is_for_the_desk_alone(story: Story) -> None:
    """A sibling of point 3: the proposed mailbox alone decided about it."""
    mara = story.patron("", "Mara")
    story.protect(mara, story.rosa)

    unchanged(story, lambda: story.propose(mara, THIEF, actor=story.vic), NoMailbox)


def test_put_back_by_staff_brings_the_proof_back(story: Story) -> None:
    """A sibling of point 3: without its proof, an address was a typing mistake's prey."""
    mara = story.regular()
    proven_at = story.record(mara).email_verified_at
    request = taken_by_silence(story, mara)

    assert story.revert(request, story.rosa) is RequestState.REVERTED

    assert story.record(mara).email_verified_at == proven_at
    story.propose(mara, "other@thief.example", actor=story.vic)
    assert story.answer("other@thief.example") is RequestState.WAITING
