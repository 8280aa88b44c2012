"""What only a browser shows: rows that open and can be copied from, notices that are in sight."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.journey import PHONE, PageOf, hydrated, opened, start_proposal
from tests.support.server import Server
from tests.support.stage import CLERK, OWNER, PASSWORD_HASH, Stage
from upstage_crm.audit.events import OPERATOR, Channel
from upstage_crm.change_requests.disputes import record_changes
from upstage_crm.patrons.queries import get_by_number
from upstage_crm.patrons.tables import PatronStatus
from upstage_crm.privacy import erasure
from upstage_crm.staff import accounts
from upstage_crm.staff.roles import Role

MARKED = "String(window.getSelection())"


def row_of(page: Page, server: Server, stage: Stage) -> tuple[str, str]:
    """Open the list of patrons; return the address of the first one, and where its row leads."""
    opened(page, f"{server.url}/patrons/")
    number = stage.numbers[0]
    return stage.email_of(number) or "", f"/patrons/{number}/"


def test_an_address_can_be_marked_and_copied_out_of_a_list(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    page = page_of(CLERK)
    email, _href = row_of(page, server, stage)

    box = page.get_by_text(email, exact=True).bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 1, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 1, middle, steps=5)
    page.mouse.up()

    assert len(page.evaluate(MARKED)) >= len(email) - 1
    expect(page).to_have_url(f"{server.url}/patrons/")


def test_an_address_in_a_list_is_shown_whole(page_of: PageOf, house: tuple[Server, Stage]) -> None:
    server, stage = house
    page = page_of(CLERK)
    email, _href = row_of(page, server, stage)

    cell = page.get_by_role("cell").filter(has=page.get_by_text(email, exact=True))

    assert cell.evaluate("(cell) => cell.scrollWidth - cell.clientWidth") <= 0
    assert cell.locator(".u-mark-small").get_attribute("title")


def test_a_record_names_its_tab_and_its_address_can_be_copied(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    page = page_of(CLERK)
    number = stage.add("to.be.copied@example.com")

    opened(page, f"{server.url}/patrons/{number}/")

    name = page.get_by_role("heading", level=1).inner_text()
    expect(page).to_have_title(re.compile(rf"^{re.escape(name)}"))
    expect(page.get_by_role("button", name="Copy Email address").first).to_be_visible()


def test_a_press_in_a_row_opens_it_and_the_middle_button_does_so_in_a_new_tab(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    page = page_of(CLERK)
    email, href = row_of(page, server, stage)

    with page.context.expect_page() as beside:
        page.get_by_text(email, exact=True).click(button="middle")
    expect(beside.value).to_have_url(server.url + href)
    expect(page).to_have_url(f"{server.url}/patrons/")

    page.get_by_text(email, exact=True).click()
    expect(page).to_have_url(server.url + href)


def test_the_crumb_of_a_record_leads_back_to_the_search(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    page = page_of(CLERK)
    stage.add("lost.and.found@example.com")
    opened(page, f"{server.url}/patrons/")
    page.get_by_label("Search patrons").fill("lost.and.found")
    expect(page).to_have_url(f"{server.url}/patrons/?q=lost.and.found")
    page.get_by_text("lost.and.found@example.com", exact=True).click()
    expect(page.get_by_role("button", name="Propose change").first).to_be_visible()

    page.get_by_label("Breadcrumb").get_by_role("link", name="Patrons").click()

    expect(page).to_have_url(f"{server.url}/patrons/?q=lost.and.found")
    expect(page.get_by_text("1 patron", exact=True)).to_be_visible()


def test_a_key_sends_the_form_from_a_field_of_several_lines(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    page = page_of(CLERK)
    start_proposal(page, server, stage.add("from.the.keyboard@example.com"))
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Email address").fill("with.a.key@example.org")
    dialog.get_by_label("Reason").select_option("asked_by_phone")
    words = dialog.get_by_label("Message to the patron")
    words.fill("You rang this morning.")

    words.press("Enter")
    expect(words).to_have_value("You rang this morning.\n")
    words.press("Control+Enter")

    expect(dialog).to_be_hidden()
    expect(page.get_by_text("View request").first).to_be_visible()


def test_the_head_of_a_dialog_stays_where_it_is_while_its_body_scrolls(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    page = page_of(CLERK)
    page.set_viewport_size({"width": 900, "height": 420})
    start_proposal(page, server, stage.add("long.dialog@example.com"))
    dialog, head, body = (page.locator(f".u-dialog{part}") for part in ("", "-head", "-body"))
    expect(head).to_be_in_viewport(ratio=1)
    before = head.bounding_box()

    body.evaluate("element => element.scrollTo(0, element.scrollHeight)")

    assert body.evaluate("element => element.scrollTop") > 0
    assert head.bounding_box() == before
    around = dialog.bounding_box()
    assert around is not None
    assert before is not None
    assert before["y"] >= around["y"]
    assert before["y"] + before["height"] <= around["y"] + around["height"]


def test_a_field_that_is_added_says_what_is_on_record_and_can_be_left_out(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    page = page_of(CLERK)
    start_proposal(page, server, stage.add("one.more.field@example.com"))
    dialog = page.get_by_role("dialog")

    dialog.get_by_role("button", name="Phone number", exact=True).click()

    expect(dialog.get_by_label("Phone number", exact=True)).to_be_focused()
    expect(dialog.get_by_text("Phone number", exact=True)).to_have_count(1)
    expect(dialog.locator("dt").get_by_text("Now", exact=True)).to_have_count(2)
    leave_out = dialog.get_by_role("button", name="Leave out phone number").bounding_box()
    around = dialog.bounding_box()
    assert leave_out is not None
    assert around is not None
    assert leave_out["width"] < around["width"] / 2


@pytest.mark.parametrize("width", [1280, 360])
def test_a_note_is_saved_by_a_button_of_the_usual_height(
    page_of: PageOf, house: tuple[Server, Stage], width: int
) -> None:
    """The buttons beside an input of several lines used to grow with it."""
    server, stage = house
    page = page_of(CLERK)
    page.set_viewport_size({"width": width, "height": 800})
    opened(page, f"{server.url}/patrons/{stage.numbers[0]}/")

    page.get_by_role("button", name="Edit pinned note").click()
    save, cancel = (
        page.get_by_role("button", name=name, exact=True) for name in ("Save", "Cancel")
    )
    expect(save).to_be_visible()
    boxes = [save.bounding_box(), cancel.bounding_box()]

    assert all(box is not None and box["height"] <= 44 for box in boxes)
    assert len({box["y"] for box in boxes if box is not None}) == 1


@pytest.mark.parametrize(
    ("path", "role"), [("/patrons/?q={email}", "link"), ("/patrons/{number}/", "heading")]
)
def test_a_chip_stands_apart_from_the_name_and_on_its_line(
    page_of: PageOf,
    house: tuple[Server, Stage],
    path: str,
    role: Literal["link", "heading"],
) -> None:
    server, stage = house
    email = f"asleep.{len(path)}@example.com"
    number = stage.add(email)
    with stage.parts.database.transaction() as session:
        record_changes.change_status(
            stage.parts.staff_context(session, stage.owner),
            patron_id=get_by_number(session, number).id,
            status=PatronStatus.INACTIVE,
            reason="Asked to be left alone",
        )
    page = page_of(CLERK)
    opened(page, server.url + path.format(email=email, number=number))

    name = page.get_by_role(role, name=f"Asleep.{len(path)}", exact=True)
    chip = page.locator(".u-chip", has_text="Inactive").first
    expect(chip).to_be_visible()
    at, beside = name.bounding_box(), chip.bounding_box()
    assert at is not None
    assert beside is not None

    assert beside["x"] - (at["x"] + at["width"]) >= 4
    assert abs(at["y"] + at["height"] / 2 - beside["y"] - beside["height"] / 2) <= 2


def erased(stage: Stage) -> int:
    """A patron whose data two staff members erased; return the number."""
    parts, number = stage.parts, stage.add("gone.for.good@example.com")
    with parts.database.transaction() as session:
        staff_id = accounts.add(
            session,
            email="amara@theatre.example",
            display_name="Amara",
            desk="",
            role=Role.PRIVACY_LEAD,
            password_hash=PASSWORD_HASH,
            actor=OPERATOR,
            channel=Channel.COMMAND_LINE,
            now=parts.clock.now(),
        )
    with parts.database.transaction() as session:
        lead, patron = accounts.get_member(session, staff_id), get_by_number(session, number)
        asked = parts.staff_context(session, lead)
        erasure.request_erasure(asked, patron_id=patron.id, reason="Asked by letter")
    with parts.database.transaction() as session:
        confirmed = parts.staff_context(session, stage.owner)
        erasure.confirm_erasure(confirmed, patron_id=patron.id)
    return number


def test_an_erased_record_has_no_rows_without_a_value(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    number = erased(stage)
    page = page_of(CLERK)

    opened(page, f"{server.url}/patrons/{number}/")

    expect(page.get_by_text("This record was erased").first).to_be_visible()
    expect(page.get_by_text("Not given")).to_have_count(0)
    expect(page.get_by_role("button", name="Edit")).to_have_count(0)


def test_a_number_is_typed_into_a_short_input(page_of: PageOf, house: tuple[Server, Stage]) -> None:
    server, _stage = house
    page = page_of(OWNER)
    opened(page, f"{server.url}/settings/?tab=rules")

    answer = page.get_by_role("group", name="Time limits").get_by_label("Days to answer")

    expect(answer).to_be_visible()
    box = answer.bounding_box()
    assert box is not None
    assert box["width"] <= 160


def test_what_became_of_a_press_is_seen_where_the_page_is_scrolled_to(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    """B16: the second factor is saved far below the top of the team's page."""
    server, _stage = house
    page = page_of(OWNER)
    page.set_viewport_size({"width": 1280, "height": 500})
    opened(page, f"{server.url}/team/")
    hydrated(page)

    page.get_by_label("Marketing", exact=True).check()
    page.get_by_role("button", name="Save").click()

    saved = page.get_by_text(re.compile("^Saved"))
    expect(saved).to_be_in_viewport()
    expect(page.get_by_role("button", name="Save")).to_be_in_viewport()


def is_in_sight(place: Locator) -> bool:
    """Whether an element stands inside the width of the screen."""
    box = place.bounding_box()
    return box is not None and box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]


def test_a_phone_shows_the_open_tab_the_menu_of_columns_and_boxes_beside_names(
    page_of: PageOf, house: tuple[Server, Stage]
) -> None:
    server, stage = house
    page = page_of(OWNER)
    page.set_viewport_size(PHONE)
    opened(page, f"{server.url}/patrons/{stage.numbers[0]}/?tab=privacy")
    tab = page.get_by_role("link", name=re.compile("^Privacy"))
    expect(tab).to_have_attribute("aria-current", "page")
    assert is_in_sight(tab)

    opened(page, f"{server.url}/patrons/")
    page.get_by_text("Columns", exact=True).click()
    assert is_in_sight(page.get_by_role("group", name="Columns"))

    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader")).first
    box, name = row.get_by_role("checkbox").bounding_box(), row.get_by_role("link").bounding_box()
    assert box is not None
    assert name is not None
    assert box["x"] + box["width"] <= name["x"]
    assert box["y"] < name["y"] + name["height"]
    assert name["y"] < box["y"] + box["height"]
