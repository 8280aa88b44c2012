"""The receipt over HTTP: whose link opens whose receipt, as page, JSON and PDF, and what never."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.support.confirming import Browser, serving
from tests.support.factories import NEW, OLD, SECRET, Desk, days
from tests.support.pipeline import sign_in
from upstage_crm.admin.login_redirect import StaffGate
from upstage_crm.admin.requests import receipt as staff_receipt
from upstage_crm.audit.signing import SigningKey
from upstage_crm.change_requests.lifecycle.answer import Evidence
from upstage_crm.change_requests.lifecycle.staff_commands import Proposed
from upstage_crm.change_requests.model.rules import Decision
from upstage_crm.confirm import plain, receipt_html, routes
from upstage_crm.core.email_address import mask_email
from upstage_crm.organisation import settings as organisation
from upstage_crm.patrons.views import PatronRecord
from upstage_crm.receipts import queries
from upstage_crm.receipts.verifying import verify
from upstage_crm.staff.roles import Role
from upstage_crm.staff.visibility import sees
from upstage_crm.upstage_crm import STAFF_PLACES

PUBLIC_KEY = SigningKey.derive("test-key", SECRET).public_key
PAGE = "/confirm/receipt"
# What a page says does not depend on the kind of database; what the queries find is proven there.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

MAY = {Role.OWNER, Role.MANAGER, Role.PRIVACY_LEAD, Role.AUDITOR, Role.BOX_OFFICE}


@pytest.fixture
def mara(desk: Desk) -> PatronRecord:
    return desk.patron(phone="+1 212 555 0101")


@pytest.fixture
def approved(desk: Desk, mara: PatronRecord) -> Proposed:
    request, link = desk.asked(mara)
    desk.decide(link, evidence=Evidence(ip_prefix="192.0.2.0/24", user_agent="<b>Browser</b>"))
    return request


@pytest.fixture
def web(desk: Desk) -> Iterator[Browser]:
    with serving(desk):
        app = StaffGate(
            Starlette(routes=[*routes.ROUTES, *staff_receipt.ROUTES]), places=STAFF_PLACES
        )
        yield Browser(app)


def opened(desk: Desk, web: Browser, to: str = NEW, *, token: str = "") -> str:
    """Open the newest link to a receipt that `to` got; return its key."""
    desk.deliver()
    found = token or desk.receipt_tokens(to)[-1]
    answer = web.get(f"/c/{found}")
    key = desk.codec.read(found).key
    assert (303, f"{PAGE}?link={key}") == (answer.status_code, answer.headers["location"])
    return key


def the_json(web: Browser, key: str, **more: str) -> dict[str, Any]:
    answer = web.get(f"{PAGE}.json", params={"link": key, **more})
    assert answer.status_code == 200
    return answer.json()


@pytest.mark.usefixtures("approved")
class TestTheLinkOfTheMail:
    def test_it_opens_the_page(self, desk: Desk, web: Browser) -> None:
        key = opened(desk, web)

        page = web.get(PAGE, params={"link": key})

        assert page.status_code == 200
        assert "<h1>A change was approved</h1>" in page.text
        assert NEW in page.text
        assert OLD not in page.text
        assert "It is not consent" in page.text
        assert PUBLIC_KEY in page.text
        assert len(page.content) < 20_000

    def test_whom_to_call_is_whom_the_house_answers_today(self, desk: Desk, web: Browser) -> None:
        """What was signed keeps the number of its day, which may ring nowhere by now."""
        key = opened(desk, web)
        with desk.database.transaction() as session:
            context = desk.staff_context(session, desk.owner)
            organisation.change(
                context,
                proposed=replace(organisation.details(session), desk_phone="+1 212 555 0155"),
            )

        page = web.get(PAGE, params={"link": key})
        file = web.get(f"{PAGE}.json", params={"link": key})

        questions = page.text.partition("Questions, or")[2]
        assert "+1 212 555 0155" in questions
        assert "0155" not in file.text

    def test_the_page_loads_and_runs_nothing(self, desk: Desk, web: Browser) -> None:
        page = web.get(PAGE, params={"link": opened(desk, web)})

        assert "<script" not in page.text
        assert "<b>Browser" not in page.text
        assert "&lt;b&gt;Browser&lt;/b&gt;" in page.text
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-robots-tag"] == "noindex"
        assert page.headers["content-security-policy"] == receipt_html.POLICY
        assert "default-src 'none'" in receipt_html.POLICY
        assert "unsafe" not in receipt_html.POLICY

    def test_its_files_are_kept_by_the_reader_and_nobody_between(
        self, desk: Desk, web: Browser, approved: Proposed
    ) -> None:
        key = opened(desk, web)

        for form, media_type in (("json", "application/json"), ("pdf", "application/pdf")):
            answer = web.get(f"{PAGE}.{form}", params={"link": key})
            assert answer.status_code == 200
            assert media_type == answer.headers["content-type"].partition(";")[0]
            assert (
                f'attachment; filename="receipt-{approved.reference}.{form}"'
                == answer.headers["content-disposition"]
            )
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-robots-tag"] == "noindex"

    def test_its_json_verifies_and_its_pdf_is_one_page(self, desk: Desk, web: Browser) -> None:
        key = opened(desk, web)

        assert verify(the_json(web, key), PUBLIC_KEY)
        pdf = web.get(f"{PAGE}.pdf", params={"link": key}).content
        assert pdf.startswith(b"%PDF-")
        assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
        assert pdf == web.get(f"{PAGE}.pdf", params={"link": key}).content

    def test_the_links_on_the_page_lead_to_the_files(self, desk: Desk, web: Browser) -> None:
        page = web.get(PAGE, params={"link": opened(desk, web)})

        found = [href.replace("&amp;", "&") for href in re.findall(r'href="(/[^"]+)"', page.text)]

        assert len(found) == 2
        assert {200} == {web.get(address).status_code for address in found}

    def test_reading_writes_nothing(self, desk: Desk, web: Browser) -> None:
        key = opened(desk, web)
        before = desk.dump()

        for form in ("", ".json", ".pdf"):
            web.get(f"{PAGE}{form}", params={"link": key})

        assert before == desk.dump()

    def test_the_other_address_sees_it_masked(self, desk: Desk, web: Browser) -> None:
        key = opened(desk, web, OLD)

        page = web.get(PAGE, params={"link": key})

        assert OLD in page.text
        assert NEW not in page.text
        assert "Browser" not in json.dumps(the_json(web, key)["x_upstage"]["evidence"])
        assert verify(the_json(web, key), PUBLIC_KEY)

    @pytest.mark.parametrize("choice", ["approve", "reject"])
    def test_it_decides_nothing_on_the_patrons_pages(
        self, desk: Desk, web: Browser, choice: str
    ) -> None:
        key = opened(desk, web)
        before = desk.dump()

        shown = web.get(plain.PATH, params={"link": key, "choice": choice})
        sent = web.post(
            plain.PATH,
            params={"link": key},
            data={"answer": choice, "read": "yes", "nonce": "0.x"},
            headers={"origin": "http://localhost:3000"},
        )

        assert shown.status_code == 404
        assert 'name="answer"' not in shown.text
        assert sent.status_code in (303, 404)
        assert before == desk.dump()


class TestOtherLinks:
    def test_the_link_that_decided_opens_it_as_well(
        self, desk: Desk, web: Browser, mara: PatronRecord
    ) -> None:
        _request, link = desk.asked(mara)
        token = desk.tokens(NEW)[-1]
        web.get(f"/c/{token}")
        desk.decide(link)

        assert verify(the_json(web, link.key), PUBLIC_KEY)

    def test_the_page_that_says_what_was_decided_leads_to_it(
        self, desk: Desk, web: Browser, mara: PatronRecord
    ) -> None:
        _request, link = desk.asked(mara)
        web.get(f"/c/{desk.tokens(NEW)[-1]}")
        assert PAGE not in web.get(plain.PATH, params={"link": link.key}).text
        desk.decide(link)

        page = web.get(plain.PATH, params={"link": link.key}).text

        (address,) = re.findall(rf'href="({PAGE}[^"]*)"', page)
        assert web.get(address).status_code == 200

    def test_it_opens_for_ninety_days(self, desk: Desk, web: Browser, approved: Proposed) -> None:
        desk.deliver()
        token = desk.receipt_tokens(NEW)[-1]
        key = desk.codec.read(token).key

        desk.clock.advance(days(90) - timedelta(minutes=1))
        assert web.get(PAGE, params={"link": opened(desk, web, token=token)}).status_code == 200
        desk.clock.advance(timedelta(minutes=1))
        late = web.get(PAGE, params={"link": key})

        assert late.status_code == 404
        assert "call us" in late.text
        assert NEW not in late.text
        assert approved.reference not in late.text

    def test_before_a_decision_there_is_none(
        self, desk: Desk, web: Browser, mara: PatronRecord
    ) -> None:
        _request, link = desk.asked(mara)
        token = desk.tokens(NEW)[-1]
        web.get(f"/c/{token}")

        for form in ("", ".json", ".pdf"):
            answer = web.get(f"{PAGE}{form}", params={"link": link.key})
            assert answer.status_code == 404
            assert "There is no receipt here" in answer.text
            assert answer.headers["content-type"].startswith("text/html")

    def test_several_stand_on_one_page_and_each_has_its_files(
        self, desk: Desk, web: Browser, approved: Proposed
    ) -> None:
        desk.clock.advance(timedelta(hours=1))
        desk.decide(desk.claims(OLD), Decision.OBJECT)
        key = opened(desk, web, OLD)

        page = web.get(PAGE, params={"link": key})

        assert re.findall(r"<h1>(.*?)</h1>", page.text) == [
            "A change was undone",
            "A change was approved",
        ]
        lines = desk.read(lambda s: queries.lines_of_request(s, approved.request_id))
        ids = [line.id for line in lines]
        assert ids[0] == the_json(web, key)["header"]["record_id"]
        assert ids[1] == the_json(web, key, id=ids[1])["header"]["record_id"]

    def test_a_receipt_of_another_request_stays_closed(
        self, desk: Desk, web: Browser, approved: Proposed
    ) -> None:
        key = opened(desk, web)
        other = desk.patron(email="ole@example.com", given_name="Ole")
        request, link = desk.asked(other, "ole.new@example.org")
        desk.decide(link)
        (foreign,) = desk.read(lambda s: queries.lines_of_request(s, request.request_id))

        for form in ("", ".json", ".pdf"):
            answer = web.get(f"{PAGE}{form}", params={"link": key, "id": foreign.id})
            assert answer.status_code == 404
        assert approved.reference != request.reference

    @pytest.mark.parametrize("key", ["", "invalid", "AAAAAAAAAAAA", "../../etc", "a" * 500])
    @pytest.mark.parametrize("form", ["", ".json", ".pdf"])
    def test_without_a_link_there_is_a_calm_page(
        self, web: Browser, approved: Proposed, key: str, form: str
    ) -> None:
        answer = web.get(f"{PAGE}{form}", params={"link": key})

        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.headers["cache-control"] == "no-store"
        assert approved.reference not in answer.text

    def test_a_token_in_the_cookie_of_another_opens_nothing(
        self, desk: Desk, web: Browser, approved: Proposed
    ) -> None:
        desk.deliver()
        mine, other = desk.receipt_tokens(NEW)[-1], desk.receipt_tokens(OLD)[-1]
        key = desk.codec.read(mine).key
        headers = {"cookie": f"upstage-link-{key}={other}"}

        answer = web.get(PAGE, params={"link": key}, headers=headers)

        assert answer.status_code == 404
        assert approved.reference not in answer.text


class TestStaff:
    @pytest.mark.parametrize("role", list(Role))
    def test_who_may_gets_the_files_and_nobody_else_learns_that_they_exist(
        self, desk: Desk, web: Browser, approved: Proposed, role: Role
    ) -> None:
        (found,) = desk.read(lambda s: queries.lines_of_request(s, approved.request_id))
        headers = {"cookie": sign_in(desk.database, role, at=desk.now)}

        for form in ("json", "pdf"):
            answer = web.get(f"{staff_receipt.PATH}/{found.id}.{form}", headers=headers)
            unknown = web.get(f"{staff_receipt.PATH}/{'0' * 32}.{form}", headers=headers)
            assert unknown.status_code == 404
            assert answer.headers["cache-control"] == "no-store"
            if role in MAY:
                assert answer.status_code == 200
                assert "attachment" in answer.headers["content-disposition"]
            else:
                assert (404, unknown.text) == (answer.status_code, answer.text)

    @pytest.mark.parametrize("role", sorted(MAY))
    def test_staff_reads_what_the_role_sees(
        self, desk: Desk, web: Browser, approved: Proposed, role: Role
    ) -> None:
        """Masked or not, the signature is the same and verifies."""
        (found,) = desk.read(lambda s: queries.lines_of_request(s, approved.request_id))
        headers = {"cookie": sign_in(desk.database, role, at=desk.now)}

        receipt = web.get(f"{staff_receipt.PATH}/{found.id}.json", headers=headers).json()

        assert verify(receipt, PUBLIC_KEY)
        text = json.dumps(receipt, ensure_ascii=False)
        is_seen = sees(role, "email", is_protected=False)
        assert (is_seen, is_seen) == (OLD in text, NEW in text)
        assert is_seen != (mask_email(OLD) in text)

    def test_without_a_session_the_way_leads_to_the_sign_in(
        self, desk: Desk, web: Browser, approved: Proposed
    ) -> None:
        (found,) = desk.read(lambda s: queries.lines_of_request(s, approved.request_id))

        answer = web.get(f"{staff_receipt.PATH}/{found.id}.json")

        assert (
            answer.status_code,
            answer.headers["location"].startswith("/sign-in/"),
        ) == (303, True)

    @pytest.mark.parametrize("name", ["x.html", "x.", ".json", "x", "x.json.exe"])
    def test_there_is_no_other_form(
        self, desk: Desk, web: Browser, approved: Proposed, name: str
    ) -> None:
        headers = {"cookie": sign_in(desk.database, Role.OWNER, at=desk.now)}

        assert web.get(f"{staff_receipt.PATH}/{name}", headers=headers).status_code == 404
        assert approved.reference
