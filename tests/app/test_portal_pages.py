"""What the public sees of the programme, over HTTP without a browser."""

from __future__ import annotations

import gzip
import io
import json
import re
from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from PIL import Image
from sqlmodel import Session
from starlette.applications import Starlette

from tests.support.confirming import OURS, Browser, serving
from tests.support.factories import Desk
from tests.support.houses import FLOOR, STALLS, LaidOut, on_sale, performance_in, seat
from upstage_crm.inventory import holds, queries, sale_steps, selling
from upstage_crm.inventory.availability import unpacked
from upstage_crm.inventory.views import SeatState
from upstage_crm.portal import addresses, memory
from upstage_crm.portal.answers import POLICY
from upstage_crm.portal.routes import ROUTES
from upstage_crm.programme import commands, performances, picture_reading, pictures, translations
from upstage_crm.programme import queries as programme
from upstage_crm.programme.views import Access, EventView, PerformanceState

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HTML_IN_A_TITLE = '<script>alert(1)</script> & "Lear"'


@pytest.fixture
def made(desk: Desk) -> LaidOut:
    return on_sale(desk)


@pytest.fixture
def web(desk: Desk) -> Iterator[Browser]:
    memory.forget_all()
    with serving(desk):
        yield Browser(Starlette(routes=ROUTES))
    memory.forget_all()


def event_of(made: LaidOut) -> EventView:
    return made.desk.read(lambda s: programme.event(s, made.event))


def event_path(made: LaidOut) -> str:
    return addresses.event_path(event_of(made))


def path_of(made: LaidOut) -> str:
    event = event_of(made)
    return addresses.performance_path(event, event.performances[0])


def see(web: Browser, path: str, **how: Any) -> httpx.Response:
    """Open an address as somebody who comes a while later."""
    memory.forget_all()
    return web.get(path, **how)


def data_of(page: httpx.Response) -> dict[str, Any]:
    """What search machines read in a page."""
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page.text)
    assert found is not None
    return json.loads(found[1])


def sell(made: LaidOut, *seats: str, places: int = 0) -> None:
    wanted, now = made.wanted(*seats, places=places), made.desk.now

    def work(session: Session) -> None:
        holds.hold(session, holder="b", wanted=wanted, now=now)
        selling.sell(session, holder="b", sale="s", wanted=wanted, now=now)

    made.attempt(work)


def sell_all(made: LaidOut) -> None:
    sell(made, *(one.id for one in made.house().seats), places=10)


def test_what_is_on_sale_is_listed_with_its_lowest_price(web: Browser, made: LaidOut) -> None:
    page = see(web, "/whats-on/")

    assert page.status_code == 200
    assert "Hamlet" in page.text
    assert "from $40.00" in page.text
    assert event_path(made) in page.text


def test_the_page_of_an_event_and_of_a_performance_follow(web: Browser, made: LaidOut) -> None:
    event = see(web, event_path(made))
    performance = see(web, path_of(made))

    assert path_of(made) in event.text
    assert [event.status_code, performance.status_code] == [200, 200]
    assert "Stalls" in performance.text
    assert performance.text.count('name="seat"') == 18


def test_what_is_sold_is_no_longer_listed_and_shows_in_the_bits(
    web: Browser, made: LaidOut
) -> None:
    sell(made, seat("A", 1), seat("A", 2))

    page, bits = see(web, path_of(made)), see(web, f"{path_of(made)}seats")

    assert page.text.count('name="seat"') == 16
    states = unpacked(bits.content, 18)
    assert states.count(SeatState.SOLD) == 2
    assert len(bits.content) == 5


def test_a_sold_out_performance_says_so_and_offers_another_date(
    web: Browser, desk: Desk, made: LaidOut
) -> None:
    other = performance_in(desk, made.hall, made.event, date(2026, 12, 5))
    desk.act(desk.owner, sale_steps.put_on_sale, performance_ids=[other], checks=())
    sell_all(made)

    page = see(web, path_of(made))

    assert "Sold out" in page.text
    assert 'name="seat"' not in page.text
    assert "2026-12-05-1930" in page.text
    assert data_of(page)["offers"]["availability"].endswith("SoldOut")


def test_a_paused_a_cancelled_and_a_begun_performance_say_so(
    web: Browser, desk: Desk, made: LaidOut
) -> None:
    path, ids = path_of(made), [made.performance]

    desk.act(desk.owner, performances.pause, performance_ids=ids)
    paused = see(web, path)
    desk.act(desk.owner, sale_steps.cancel, performance_ids=ids)
    cancelled = see(web, path)
    listed = see(web, "/whats-on/")
    desk.clock.set(desk.now + timedelta(days=400))
    begun = see(web, path)

    assert "Not on sale at the moment" in paused.text
    assert "Everyone with a ticket gets an email" in cancelled.text
    assert "EventCancelled" in cancelled.text
    assert "Hamlet" not in listed.text
    assert begun.status_code == 404


@on_sqlite
def test_a_performance_in_preparation_is_nobodys_business(
    web: Browser, desk: Desk, made: LaidOut
) -> None:
    event = desk.act(desk.owner, commands.add_event, typed={"title": "Secret"})
    draft = performance_in(desk, made.hall, event, date(2026, 12, 6))
    view = desk.read(lambda s: programme.event(s, event))
    path = addresses.performance_path(view, view.performances[0])

    pages = [see(web, one) for one in (path, addresses.event_path(view), "/whats-on/")]

    assert draft
    assert [page.status_code for page in pages] == [404, 404, 200]
    assert not any("Secret" in page.text for page in pages)


@on_sqlite
def test_an_old_address_leads_to_the_one_of_now(web: Browser, made: LaidOut) -> None:
    ending = made.event[-10:]

    moved = see(web, f"/whats-on/an-old-title-{ending}/?lang=de")
    without_slash = see(web, event_path(made).rstrip("/"))

    assert moved.status_code == 308
    assert moved.headers["location"] == f"{event_path(made)}?lang=de"
    assert without_slash.headers["location"] == event_path(made)


@on_sqlite
def test_what_was_on_last_season_is_named_with_what_is_on_now(
    web: Browser, desk: Desk, made: LaidOut
) -> None:
    path = event_path(made)
    desk.clock.set(desk.now + timedelta(days=400))

    page = see(web, path)

    assert page.status_code == 404
    assert "Hamlet is no longer on" in page.text


@on_sqlite
@pytest.mark.parametrize(
    "path",
    [
        "/whats-on/none-0123456789/",
        "/whats-on/x/",
        "/whats-on/%00/",
        "/whats-on/a/b/",
        "/whats-on/posters/zz.svg",
        "/whats-on/plans/0123456789/0123456789.svg",
        "/whats-on/pictures/0123456789/0123456789abcdef/320.jpg",
        "/whats-on/files/0/portal.css",
        "/whats-on/none-0123456789/x-0123456789/seats",
    ],
)
def test_an_address_of_nothing_is_not_found(web: Browser, made: LaidOut, path: str) -> None:
    assert made
    assert see(web, path).status_code == 404


@on_sqlite
def test_filters_leave_what_fits(web: Browser, desk: Desk, made: LaidOut) -> None:
    opera = desk.act(desk.owner, commands.add_event, typed={"title": "Tosca", "genre": "Opera"})
    desk.act(
        desk.owner,
        commands.add_performances,
        event_id=opera,
        hall_id=made.hall,
        days=[date(2026, 12, 24)],
        at=time(18, 0),
        access=[Access.SIGNED],
    )
    view = desk.read(lambda s: programme.event(s, opera))
    ids = [one.id for one in view.performances]
    desk.act(desk.owner, sale_steps.put_on_sale, performance_ids=ids, checks=())

    def found(query: str) -> list[str]:
        page = see(web, f"/whats-on/?{query}").text
        return [title for title in ("Hamlet", "Tosca") if f"<bdi>{title}</bdi>" in page]

    assert found("") == ["Hamlet", "Tosca"]
    assert found("genre=Opera") == ["Tosca"]
    assert found("access=signed") == ["Tosca"]
    assert found("from=2026-12-10") == ["Tosca"]
    assert found("until=2026-12-10") == ["Hamlet"]
    assert found("price=50") == ["Hamlet"]
    assert found("price=30") == []
    assert found("view=calendar&month=2026-12") == ["Hamlet", "Tosca"]
    assert found("view=calendar&month=2027-01") == []


@on_sqlite
def test_pages_come_in_the_language_that_was_asked_for(
    web: Browser, desk: Desk, made: LaidOut
) -> None:
    desk.act(
        desk.owner,
        translations.translate,
        event_id=made.event,
        language="ar",
        version=2,
        typed={"title": "هاملت"},
    )

    german = see(web, "/whats-on/", headers={"accept-language": "de-AT,de;q=0.9"})
    arabic = see(web, f"{event_path(made)}?lang=ar", headers={"accept-language": "de"})
    strange = see(web, "/whats-on/?lang=xx")

    assert '<html lang="de" dir="ltr">' in german.text
    assert '<html lang="ar" dir="rtl">' in arabic.text
    assert "هاملت" in arabic.text
    assert "?lang=ar" in arabic.text
    assert '<html lang="en"' in strange.text
    assert {page.headers["vary"] for page in (german, arabic)} == {
        "accept-encoding, accept-language"
    }


@on_sqlite
def test_a_page_has_our_policy_and_every_language(web: Browser, made: LaidOut) -> None:
    page = see(web, event_path(made))

    assert page.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert set(re.findall(r'hreflang="([\w-]+)" href="http', page.text)) == {
        "en", "es", "fr", "de", "ar", "x-default"
    }  # fmt: skip
    assert " style=" not in page.text
    assert re.findall(r"<script(?! type=\"application/ld| type=\"module\" src)", page.text) == []


@on_sqlite
def test_what_staff_write_never_becomes_markup(web: Browser, desk: Desk) -> None:
    made = on_sale(desk)
    typed = dict.fromkeys(event_of(made).texts, "") | {
        "title": HTML_IN_A_TITLE, "description": HTML_IN_A_TITLE
    }  # fmt: skip
    desk.act(desk.owner, commands.change_event, event_id=made.event, version=2, typed=typed)

    pages = [see(web, path) for path in ("/whats-on/", event_path(made), path_of(made))]

    assert all("<script>alert" not in page.text for page in pages)
    assert data_of(pages[1])["@graph"][0]["name"] == HTML_IN_A_TITLE


@on_sqlite
def test_a_browser_that_has_the_newest_page_is_told_so(web: Browser, made: LaidOut) -> None:
    first = see(web, event_path(made))

    again = web.get(event_path(made), headers={"if-none-match": first.headers["etag"]})
    sell(made, seat("A", 1))
    changed = see(web, path_of(made), headers={"if-none-match": first.headers["etag"]})

    assert [again.status_code, again.content] == [304, b""]
    assert changed.status_code == 200


@on_sqlite
def test_a_page_is_made_once_for_all_who_come_within_a_second(
    web: Browser, desk: Desk, made: LaidOut
) -> None:
    before = see(web, path_of(made))
    sell(made, seat("A", 1))

    meanwhile = web.get(path_of(made))

    assert meanwhile.text == before.text
    assert see(web, path_of(made)).text != before.text


@on_sqlite
def test_a_visitor_without_gzip_gets_the_same_page(web: Browser, made: LaidOut) -> None:
    packed = see(web, event_path(made))
    plain = web.get(event_path(made), headers={"accept-encoding": "identity"})

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert plain.text == packed.text


@on_sqlite
def test_pages_are_small(web: Browser, desk: Desk) -> None:
    """TICKETING §5: 15 kB for an event, 30 kB with 1,200 seats, availability 500 bytes."""
    made = on_sale(desk, [STALLS | {"rows": "24", "seats": "50", "wheelchair": ""}])
    event, performance = see(web, event_path(made)), see(web, path_of(made))
    named = r'"(/whats-on/(?:files|plans)/[^"]+)"'
    files = set(re.findall(named, performance.text))
    sizes = {path: len(gzip.compress(web.get(path).content, 6)) for path in files}
    sheet = next(size for path, size in sizes.items() if path.endswith(".css"))

    assert performance.text.count('name="seat"') == 1_200
    assert len(gzip.compress(event.content, 6)) + sheet < 15_000
    assert len(gzip.compress(performance.content, 6)) + sum(sizes.values()) < 30_000
    assert len(see(web, f"{path_of(made)}seats").content) <= 500


@on_sqlite
def test_the_map_has_every_seat_in_the_order_of_the_plan(web: Browser, made: LaidOut) -> None:
    page = see(web, path_of(made))
    [address] = re.findall(r'data-plan="([^"]+)"', page.text)

    drawn = web.get(address)

    assert drawn.headers["cache-control"] == "public, max-age=31536000, immutable"
    root = ElementTree.fromstring(drawn.text)
    rows = [one for one in root if one.tag.endswith("}g")]
    numbers = [seat.get("data-n") for row in rows for seat in row]
    plan = made.desk.read(lambda s: queries.plan_of(s, made.performance))
    assert numbers == [seat.number for seat in plan.seats]
    assert {row.get("data-s") for row in rows} == {"Stalls"}


@on_sqlite
def test_places_without_numbers_are_counted(web: Browser, desk: Desk) -> None:
    made = on_sale(desk, [FLOOR])

    page = see(web, path_of(made))

    assert "Places without numbers" in page.text
    assert 'name="seat"' not in page.text


@on_sqlite
def test_pictures_are_public_where_the_event_is(web: Browser, desk: Desk, made: LaidOut) -> None:
    file = io.BytesIO()
    Image.new("RGB", (900, 500), "#8f1d2f").save(file, "PNG")
    picture = picture_reading.read(file.getvalue())
    desk.act(
        desk.owner, pictures.set_picture, event_id=made.event, version=2, picture=picture, alt="Red"
    )

    page = see(web, event_path(made))
    [address] = re.findall(r'<img src="([^"]+)"', page.text)
    shown = web.get(address)

    assert 'alt="Red"' in page.text
    assert f'content="{OURS}{address}"' in page.text
    assert shown.headers["content-type"] == "image/jpeg"
    assert see(web, address.replace("800", "801")).status_code == 404


@on_sqlite
def test_an_event_without_a_picture_has_a_poster(web: Browser, made: LaidOut) -> None:
    page = see(web, "/whats-on/")
    [address] = re.findall(r'<img src="([^"]+)"', page.text)

    poster = web.get(address)

    assert poster.headers["content-type"] == "image/svg+xml"
    ElementTree.fromstring(poster.text)


@on_sqlite
def test_programs_read_a_sitemap_and_a_feed(web: Browser, made: LaidOut) -> None:
    sitemap, feed = see(web, "/sitemap.xml"), see(web, "/whats-on/feed.xml")
    robots = web.get("/robots.txt")

    assert f"{OURS}{path_of(made)}</loc>" in sitemap.text
    ElementTree.fromstring(sitemap.text)
    assert "Hamlet" in feed.text
    ElementTree.fromstring(feed.text)
    assert f"Sitemap: {OURS}/sitemap.xml" in robots.text


def test_an_event_is_found_by_the_end_of_its_id(desk: Desk, made: LaidOut) -> None:
    found = desk.read(lambda s: programme.event_by_ending(s, made.event[-10:]))

    assert found.id == made.event
    assert [one.state for one in found.performances] == [PerformanceState.ON_SALE]
