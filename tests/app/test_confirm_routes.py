"""The gate, the page's document and the plain twin, over HTTP without a browser."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.cookies import Morsel, SimpleCookie
from pathlib import Path

import httpx
import jwt
import pytest
from sqlalchemy import event
from starlette.applications import Starlette

from tests.support.confirming import HTTPS, OURS, Browser, serving, tampered, tokens
from tests.support.factories import NEW, OLD, SECRET, Desk
from upstage_crm.audit.events import Action, Channel
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model.rules import (
    Decision,
    RequestState,
)
from upstage_crm.confirm import (
    fixed_copy,
    nonce,
    plain_html,
    routes,
)
from upstage_crm.links.codec import ALGORITHM
from upstage_crm.patrons.views import PatronRecord

ORIGIN = OURS
PLAIN = "/confirm/plain"
REASON = 'Rang us <script>alert(1)</script> & "asked" {organisation} {{ x }}'


def browser(*, base_url: str = ORIGIN) -> Browser:
    return Browser(Starlette(routes=routes.ROUTES), base_url=base_url)


@pytest.fixture
def patron(desk: Desk) -> PatronRecord:
    return desk.patron()


@pytest.fixture
def request_(desk: Desk, patron: PatronRecord) -> Proposed:
    return desk.propose(patron, reason_text=REASON)


@pytest.fixture
def token(desk: Desk, request_: Proposed) -> str:
    return tokens(desk, NEW)[-1]


@pytest.fixture
def key(desk: Desk, token: str) -> str:
    return desk.codec.read(token).key


@pytest.fixture
def web(desk: Desk) -> Iterator[Browser]:
    with serving(desk):
        yield browser()


def set_cookies(answer: httpx.Response) -> list[Morsel[str]]:
    made: list[Morsel[str]] = []
    for header in answer.headers.get_list("set-cookie"):
        made += SimpleCookie(header).values()
    return made


def fields(page: str) -> dict[str, str]:
    """The hidden fields of the page's form."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def answer(web: Browser, key: str, *, origin: str | None = ORIGIN, **given: str) -> httpx.Response:
    """Load the page and submit its form, filled with `given`."""
    shown = web.get(PLAIN, params={"link": key})
    headers = {"origin": origin} if origin else {}
    data = {**fields(shown.text), **given}
    return web.post(PLAIN, params={"link": key}, data=data, headers=headers)


def complete(decision: Decision, comment: str = "") -> dict[str, str]:
    return {"answer": decision.value, "read": "yes", "comment": comment}


def title(page: httpx.Response) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page.text)
    assert found is not None
    return found[1]


@pytest.fixture
def opened(web: Browser, token: str) -> None:
    """The link of the mail was opened in this browser."""
    web.get(f"/c/{token}")


# What a page says does not depend on the kind of database; what it writes might.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.usefixtures("opened")
class TestRecording:
    def test_visits_change_nothing(self, desk: Desk, web: Browser, token: str, key: str) -> None:
        """Case 3: 50 parallel prefetches of both links, and every method, leave no trace."""
        before = desk.dump()
        addresses = [
            f"/c/{token}?choice=approve",
            f"/c/{token}?choice=reject",
            f"/confirm/?link={key}&choice=approve",
            f"{PLAIN}?link={key}&choice=approve",
        ]
        headers = {"cookie": f"upstage-link-{key}={token}", "purpose": "prefetch"}

        def visit(number: int) -> int:
            address = addresses[number % len(addresses)]
            method = ("GET", "HEAD", "GET", "OPTIONS")[number // len(addresses) % 4]
            return web.request(method, address, headers=headers).status_code

        with ThreadPoolExecutor(8) as pool:
            statuses = set(pool.map(visit, range(50)))

        assert {200, 303, 405} == statuses
        assert before == desk.dump()

    @pytest.mark.parametrize(
        ("decision", "state", "heading"),
        [
            (Decision.APPROVE, RequestState.APPROVED, "Approved. Thank you"),
            (Decision.REJECT, RequestState.REJECTED, "Rejected. Nothing was changed"),
            (Decision.OBJECT, RequestState.REJECTED, "Thank you for telling us"),
        ],
    )
    def test_a_complete_answer_decides(
        self,
        desk: Desk,
        web: Browser,
        key: str,
        request_: Proposed,
        decision: Decision,
        state: RequestState,
        heading: str,
    ) -> None:
        answered = answer(web, key, **complete(decision, "As agreed."))

        assert (303, f"{PLAIN}?link={key}") == (
            answered.status_code,
            answered.headers["location"],
        )
        assert state is desk.state(request_)
        assert heading == title(web.get(answered.headers["location"]))
        [line] = [line for line in desk.lines() if line.channel is Channel.SIMPLE_PAGE][:1]
        assert line.values["comment"] == "As agreed."
        assert "python-httpx" in str(line.values["user_agent"])
        assert f"upstage-link-{key}" not in str(desk.lines())

    def test_answering_twice_gives_one_decision_and_the_same_page(
        self, desk: Desk, web: Browser, key: str, request_: Proposed
    ) -> None:
        shown = web.get(PLAIN, params={"link": key})
        data = {**fields(shown.text), **complete(Decision.APPROVE)}

        def post() -> httpx.Response:
            return web.post(PLAIN, params={"link": key}, data=data, headers={"origin": ORIGIN})

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda _number: post(), range(2)))
        later = post()

        assert [got.status_code for got in (*answers, later)] == [303, 303, 303]
        assert title(web.get(later.headers["location"])) == "Approved. Thank you"
        assert desk.actions().count(Action.FIELD_APPROVED) == 1
        assert [kind for kind, _to in desk.told(request_)] == [
            "change_applied",
            "change_applied",
            "staff_outcome",
        ]

    def test_an_objection_after_the_change_is_told_once(
        self, desk: Desk, web: Browser, token: str, request_: Proposed
    ) -> None:
        desk.decide(desk.codec.read(token))
        told = tokens(desk, OLD)[-1]
        other = desk.codec.read(told).key
        web.get(f"/c/{told}")
        assert title(web.get(PLAIN, params={"link": other})) == "Your details have changed"

        for _time in range(2):
            answer(web, other, **complete(Decision.OBJECT))

        page = web.get(PLAIN, params={"link": other})
        assert title(page) == "Thank you. We have undone the change"
        assert "<form" not in page.text
        assert desk.actions().count(Action.OBJECTION_RECEIVED) == 1


@on_sqlite
class TestGate:
    def test_a_good_link_becomes_a_cookie_and_leaves_the_address(
        self, web: Browser, token: str, key: str
    ) -> None:
        answered = web.get(f"/c/{token}")

        assert answered.status_code == 303
        assert f"/confirm/?link={key}" == answered.headers["location"]
        assert answered.headers["cache-control"] == "no-store"
        assert answered.headers["referrer-policy"] == "no-referrer"
        assert answered.content == b""
        [cookie] = set_cookies(answered)
        assert f"upstage-link-{key}" == cookie.key
        assert token == cookie.value
        assert cookie["httponly"]
        assert not cookie["secure"]
        assert cookie["samesite"].lower() == "lax"
        assert cookie["path"] == "/"
        assert cookie["max-age"] == "7200"
        assert cookie["domain"] == ""

    def test_under_https_the_cookie_is_bound_to_the_host(self, desk: Desk, token: str) -> None:
        with serving(desk, public_url=HTTPS):
            client = browser(base_url=HTTPS)
            answered = client.get(f"/c/{token}")
            key = answered.headers["location"].partition("link=")[2]
            [cookie] = set_cookies(answered)

            assert cookie["secure"]
            assert f"__Host-upstage-link-{key}" == cookie.key
            assert title(client.get(f"{PLAIN}?link={key}")) == "Did you give us this email address?"
            # A cookie that another host of the domain could have set is not read.
            client.cookies.clear()
            headers = {"cookie": f"upstage-link-{key}={token}"}
            shown = client.get(f"{PLAIN}?link={key}", headers=headers)
            assert title(shown) == "Open the link in your email again"

    @pytest.mark.parametrize("choice", ["approve", "reject"])
    def test_the_choice_of_the_mail_is_passed_on(
        self, web: Browser, token: str, key: str, choice: str
    ) -> None:
        answered = web.get(f"/c/{token}?choice={choice}")

        assert f"/confirm/?link={key}&choice={choice}" == answered.headers["location"]

    @pytest.mark.parametrize("choice", ["object", "x", "approve&a=b", "https://evil.example"])
    def test_any_other_choice_is_dropped(
        self, web: Browser, token: str, key: str, choice: str
    ) -> None:
        answered = web.get(f"/c/{token}", params={"choice": choice})

        assert f"/confirm/?link={key}" == answered.headers["location"]

    def test_every_flaw_has_the_same_answer(
        self, desk: Desk, web: Browser, token: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        body: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
        head = {"typ": "upstage-link+jwt", "kid": "test-key"}

        def signed(claims: dict[str, object], **headers: object) -> str:
            return jwt.encode(claims, SECRET, algorithm=ALGORITHM, headers={**head, **headers})

        flawed = {
            "tampered": tampered(token),
            "another key": jwt.encode(body, b"z" * 32, algorithm=ALGORITHM, headers=head),
            "unknown kid": signed(body, kid="other"),
            "kid of a file": signed(body, kid="../../dev/null"),
            "another type": signed(body, typ="JWT"),
            "none": jwt.encode(body, None, algorithm="none", headers=head),  # pyright: ignore[reportArgumentType]
            "password reset": signed(body | {"purpose": "password_reset"}),
            "wrong audience": signed(body | {"aud": "other"}),
            "wrong issuer": signed(body | {"iss": "other"}),
            **{f"no {name}": signed({k: v for k, v in body.items() if k != name}) for name in body},
            "garbage": "garbage",
            "empty": "",
            "cut in two": token[: len(token) // 2],
            "too long": "A" * 3_000,
            "a path": "a/b/c",
        }

        answers = {name: web.get(f"/c/{bad}") for name, bad in flawed.items()}

        assert {name: (303, "/confirm/?link=invalid", [], b"") for name in flawed} == {
            name: (got.status_code, got.headers["location"], set_cookies(got), got.content)
            for name, got in answers.items()
        }
        refusals = [r for r in caplog.records if getattr(r, "event", "") == "link_refused"]
        assert len(flawed) == len(refusals)
        assert token.rpartition(".")[2] not in caplog.text
        assert not any(record.exc_info for record in refusals)

    def test_a_late_but_authentic_link_still_opens_its_page(
        self, desk: Desk, web: Browser, token: str, key: str
    ) -> None:
        desk.clock.advance(timedelta(days=8))

        answered = web.get(f"/c/{token}")

        assert f"/confirm/?link={key}" == answered.headers["location"]
        [cookie] = set_cookies(answered)
        assert cookie["max-age"] == "600"
        shown = web.get(f"{PLAIN}?link={key}")
        assert (shown.status_code, title(shown)) == (200, "This request has expired")

    def test_a_link_that_ends_soon_has_a_shorter_cookie(
        self, desk: Desk, web: Browser, token: str
    ) -> None:
        desk.clock.advance(timedelta(days=6, hours=23))

        [cookie] = set_cookies(web.get(f"/c/{token}"))

        assert cookie["max-age"] == "3600"

    def test_the_seventh_link_takes_the_place_of_the_oldest(self, desk: Desk, web: Browser) -> None:
        opened: list[str] = []
        for number in range(7):
            someone = desk.patron(f"old{number}@example.com")
            desk.propose(someone, f"new{number}@example.org")
            opened.append(tokens(desk, f"new{number}@example.org")[-1])
        keys = [desk.codec.read(token).key for token in opened]
        for token in opened[:6]:
            web.get(f"/c/{token}")

        answered = web.get(f"/c/{opened[6]}")

        made = {cookie.key: cookie["max-age"] for cookie in set_cookies(answered)}
        assert {f"upstage-link-{keys[0]}": "0", f"upstage-link-{keys[6]}": "7200"} == made
        assert keys[1:] == [name.removeprefix("upstage-link-") for name in web.cookies]

    def test_opening_a_link_again_removes_no_other(self, desk: Desk, web: Browser) -> None:
        opened: list[str] = []
        for number in range(6):
            someone = desk.patron(f"old{number}@example.com")
            desk.propose(someone, f"new{number}@example.org")
            opened.append(tokens(desk, f"new{number}@example.org")[-1])
            web.get(f"/c/{opened[-1]}")

        answered = web.get(f"/c/{opened[2]}")

        assert len(set_cookies(answered)) == 1
        assert len(web.cookies) == 6

    def test_head_answers_like_get_and_leaves_no_cookie(self, web: Browser, token: str) -> None:
        got, headed = web.get(f"/c/{token}"), web.request("HEAD", f"/c/{token}")

        assert got.status_code == headed.status_code
        assert got.headers["location"] == headed.headers["location"]
        assert set_cookies(headed) == []

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
    def test_other_methods_are_refused(self, web: Browser, token: str, method: str) -> None:
        assert web.request(method, f"/c/{token}").status_code == 405


@on_sqlite
class TestDocument:
    @pytest.fixture
    def built(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
        text = (
            f'<p>One moment</p><a class="u-link" {routes.PLAIN_LINK}>simple</a><script>1</script>'
        )
        page = tmp_path / "index.html"
        page.write_text(text)
        monkeypatch.setattr(routes, "BUILT_PAGE", page)
        return text

    @pytest.mark.parametrize("path", ["/confirm/", "/confirm"])
    def test_the_key_stands_in_the_one_ordinary_link(
        self, web: Browser, built: str, path: str
    ) -> None:
        shown = web.get(path, params={"link": "AAAABBBB-_12", "choice": "reject"})

        wanted = 'href="/confirm/plain?link=AAAABBBB-_12&amp;choice=reject"'
        assert built.replace(routes.PLAIN_LINK, wanted) == shown.text
        assert shown.headers["cache-control"] == "no-store"

    @pytest.mark.parametrize(
        "link", ["invalid", "", "short", "A" * 13, '"><script>', "AAAABBBB-_1é", "AAAABBBB-_1\n"]
    )
    def test_what_is_no_key_is_left_out(self, web: Browser, built: str, link: str) -> None:
        assert built == web.get("/confirm/", params={"link": link}).text

    def test_it_is_packed_only_for_those_who_can_unpack(self, web: Browser, built: str) -> None:
        packed = web.get("/confirm/", headers={"accept-encoding": "gzip"})
        plain = web.get("/confirm/", headers={"accept-encoding": "identity"})

        assert packed.headers["content-encoding"] == "gzip"
        assert "content-encoding" not in plain.headers
        assert built == packed.text == plain.text

    def test_its_style_sheet_travels_inside_and_no_screen_waits_for_another(
        self, web: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        link = '<link href="/assets/all-1.css" rel="stylesheet" type="text/css"/>'
        ahead = '<link as="style" href="/assets/all-1.css" rel="preload"/>'
        page = tmp_path / "confirm" / "index.html"
        sheet = tmp_path / "assets" / "all-1.css"
        for file, text in ((page, f"<head>{ahead}{link}</head>"), (sheet, "p{margin:0}")):
            file.parent.mkdir()
            file.write_text(text)
        monkeypatch.setattr(routes, "BUILT_PAGE", page)

        shown = web.get("/confirm/").text

        later = link.replace("/>", ' media="not all"/>')
        assert f"<head><style>p{{margin:0}}</style>{later}</head>" == shown

    def test_without_a_build_the_plain_page_answers(
        self, web: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(routes, "BUILT_PAGE", tmp_path / "none.html")

        answered = web.get("/confirm/?link=AAAABBBB-_12")

        assert answered.headers["location"] == "/confirm/plain?link=AAAABBBB-_12"

    def test_it_only_answers_to_get(self, web: Browser, built: str) -> None:
        assert web.post("/confirm/").status_code == 405


@on_sqlite
@pytest.mark.usefixtures("opened")
class TestPlainPage:
    def test_it_shows_who_asks_what_and_until_when(
        self, web: Browser, key: str, request_: Proposed
    ) -> None:
        page = web.get(f"{PLAIN}?link={key}&choice=approve")

        assert page.status_code == 200
        for words in (
            "Dana (box office) at Your organisation",
            "M••• S•••",
            "We were asked by phone",
            "m•••@example.com",
            NEW,
            "If you do nothing",
            "Please answer by Monday, 9 March 2026",
            "You pressed “Approve” in the email. Nothing has been decided yet. Confirm below.",
            "+1 555-0100",
            request_.reference,
        ):
            assert words in page.text
        for secret in (OLD, "Mara", "Smith"):
            assert secret not in page.text

    def test_nothing_is_chosen_or_ticked_beforehand(self, web: Browser, key: str) -> None:
        page = web.get(f"{PLAIN}?link={key}&choice=approve").text

        assert page.count('type="radio"') == 3
        assert "checked" not in page

    def test_it_is_small_and_needs_nothing_else(self, web: Browser, key: str) -> None:
        page = web.get(f"{PLAIN}?link={key}")

        assert len(page.content) <= 10_000
        assert "src=" not in page.text
        assert "<script" not in page.text
        assert re.findall(r'href="([^"]+)"', page.text) == ["data:,", "tel:+15550100"]
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy
        assert plain_html.STYLE.css in page.text
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-robots-tag"] == "noindex"

    def test_staffs_own_words_are_inert_and_for_proven_mailboxes_alone(
        self, desk: Desk, web: Browser, key: str, patron: PatronRecord
    ) -> None:
        assert "Rang us" not in web.get(f"{PLAIN}?link={key}").text
        for number in ("0198", "0199"):  # the first answer proves the mailbox
            phone = {"phone": {"phone": f"+1 212 555 {number}"}}
            desk.propose(patron, changes=phone, reason_text=REASON)
            own = tokens(desk, OLD)[-1]
            web.get(f"/c/{own}")
            page = web.get(PLAIN, params={"link": desk.codec.read(own).key}).text
            is_proven = number == "0199"
            words = "Rang us &lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;asked&#34;"
            assert (words in page) is is_proven
            assert ("{organisation} {{ x }}" in page) is is_proven
            desk.decide(desk.claims(OLD))
            desk.deliver()

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({}, fixed_copy.BOTH_FIRST),
            ({"answer": "approve"}, fixed_copy.TICK_FIRST),
            ({"answer": "approve", "read": "on"}, fixed_copy.TICK_FIRST),
            ({"read": "yes"}, fixed_copy.CHOOSE_FIRST),
            ({"read": "yes", "answer": "delete"}, fixed_copy.CHOOSE_FIRST),
            ({"read": "yes", "answer": ""}, fixed_copy.CHOOSE_FIRST),
            ({"answer": "approve", "read": "yes", "nonce": ""}, fixed_copy.TOO_OLD),
            ({"answer": "approve", "read": "yes", "nonce": "1.a"}, fixed_copy.TOO_OLD),
            ({"answer": "approve", "read": "yes", "nonce": "é²."}, fixed_copy.TOO_OLD),
        ],
    )
    def test_an_incomplete_answer_shows_the_page_again(
        self, desk: Desk, web: Browser, key: str, given: dict[str, str], words: str
    ) -> None:
        before = desk.dump()

        shown = answer(web, key, comment="My <own> words", **given)

        assert shown.status_code == 200
        assert f'role="alert">{words}</p>' in shown.text
        assert "My &lt;own&gt; words" in shown.text
        assert "checked" not in shown.text
        assert before == desk.dump()

    def test_a_yes_to_all_is_one_transaction_without_a_look_at_the_page(
        self, desk: Desk, web: Browser, key: str, request_: Proposed
    ) -> None:
        form = fields(web.get(PLAIN, params={"link": key}).text) | complete(Decision.APPROVE)
        connections: list[object] = []
        pool = desk.database.engine.pool
        event.listen(pool, "checkout", lambda *taken: connections.append(taken[0]))

        web.post(PLAIN, params={"link": key}, data=form, headers={"origin": ORIGIN})

        assert len(connections) == 1
        assert RequestState.APPROVED is desk.state(request_)

    def test_a_blind_post_decides_nothing(self, desk: Desk, web: Browser, key: str) -> None:
        before = desk.dump()

        blind = web.post(f"{PLAIN}?link={key}", content=b"\xff\x00{", headers={"origin": ORIGIN})
        upload = web.post(
            f"{PLAIN}?link={key}",
            files={"answer": b"approve", "read": b"yes"},
            headers={"origin": ORIGIN},
        )

        assert (blind.status_code, upload.status_code) == (200, 200)
        assert before == desk.dump()

    def test_a_nonce_is_for_its_link_and_its_hour(
        self, desk: Desk, web: Browser, key: str, token: str
    ) -> None:
        before = desk.dump()
        others = nonce.nonce(tampered(token), now=desk.now)
        old = nonce.nonce(token, now=desk.now - nonce.LIFE - timedelta(seconds=2))
        early = nonce.nonce(token, now=desk.now + timedelta(minutes=1))

        for wrong in (others, old, early):
            shown = answer(web, key, **complete(Decision.APPROVE), nonce=wrong)
            assert fixed_copy.TOO_OLD in shown.text

        assert before == desk.dump()

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3001"])
    def test_a_foreign_page_cannot_answer(
        self, desk: Desk, web: Browser, key: str, origin: str
    ) -> None:
        before = desk.dump()

        refused = answer(web, key, origin=origin, **complete(Decision.APPROVE))

        assert refused.status_code == 403
        assert fixed_copy.FOREIGN in refused.text
        assert before == desk.dump()

    def test_without_origin_a_cross_site_form_is_refused(
        self, desk: Desk, web: Browser, key: str
    ) -> None:
        before = desk.dump()
        shown = web.get(PLAIN, params={"link": key})
        data = {**fields(shown.text), **complete(Decision.APPROVE)}

        refused = web.post(
            f"{PLAIN}?link={key}", data=data, headers={"sec-fetch-site": "cross-site"}
        )

        assert refused.status_code == 403
        assert before == desk.dump()

    def test_a_comment_that_is_too_long_decides_nothing(
        self, desk: Desk, web: Browser, key: str
    ) -> None:
        before = desk.dump()

        shown = answer(web, key, **complete(Decision.REJECT, "x" * 501))

        assert "This is too long: 500 characters at most." in shown.text
        assert before == desk.dump()

    def test_a_withdrawn_request_is_not_approved(
        self, desk: Desk, web: Browser, key: str, request_: Proposed, patron: PatronRecord
    ) -> None:
        """Case 31: withdrawn while the page is open."""
        shown = web.get(PLAIN, params={"link": key})
        desk.withdraw(request_)

        data = {**fields(shown.text), **complete(Decision.APPROVE)}
        answered = web.post(PLAIN, params={"link": key}, data=data, headers={"origin": ORIGIN})

        assert title(web.get(answered.headers["location"])) == "This request was withdrawn"
        assert desk.email(patron) == OLD

    @pytest.mark.parametrize(
        ("happens", "heading"),
        [
            (lambda desk, request, patron: desk.resend(request), "There is a newer link"),
            (
                lambda desk, request, patron: desk.propose(patron, "third@example.org"),
                "A newer request replaces this one",
            ),
            (
                lambda desk, request, patron: desk.expire(request),
                "This request has expired",
            ),
            (lambda desk, request, patron: desk.withdraw(request), "This request was withdrawn"),
        ],
        ids=["outdated", "superseded", "expired", "withdrawn"],
    )
    def test_every_end_has_its_own_calm_page(
        self,
        desk: Desk,
        web: Browser,
        key: str,
        request_: Proposed,
        patron: PatronRecord,
        happens: Callable[[Desk, Proposed, PatronRecord], object],
        heading: str,
    ) -> None:
        desk.clock.advance(timedelta(days=7 if "expired" in heading else 1))
        happens(desk, request_, patron)

        page = web.get(PLAIN, params={"link": key})

        assert (200, heading) == (page.status_code, title(page))
        assert fixed_copy.NEXT_STEPS in page.text
        assert "tel:+15550100" in page.text
        assert "<form" not in page.text

    def test_an_objection_link_can_only_object(
        self, desk: Desk, web: Browser, request_: Proposed
    ) -> None:
        desk.decide(desk.claims(NEW))
        told = tokens(desk, OLD)[-1]
        key = desk.codec.read(told).key
        web.get(f"/c/{told}")
        page = web.get(PLAIN, params={"link": key})
        before = desk.dump()

        refused = answer(web, key, **complete(Decision.APPROVE))

        assert title(page) == "Your details have changed"
        assert page.text.count('type="radio"') == 1
        assert fixed_copy.CHOOSE_FIRST in refused.text
        assert before == desk.dump()
        answer(web, key, **complete(Decision.OBJECT))
        assert RequestState.REVERTED is desk.state(request_)

    def test_the_notice_has_three_answers_and_the_third_stops_nothing(
        self, desk: Desk, web: Browser, request_: Proposed
    ) -> None:
        notice = tokens(desk, OLD)[-1]
        key = desk.codec.read(notice).key
        web.get(f"/c/{notice}?choice=not_this_person")

        page = web.get(PLAIN, params={"link": key, "choice": "not_this_person"})

        assert title(page) == "Did you ask for this?"
        for words in (fixed_copy.SWITCH, fixed_copy.KEEP, fixed_copy.NOT_THIS_PERSON):
            assert words in page.text
        assert NEW not in page.text
        assert "m•••@example.org" in page.text
        answer(web, key, answer="not_this_person", read="yes", comment="")
        assert desk.state(request_) is RequestState.PENDING
        assert title(web.get(PLAIN, params={"link": key})) == "Thank you for telling us"
        desk.decide(desk.claims(NEW))
        assert desk.state(request_) is RequestState.APPROVED
        assert "change_applied" not in {m.tags["kind"] for m in desk.mailbox.to(OLD)}


@on_sqlite
class TestWithoutALink:
    @pytest.mark.parametrize("query", ["", "?link="])
    def test_without_a_link_the_mails_code_opens_the_request(
        self, web: Browser, query: str
    ) -> None:
        page = web.get(f"{PLAIN}{query}")

        assert (page.status_code, title(page)) == (200, "Enter your code")
        assert 'action="/confirm/code"' in page.text

    @pytest.mark.parametrize("query", ["?link=invalid", "?link=" + "A" * 13, "?link=<script>"])
    def test_what_is_no_link_is_not_found(self, web: Browser, query: str) -> None:
        page = web.get(f"{PLAIN}{query}")

        assert (page.status_code, title(page)) == (404, "This link does not work")
        assert "tel:+15550100" in page.text

    def test_without_the_cookie_the_mail_is_needed_again(self, web: Browser, key: str) -> None:
        page = web.get(f"{PLAIN}?link={key}")

        assert (page.status_code, title(page)) == (200, "Open the link in your email again")

    def test_a_cookie_with_another_token_opens_nothing(
        self, desk: Desk, web: Browser, token: str, key: str
    ) -> None:
        """Case 10: neither a forged token nor one of another request works under this key."""
        desk.propose(desk.patron("other@example.com"), "other.new@example.org")
        others = tokens(desk, "other.new@example.org")[-1]
        before = desk.dump()

        for wrong in (others, tampered(token), "garbage", ""):
            headers = {"cookie": f"upstage-link-{key}={wrong}", "origin": ORIGIN}
            page = web.get(f"{PLAIN}?link={key}", headers=headers)
            posted = web.post(
                f"{PLAIN}?link={key}",
                data=complete(Decision.APPROVE) | {"nonce": nonce.nonce(wrong, now=desk.now)},
                headers=headers,
            )
            assert (page.status_code, title(page)) == (404, "This link does not work")
            assert posted.status_code == 303

        assert before == desk.dump()

    def test_cookies_of_others_do_not_hide_ours(self, web: Browser, token: str, key: str) -> None:
        headers = {"cookie": f'x={{"a":1; b]=c; upstage-link-{key}={token}; =; upstage-link-=1'}

        page = web.get(f"{PLAIN}?link={key}", headers=headers)

        assert title(page) == "Did you give us this email address?"
