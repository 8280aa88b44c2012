"""Accounts of patrons: a mailbox signs in, sees its own, and no stranger can tell who is known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from tests.app.test_portal_orders import claimed, filed
from tests.support.erasing import erase
from tests.support.factories import Desk
from tests.support.houses import LaidOut, on_sale
from tests.support.shopping import APP, Shopper, bought, said, shopping
from upstage_crm.audit.events import Action
from upstage_crm.change_requests.model.dispute_tables import PatronFreezeRow
from upstage_crm.change_requests.model.rules import FreezeCause
from upstage_crm.core.db import table_of
from upstage_crm.core.ids import new_id
from upstage_crm.http import session_cookie
from upstage_crm.mail.message import MailKind
from upstage_crm.mail.outbox import OUTBOX
from upstage_crm.patron_accounts import sign_in
from upstage_crm.patron_accounts.tables import PatronSessionRow, PatronSignInRow
from upstage_crm.patrons import reveals
from upstage_crm.patrons.tables import PatronStatus
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.portal import limits
from upstage_crm.portal.account import sign_in_pages
from upstage_crm.portal.account.account_cookies import ASKED, SESSION
from upstage_crm.portal.limits import Limit
from upstage_crm.staff.auth import sessions

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
INA = "ina@example.org"
BOB = "bob@example.org"


@pytest.fixture
def made(desk: Desk) -> LaidOut:
    return on_sale(desk)


@pytest.fixture
def web(desk: Desk) -> Iterator[Shopper]:
    with shopping(desk) as shopper:
        yield shopper


@pytest.fixture
def ina(desk: Desk) -> PatronRecord:
    return desk.patron(email=INA)


def ask(web: Shopper, email: str = INA) -> httpx.Response:
    return web.send("/my/sign-in", email=email)


def mail(desk: Desk) -> str:
    """The newest mail with a code, as it left."""
    desk.deliver()
    return [each.text for each in desk.mailbox.messages if "/my/link/" in each.text][-1]


def code_of(desk: Desk) -> str:
    return re.findall(r"^(\d{6})$", mail(desk), re.MULTILINE)[0]


def link_of(desk: Desk) -> str:
    return re.findall(r"/my/link/[\w.-]+", mail(desk))[0]


def mails(desk: Desk) -> int:
    query = sa.select(sa.func.count()).where(OUTBOX.c.kind == MailKind.SIGN_IN_CODE)
    return desk.read(lambda s: s.connection().execute(query).scalar_one())


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


def signed_in(desk: Desk, email: str = INA) -> Shopper:
    """A browser in which Ina has signed in."""
    browser = Shopper(APP)
    ask(browser, email)
    answer = browser.send("/my/code", code=code_of(desk))
    assert answer.headers["location"] == "/my/"
    return browser


def is_in(browser: Shopper) -> bool:
    return browser.get("/my/").status_code == 200


def test_a_code_signs_in_the_browser_that_asked(
    web: Shopper, desk: Desk, ina: PatronRecord
) -> None:
    asked = ask(web)
    form = web.get("/my/code")
    code = code_of(desk)
    answer = web.send("/my/code", code=f"{code[:3]} {code[3:]}")
    page = web.get("/my/")

    assert asked.headers["location"] == "/my/code"
    assert "Please look into your mailbox." in form.text
    assert answer.headers["location"] == "/my/"
    assert INA in page.text
    cookie = next(one for one in answer.headers.get_list("set-cookie") if SESSION in one)
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert page.headers["cache-control"] == "no-store"
    assert desk.record(ina).email_verified_at == desk.now
    assert [line.facts["by"] for line in desk.lines(action=Action.PATRON_SIGNED_IN)] == ["code"]


def test_neither_code_nor_cookie_stands_in_the_database(
    web: Shopper, desk: Desk, ina: PatronRecord
) -> None:
    ask(web)
    code = code_of(desk)
    web.send("/my/code", code=code)
    held = [cookie.value for cookie in web.cookies.jar if cookie.name in {SESSION, ASKED}]

    def everything(table: sa.Table) -> str:
        return desk.read(lambda s: str(s.connection().execute(sa.select(table)).all()))

    stored = "".join(
        everything(each) for each in (table_of(PatronSessionRow), table_of(PatronSignInRow), OUTBOX)
    )
    assert ina.id in stored
    assert held
    assert not [one for one in (*held, f"\n{code}\n", f">{code}<") if one and one in stored]


@on_sqlite
def test_a_stranger_cannot_tell_whether_an_address_is_known(
    web: Shopper, desk: Desk, ina: PatronRecord
) -> None:
    def seen(email: str) -> list[tuple[int, str, str]]:
        browser = Shopper(APP)
        answers = [ask(browser, email), browser.get("/my/code")]
        answers += [browser.send("/my/code", code="1") for _ in range(sign_in.MOST_TRIES + 1)]
        return [(one.status_code, one.headers.get("location", ""), one.text) for one in answers]

    known, unknown = seen(INA), seen(BOB)

    assert known == unknown
    assert "no longer counts" in known[-1][2]
    assert mails(desk) == 1
    rows = table_of(PatronSignInRow)
    kept = desk.read(lambda s: s.connection().execute(sa.select(rows.c.email_key)).scalars().all())
    assert sorted(kept) == ["", INA], "an address that no record has is not kept"


def test_after_five_wrong_codes_the_right_one_is_none(
    web: Shopper, desk: Desk, ina: PatronRecord
) -> None:
    ask(web)
    code = code_of(desk)
    tries = [web.send("/my/code", code=wrong(code)) for _ in range(sign_in.MOST_TRIES)]

    late = web.send("/my/code", code=code)

    assert {one.status_code for one in tries} == {409}
    assert "That is not the code" in said(tries[0])
    assert "no longer counts" in said(late)
    assert not is_in(web)


@on_sqlite
def test_a_code_counts_in_no_other_browser_and_for_fifteen_minutes(
    web: Shopper, desk: Desk, ina: PatronRecord
) -> None:
    ask(web)
    code = code_of(desk)
    thief = Shopper(APP)
    ask(thief, BOB)

    stolen = [thief.send("/my/code", code=code), Shopper(APP).send("/my/code", code=code)]
    desk.clock.advance(sign_in.LIFE)
    late = web.send("/my/code", code=code)

    assert [one.status_code for one in (*stolen, late)] == [409, 409, 409]
    assert not is_in(thief)
    assert not is_in(web)


@on_sqlite
def test_a_code_and_its_link_count_once(web: Shopper, desk: Desk, ina: PatronRecord) -> None:
    ask(web)
    code, link = code_of(desk), link_of(desk)
    kept = httpx.Cookies(web.cookies)
    web.send("/my/code", code=code)
    again = Shopper(APP)
    again.cookies = kept
    phone = Shopper(APP)
    phone.get(link)

    answers = [again.send("/my/code", code=code), phone.get("/my/enter"), phone.send("/my/enter")]

    assert [one.status_code for one in answers] == [409, 409, 409]
    assert not is_in(again)
    assert not is_in(phone)


def test_opening_the_link_signs_no_one_in_and_its_button_does(
    web: Shopper, desk: Desk, ina: PatronRecord
) -> None:
    ask(web)
    link = link_of(desk)
    scanner, phone = Shopper(APP), Shopper(APP)
    scanner.get(link)
    scanner.get("/my/enter")
    opened = phone.get(link)
    page = phone.get(opened.headers["location"])

    foreign = phone.post("/my/enter", headers={"origin": "https://evil.example"})
    before = is_in(phone)
    answer = phone.send("/my/enter")

    assert opened.status_code == 303
    assert INA not in page.text
    assert "i•••@example.org" in page.text or "•" in page.text
    assert foreign.status_code == 409
    assert not before
    assert answer.headers["location"] == "/my/"
    assert is_in(phone)
    assert not is_in(scanner)


@on_sqlite
def test_a_link_for_something_else_opens_no_account(
    web: Shopper, desk: Desk, ina: PatronRecord
) -> None:
    desk.propose(ina)
    desk.deliver()
    token = re.findall(r"/c/([\w.-]+)", desk.mailbox.messages[-1].text)[0]

    answer = web.get(f"/my/link/{token}")

    assert answer.status_code == 409
    assert web.get("/my/enter").status_code == 409


def test_signing_in_claims_what_the_mailbox_bought_as_a_guest(
    web: Shopper, desk: Desk, made: LaidOut, ina: PatronRecord
) -> None:
    bought(web, made)
    filed(desk)
    before = claimed(desk)

    browser = signed_in(desk)
    page = browser.get("/my/")
    [reference] = claimed(desk)
    order = browser.get(f"/my/order?order={reference}")
    stranger = Shopper(APP).get(f"/my/order?order={reference}")

    assert before == []
    assert reference in page.text
    assert order.text.count('class="qr"') == 2
    assert browser.get(f"/my/order.pdf?order={reference}").content.startswith(b"%PDF")
    assert stranger.headers["location"] == "/my/sign-in"


@on_sqlite
def test_an_order_of_someone_else_is_not_shown(
    web: Shopper, desk: Desk, made: LaidOut, ina: PatronRecord
) -> None:
    bought(web, made)
    filed(desk)
    signed_in(desk)
    [reference] = claimed(desk)
    desk.patron(email=BOB)
    bob = Shopper(APP)
    ask(bob, BOB)
    bob.send("/my/code", code=code_of(desk))

    answer = bob.get(f"/my/order?order={reference}")

    assert is_in(bob)
    assert answer.headers["location"] == "/my/"
    assert reference not in bob.get("/my/").text


def test_the_history_says_who_looked_and_what_changed(
    web: Shopper, desk: Desk, ina: PatronRecord
) -> None:
    desk.act(
        desk.owner, reveals.reveal, patron_id=ina.id, field="phone", reason="Called about a seat"
    )
    proposed = desk.propose(ina, changes={"phone": {"phone": "+1 212 555 0199"}})
    desk.deliver()
    desk.decide(desk.claims(INA))
    browser = signed_in(desk)
    during = browser.get("/my/history")
    desk.clock.advance(timedelta(days=8))
    page = signed_in(desk).get("/my/history")

    told = re.findall(
        r'<span class="strong">(.*?)</span><br>\s*<span class="muted">(.*?),', page.text
    )
    assert [(what, re.sub("<.*?>", "", who)) for what, who in told] == [
        ("Signed in to your account", "You"),
        ("Signed in to your account", "You"),
        (f"Phone number: changed on your record ({proposed.reference})", "You"),
        (f"Phone number: the change was approved ({proposed.reference})", "You"),
        (f"A change was proposed ({proposed.reference})", "Dana (box office)"),
        ("Phone number: looked at, for a reason that was kept", "Dana (box office)"),
        ("Your record was made", "Dana (box office)"),
    ]
    assert during.status_code == 409
    assert "0199" not in page.text
    assert "Called about" not in page.text
    assert Shopper(APP).get("/my/history").headers["location"] == "/my/sign-in"


@on_sqlite
def test_a_long_history_is_read_page_by_page(web: Shopper, desk: Desk, ina: PatronRecord) -> None:
    for turn in range(60):
        desk.act(
            desk.owner,
            reveals.reveal,
            patron_id=ina.id,
            field="name",
            reason=f"Look {turn} of many",
        )
    browser = signed_in(desk)

    first = browser.get("/my/history")
    [earlier] = re.findall(r'href="(/my/history\?before=\d+)"', first.text)
    last = browser.get(earlier)

    assert [page.text.count("<time") for page in (first, last)] == [50, 12]
    assert "before=" not in last.text
    for odd in ("-1", "x", "9" * 40, "²"):
        assert browser.get(f"/my/history?before={odd}").status_code == 200


def test_tickets_are_given_away_from_the_account_and_taken_back(
    web: Shopper, desk: Desk, made: LaidOut, ina: PatronRecord
) -> None:
    bought(web, made)
    filed(desk)
    browser = signed_in(desk)
    [reference] = claimed(desk)
    give = f"/my/order/give?order={reference}"

    assert f'href="{give}"' in browser.get(f"/my/order?order={reference}").text
    [first, _second] = re.findall(r'name="ticket" value="(\w+)"', browser.get(give).text)
    sent = browser.send(give, ticket=[first], email="ben@example.org")
    waiting = browser.get(sent.headers["location"]).text
    [offer] = re.findall(r'name="offer" value="(\w+)"', waiting)
    desk.deliver()
    back = browser.send(f"/my/order/give/back?order={reference}", offer=offer)

    assert sent.headers["location"] == give
    assert "b•••@" in waiting
    assert len(desk.mailbox.to("ben@example.org")) == 1
    assert back.headers["location"] == give
    assert 'name="offer"' not in browser.get(give).text


def test_who_may_not_see_an_order_gives_none_of_it_away(
    web: Shopper, desk: Desk, made: LaidOut, ina: PatronRecord
) -> None:
    bought(web, made)
    filed(desk)
    browser = signed_in(desk)
    [reference] = claimed(desk)
    give = f"/my/order/give?order={reference}"
    [ticket, _other] = re.findall(r'name="ticket" value="(\w+)"', browser.get(give).text)
    desk.patron(email=BOB)
    bob = Shopper(APP)
    ask(bob, BOB)
    bob.send("/my/code", code=code_of(desk))
    assert is_in(bob)
    foreign = browser.post(
        give, data={"ticket": ticket, "email": BOB}, headers={"origin": "https://evil.example"}
    )
    browser.send("/my/sign-out", which="everywhere")

    for who in (bob, browser, Shopper(APP)):
        answer = who.send(give, ticket=[ticket], email=BOB)
        assert answer.headers["location"] == "/my/"
        assert who.get(give).headers["location"] == "/my/"
    assert foreign.status_code == 409
    assert desk.scalar("SELECT count(*) FROM ticket_offer") == 0


def test_a_new_address_ends_every_session(web: Shopper, desk: Desk, ina: PatronRecord) -> None:
    browser = signed_in(desk)
    before = is_in(browser)

    desk.propose(ina, "new@example.org")
    for mailbox in (INA, "new@example.org"):
        desk.deliver()
        desk.decide(desk.claims(mailbox))

    assert before
    assert desk.email(ina) == "new@example.org"
    assert not is_in(browser)


@on_sqlite
def test_who_is_erased_or_left_is_signed_out(web: Shopper, desk: Desk, ina: PatronRecord) -> None:
    browser = signed_in(desk)
    asked = Shopper(APP)
    ask(asked)
    code = code_of(desk)

    erase(desk, ina)

    assert not is_in(browser)
    assert asked.send("/my/code", code=code).status_code == 409
    for table in (PatronSessionRow, PatronSignInRow):
        count = sa.select(sa.func.count()).select_from(table_of(table))
        assert desk.read(lambda s, q=count: s.connection().execute(q).scalar_one()) == 0


@on_sqlite
def test_a_session_ends_after_thirty_days_without_use(
    web: Shopper, desk: Desk, ina: PatronRecord
) -> None:
    browser, idle = signed_in(desk), signed_in(desk)

    desk.clock.advance(timedelta(days=29))
    rolled = browser.get("/my/")
    desk.clock.advance(timedelta(days=2))

    assert any(SESSION in one for one in rolled.headers.get_list("set-cookie"))
    assert is_in(browser)
    assert not is_in(idle)


def test_sessions_are_listed_and_ended(web: Shopper, desk: Desk, ina: PatronRecord) -> None:
    here, there, third = signed_in(desk), signed_in(desk), signed_in(desk)
    listed = re.findall(r'name="which" value="([0-9a-f]{16})"', here.get("/my/").text)

    here.send("/my/sign-out", which=listed[0])
    after_one = [is_in(each) for each in (here, there, third)]
    here.send("/my/sign-out", which="everywhere")

    assert len(listed) == 2
    assert sorted(after_one) == [False, True, True]
    assert after_one[0]
    assert not any(is_in(each) for each in (here, there, third))
    lines = desk.lines(action=Action.PATRON_SIGNED_OUT)
    assert sorted(int(str(line.facts["count"])) for line in lines) == [1, 2]


@on_sqlite
def test_no_one_ends_sessions_of_another_patron(
    web: Shopper, desk: Desk, ina: PatronRecord
) -> None:
    browser, other = signed_in(desk), signed_in(desk)
    [listed] = re.findall(r'name="which" value="([0-9a-f]{16})"', browser.get("/my/").text)
    desk.patron(email=BOB)
    bob = Shopper(APP)
    ask(bob, BOB)
    bob.send("/my/code", code=code_of(desk))

    bob.send("/my/sign-out", which=listed)
    foreign = browser.post("/my/sign-out", headers={"origin": "https://evil.example"})

    assert foreign.status_code == 409
    assert is_in(browser)
    assert is_in(other)


@on_sqlite
def test_a_forged_session_or_sign_in_opens_nothing(
    web: Shopper, desk: Desk, ina: PatronRecord
) -> None:
    """Who writes to the database alone cannot turn a session, or a sign-in, to another record."""
    ada = desk.patron(email="ada@example.org")
    browser = signed_in(desk)
    ask(web)
    code = code_of(desk)
    for table in (PatronSessionRow, PatronSignInRow):
        moved = sa.update(table_of(table)).values(patron_id=ada.id, email_key="ada@example.org")
        with pytest.raises(DBAPIError), desk.owned.begin() as connection:
            connection.execute(moved)
        desk.forge(
            f"UPDATE {table.__tablename__} "
            f"SET patron_id = '{ada.id}', email_key = 'ada@example.org'",
            unguarded=True,
        )

    assert not is_in(browser)
    assert web.send("/my/code", code=code).status_code == 409


@pytest.mark.each_database
def test_neither_an_ended_session_nor_a_used_code_comes_back(
    web: Shopper, desk: Desk, ina: PatronRecord
) -> None:
    """By plain SQL and an old cookie, with everything that the database holds."""
    browser = signed_in(desk)
    desk.write(
        lambda s: s.connection().execute(
            sa.update(table_of(PatronSessionRow)).values(ended_at=desk.now)
        )
    )
    assert not is_in(browser)
    later = "2999-01-01 00:00:00"
    for table, columns in (
        ("patron_session", "ended_at = NULL"),
        ("patron_session", f"ended_at = '{later}'"),
        ("patron_sign_in", "used_at = NULL"),
        ("patron_sign_in", "tries = 0"),
    ):
        with pytest.raises(DBAPIError, match="upstage guard"):
            desk.forge(f"UPDATE {table} SET {columns}")
    with pytest.raises(DBAPIError, match="upstage guard"):
        desk.forge("DELETE FROM patron_session")

    assert not is_in(browser)


@on_sqlite
def test_a_mailbox_is_not_flooded_and_codes_are_not_tried_for_ever(
    web: Shopper, desk: Desk, ina: PatronRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [ask(Shopper(APP)) for _ in range(6)]
    of_ten_minutes = mails(desk)
    monkeypatch.setattr(sign_in_pages, "ADDRESSES", Limit("many", 100, 100, 600.0))
    for _ in range(2):
        ask(Shopper(APP))
    of_an_hour = mails(desk)
    desk.clock.advance(timedelta(hours=1, seconds=1))
    ask(Shopper(APP))
    later = mails(desk)
    monkeypatch.setattr(sign_in_pages, "SIGN_INS", Limit("few", 100, 2, 600.0))
    slowed = [ask(Shopper(APP), f"p{at}@example.org") for at in range(3)]

    assert [one.status_code for one in answers] == [303] * 5 + [409]
    assert [of_ten_minutes, of_an_hour, later] == [5, 5, 6]
    assert [one.status_code for one in slowed] == [303, 303, 409]


def test_a_busy_evening_slows_no_one_who_signs_in_once() -> None:
    """The limit of an address is that of this address alone."""
    pace = limits.Pace(lambda: 0.0)

    for at in range(200):
        pace.count(limits.ADDRESSES, visitor="", network=f"address:p{at}@example.org")

    assert pace.refused == 0


@on_sqlite
def test_what_is_no_address_is_said_at_once(web: Shopper, desk: Desk) -> None:
    answer = ask(web, "ina@example")

    assert answer.status_code == 422
    assert "not a whole email address" in said(answer)


@on_sqlite
def test_the_page_says_what_is_proposed_and_where_the_question_went(
    web: Shopper, desk: Desk, ina: PatronRecord
) -> None:
    browser = signed_in(desk)
    desk.propose(ina, changes={"phone": {"phone": "+44 20 7946 0991"}})

    page = browser.get("/my/").text

    assert "asks for this" in page
    assert "0991" not in page
    assert "/c/" not in page


@on_sqlite
def test_old_sign_ins_are_forgotten(web: Shopper, desk: Desk, ina: PatronRecord) -> None:
    ask(web)
    desk.clock.advance(sign_in.KEPT_FOR + sign_in.LIFE + timedelta(seconds=1))

    is_any = desk.read(lambda s: sign_in.has_old(s, now=desk.now))
    gone = desk.write(lambda s: sign_in.forget_old(s, now=desk.now))

    assert is_any
    assert gone == 1


def test_my_data_says_what_is_held_and_where_it_comes_from(
    web: Shopper, desk: Desk, ina: PatronRecord
) -> None:
    desk.propose(ina, changes={"phone": {"phone": "+44 20 7946 0991"}})
    desk.deliver()
    desk.decide(desk.claims(INA))
    desk.clock.advance(timedelta(days=4))  # the change cannot be put back any more
    browser = signed_in(desk)

    page = browser.get("/my/data").text
    taken = browser.send("/my/data.json")
    held = taken.json()

    assert "7946 0991" in page
    assert "it was approved" in page
    assert "From the day on which your record was made" in page
    assert taken.headers["content-disposition"].startswith("attachment")
    assert held["patron"] == ina.number
    assert held["is_whole"]
    assert held["sign_ins"][0]["ended_at"] is None
    [line] = desk.lines(action=Action.DATA_EXPORTED)
    assert line.actor.label == "The current address"


@on_sqlite
def test_inside_a_revert_window_nothing_is_shown_or_taken_out(
    web: Shopper, desk: Desk, ina: PatronRecord
) -> None:
    desk.propose(ina, changes={"phone": {"phone": "+44 20 7946 0991"}})
    desk.deliver()
    desk.decide(desk.claims(INA))
    browser = signed_in(desk)

    page = browser.get("/my/data")
    taken = browser.send("/my/data.json")

    assert [page.status_code, taken.status_code] == [409, 409]
    assert "may still be undone" in said(page)
    assert "0991" not in page.text
    assert not desk.lines(action=Action.DATA_EXPORTED)


@on_sqlite
def test_my_data_needs_a_session_and_our_own_form(
    web: Shopper, desk: Desk, ina: PatronRecord
) -> None:
    browser = signed_in(desk)

    foreign = browser.post("/my/data.json", headers={"origin": "https://evil.example"})
    strangers = [Shopper(APP).get("/my/data"), Shopper(APP).send("/my/data.json")]

    assert foreign.status_code == 409
    assert [one.headers["location"] for one in strangers] == ["/my/sign-in"] * 2
    assert not desk.lines(action=Action.DATA_EXPORTED)


@on_sqlite
def test_a_session_of_staff_opens_no_account_and_the_reverse(
    web: Shopper, desk: Desk, ina: PatronRecord
) -> None:
    browser = signed_in(desk)
    token = next(one.value for one in browser.cookies.jar if one.name == SESSION)
    staff = desk.write(
        lambda s: sessions.begin(
            s, staff_id=desk.owner.id, user_agent="", ip_prefix="", now=desk.now
        )
    )
    clerk = Shopper(APP)
    for name in (SESSION, session_cookie.NAME):
        clerk.cookies.set(name, str(staff))

    assert is_in(browser)
    assert not is_in(clerk)
    assert session_cookie.member_of_cookie(f"{session_cookie.NAME}={staff}") is not None
    assert session_cookie.signed_in_by_cookie(f"{session_cookie.NAME}={token}") is None
    assert session_cookie.signed_in_by_cookie(f"{SESSION}={staff}") is None


@on_sqlite
def test_who_is_in_dispute_or_no_longer_live_is_signed_out(
    web: Shopper, desk: Desk, ina: PatronRecord
) -> None:
    frozen, out = signed_in(desk), desk.patron(email=BOB)
    bob = Shopper(APP)
    ask(bob, BOB)
    bob.send("/my/code", code=code_of(desk))
    before = [is_in(frozen), is_in(bob)]
    request = desk.view(desk.propose(ina))

    def freeze(session: Session) -> None:
        made = PatronFreezeRow(
            id=new_id(desk.now),
            patron_id=ina.id,
            request_id=request.id,
            cause=FreezeCause.OBJECTION,
            opened_at=desk.now,
        )
        session.add(made)
        session.flush()

    desk.step(ina, freeze)
    desk.set_status(out, PatronStatus.DECEASED)
    mails_before = mails(desk)
    for email in (INA, BOB):
        ask(Shopper(APP), email)

    assert before == [True, True]
    assert [is_in(frozen), is_in(bob)] == [False, False]
    assert mails(desk) == mails_before


@on_sqlite
def test_inside_a_revert_window_a_new_mailbox_sees_what_it_bought_alone(
    web: Shopper, desk: Desk, made: LaidOut, ina: PatronRecord
) -> None:
    """The codes stay with the mailbox that bought, while it may still undo the change."""
    bought(web, made)
    filed(desk)
    signed_in(desk)
    [reference] = claimed(desk)
    desk.propose(ina, "new@example.org")
    for mailbox in (INA, "new@example.org"):
        desk.deliver()
        desk.decide(desk.claims(mailbox))
    desk.clock.advance(timedelta(minutes=1))
    browser = Shopper(APP)
    ask(browser, "new@example.org")
    browser.send("/my/code", code=code_of(desk))

    inside = browser.get("/my/").text
    order = browser.get(f"/my/order?order={reference}")
    desk.clock.advance(timedelta(days=4))

    assert "new@example.org" in inside
    assert reference not in inside
    assert order.headers["location"] == "/my/"
    assert reference in browser.get("/my/").text
