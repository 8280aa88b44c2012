"""Four takeovers played against the running server, each stopped; the same four by an honest desk.

Of the honest ones the patron's presses and all mails are counted, and no patron is called twice.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.journey import PHONE, PageOf, opened, send_proposal, start_proposal
from tests.support.playhouse import Playhouse, says
from tests.support.server import Server
from tests.support.stage import CLERK, LEAD, OWNER, Stage
from upstage_crm.confirm import fixed_copy
from upstage_crm.mail.message import MailKind

VERA, VERAS_PASSWORD = "vera@theatre.example", "seven velvet lanterns burning"


@pytest.fixture
def play(page_of: PageOf, house: tuple[Server, Stage]) -> Playhouse:
    return Playhouse(page_of, house)


def asked(play: Playhouse, to: str) -> Page:
    """The proposed mailbox says yes to the question whether the address is its own."""
    return play.answer(to, MailKind.DECISION_REQUEST, fixed_copy.APPROVE, fixed_copy.APPROVE)


def told(play: Playhouse, to: str, button: str) -> Page:
    """The current mailbox answers the notice."""
    return play.answer(to, MailKind.CHANGE_NOTICE, button, button)


# --- four takeovers -------------------------------------------------------------------------------


def test_a_clerk_with_a_mailbox_is_stopped_by_one_no(play: Playhouse) -> None:
    """Point 3: the clerk approves at once, and the patron reads what it is about."""
    own, old = "mara@thief.example", "mara@patron.example"
    number = play.stage.add(old)
    before = play.stage.values_of(number)
    reference = play.propose(number, own)
    says(asked(play, own), "taking effect later")
    expect(play.record(number).get_by_text("Approved, takes effect").first).to_be_visible()
    assert play.stage.values_of(number) == before

    queue = opened(play.member(CLERK), f"{play.server.url}/requests/")
    queue.set_viewport_size(PHONE)
    expect(queue.get_by_text("takes effect").first).to_be_visible()
    width = queue.evaluate("document.documentElement.scrollWidth")
    assert width == PHONE["width"], "the state makes the queue wider than a phone"

    said = "to replace this email address with another one: m•••@thief.example"
    assert said in play.read(old, MailKind.CHANGE_NOTICE)
    leaving = play.link(old, MailKind.CHANGE_NOTICE, fixed_copy.NOT_THIS_PERSON)
    button = opened(play.page_of(""), leaving).get_by_role(
        "button", name=fixed_copy.NOT_THIS_PERSON
    )
    expect(button).to_be_visible()  # the page offers what was pressed in the email
    says(told(play, old, fixed_copy.KEEP), "Nothing was changed")
    expect(play.request(reference).get_by_text("Rejected").first).to_be_visible()
    play.pass_time(reference, 80)
    assert play.stage.values_of(number) == before


def test_the_undo_takes_all_of_it_back_and_shuts_the_mailbox_out(play: Playhouse) -> None:
    """Point 4: after three days of silence a second change was to switch the undo off."""
    own, old = "theo@thief.example", "theo@patron.example"
    number = play.stage.add(old)
    reference = play.propose(number, own)
    says(asked(play, own), "taking effect later")
    play.pass_time(reference, 73)
    assert play.stage.email_of(number) == own
    clerk = play.record(number)
    clerk.get_by_role("button", name=re.compile("Propose change.*[Nn]ame")).click()
    dialog = clerk.get_by_role("dialog")
    dialog.get_by_label("Given name").fill("Mallory")
    send_proposal(clerk)
    says(asked(play, own), "taking effect later")
    assert play.stage.values_of(number)["given_name"] == "Theo"

    undo = play.link(old, MailKind.FURTHER_CHANGE, "I didn’t ask for this")
    patron = opened(play.page_of(""), undo)
    patron.get_by_role("button", name="Undo this change").click()
    says(patron, "We have undone the change")
    expect(patron.get_by_text("We have restored: Email address.")).to_be_visible()
    expect(patron.get_by_text("Mallory")).to_have_count(0)
    held = play.stage.values_of(number)
    assert (held["email"], held["given_name"]) == (old, "Theo")
    thief = opened(play.page_of(""), play.link(own, MailKind.DECISION_REQUEST, "Approve"))
    says(thief, "no longer used")
    expect(play.record(number).get_by_text("This record is in dispute")).to_be_visible()


def test_protection_goes_with_two_people_and_the_patron_still_says_no(play: Playhouse) -> None:
    """Point 7: alone it waits; with an accomplice the patron is told, and still says no."""
    own, old = "nora@thief.example", "nora@patron.example"
    number = play.stage.add(old)
    lead = play.record(number, LEAD)
    for button, send in (
        ("Mark as protected", "Protect"),
        ("Remove protection", "Request removal"),
    ):
        lead.get_by_role("button", name="More actions").click()
        lead.get_by_role("menuitem", name=button).click()
        lead.get_by_role("dialog").get_by_label("Why?").fill("As she asked")
        lead.get_by_role("dialog").get_by_role("button", name=send).click()
        expect(lead.get_by_role("dialog")).to_be_hidden()
    expect(lead.get_by_text("Protected", exact=True)).to_be_visible()
    expect(lead.get_by_role("button", name="Confirm")).to_have_count(0)
    play.propose(number, own, by=LEAD)
    says(asked(play, own), "We have your answer")
    says(told(play, old, fixed_copy.KEEP), "Nothing was changed")

    owner = play.record(number, OWNER)
    owner.get_by_role("button", name="Confirm").click()
    owner.get_by_role("dialog").get_by_role("button", name="Confirm").click()
    expect(owner.get_by_role("dialog")).to_be_hidden()
    assert "protect" in play.read(old, MailKind.PROTECTION_REMOVED)
    play.propose(number, "again@thief.example", by=LEAD)
    says(asked(play, "again@thief.example"), "taking effect later")
    says(told(play, old, fixed_copy.KEEP), "Nothing was changed")
    assert play.stage.email_of(number) == old


def test_an_owners_second_account_is_nobodys_second_for_a_week(play: Playhouse) -> None:
    """Point 14: the owner invites it, vouches for a patron, and wants to confirm with it."""
    owner = opened(play.member(OWNER), f"{play.server.url}/team/")
    owner.get_by_role("button", name="Invite").click()
    dialog = owner.get_by_role("dialog")
    dialog.get_by_label("Email").fill(VERA)
    dialog.get_by_label("Name").fill("Vera")
    dialog.get_by_label("Role").select_option("manager")
    dialog.get_by_role("button", name="Send invitation").click()
    expect(owner.get_by_role("row", name=re.compile(VERA))).to_be_visible()
    vera = opened(play.page_of(""), play.auth_link(VERA))
    vera.get_by_label("Password").fill(VERAS_PASSWORD)
    vera.get_by_role("button", name="Join the team").click()
    expect(vera.get_by_text("Your account is ready")).to_be_visible()

    number = play.stage.add("kai@patron.example")
    reference = identify(play, number, "kai@thief.example", by=OWNER)
    expect(play.request(reference, OWNER).get_by_text("took the first step")).to_be_visible()
    opened(vera, f"{play.server.url}/sign-in/")
    vera.get_by_label("Email").fill(VERA)
    vera.get_by_label("Password").fill(VERAS_PASSWORD)
    vera.get_by_role("button", name="Sign in").click()
    expect(vera.get_by_role("heading", name="Dashboard")).to_be_visible()
    opened(vera, f"{play.server.url}/requests/{reference}/")
    expect(vera.get_by_text("You can be the second person from")).to_be_visible()
    expect(vera.get_by_role("button", name="Confirm identity")).to_have_count(0)
    assert play.stage.email_of(number) == "kai@patron.example"


# --- the same for honest patrons ------------------------------------------------------------------


def identify(play: Playhouse, number: int, email: str, *, phone: str = "", by: str = CLERK) -> str:
    """The desk knows the patron, who cannot read the mailbox any more; return the reference."""
    clerk = play.member(by)
    start_proposal(clerk, play.server, number)
    dialog = clerk.get_by_role("dialog")
    dialog.get_by_label("Email address").fill(email)
    if phone:
        dialog.get_by_role("button", name="Phone number", exact=True).click()
        dialog.get_by_label("Phone number").fill(phone)
    dialog.get_by_label("The patron has lost access to their current email").check()
    dialog.get_by_label("How did you check their identity?").select_option("in_person")
    dialog.get_by_label("What did you check?").fill("Passport; the photograph fits.")
    return send_proposal(clerk)


def test_a_lost_mailbox_and_a_new_phone(play: Playhouse) -> None:
    """Two presses in the new mailbox, seven mails; the old one is silent for three days."""
    old, new = "lost@patron.example", "found@patron.example"
    number = play.stage.add(old)
    reference = identify(play, number, new, phone="+1 212 555 0142")
    lead = play.request(reference, LEAD)
    lead.get_by_role("button", name="Confirm identity").click()
    expect(lead.get_by_text("Pending").first).to_be_visible()
    says(asked(play, new), "taking effect later")
    play.pass_time(reference, 49)
    play.pass_time(reference, 73)

    held = play.stage.values_of(number)
    assert (held["email"], held["phone"]) == (new, "+12125550142")
    assert play.presses == {new: 2}
    assert play.mails() == {old: 3, new: 3, CLERK: 1}


def test_a_typing_mistake(play: Playhouse) -> None:
    """Two presses and five mails, at once: no one ever answered from the address."""
    old, new = "mistpye@patron.example", "mistype@patron.example"
    number = play.stage.add(old, is_proven=False)
    play.propose(number, new)
    says(asked(play, new), "Approved. Thank you")

    assert play.stage.email_of(number) == new
    assert play.presses == {new: 2}
    assert play.mails() == {old: 2, new: 2, CLERK: 1}


def test_a_change_of_job(play: Playhouse) -> None:
    """Both mailboxes answer, with two presses each: at once, with six mails."""
    old, new = "job@former.example", "job@patron.example"
    number = play.stage.add(old)
    play.propose(number, new)
    says(asked(play, new), "taking effect later")
    says(told(play, old, fixed_copy.SWITCH), "Approved. Thank you")

    assert play.stage.email_of(number) == new
    assert play.presses == {new: 2, old: 2}
    assert play.mails() == {old: 2, new: 3, CLERK: 1}


def test_a_former_partner(play: Playhouse) -> None:
    """Two people know whose the old mailbox is; it hears nothing. Two presses, three mails."""
    old, new = "both@patron.example", "alone@patron.example"
    number = play.stage.add(old)
    reference = identify(play, number, new)
    for member in (LEAD, OWNER):
        page = play.record(number, member)
        is_first = member == LEAD
        if is_first:
            page.get_by_role("button", name="More actions").click()
            page.get_by_role("menuitem", name="Who reads this address?").click()
        else:
            page.get_by_role("button", name="Review dispute").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Finding").select_option("current_not_patrons")
        dialog.get_by_label("How you checked who the patron is").select_option("in_person")
        dialog.get_by_label("Your notes").fill("Showed a passport; the mailbox is his.")
        dialog.get_by_role("button", name="Save findings").click()
        expect(dialog).to_be_hidden()
    clerk = play.request(reference)
    clerk.get_by_role("button", name="Withdraw").click()
    clerk.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    expect(clerk.get_by_text("Withdrawn").first).to_be_visible()
    play.propose(number, new)
    says(asked(play, new), "Approved. Thank you")

    assert play.stage.email_of(number) == new
    assert play.presses == {new: 2}
    assert play.mails() == {new: 2, CLERK: 1}
