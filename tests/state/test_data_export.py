"""A copy of what is held about a patron: the page, the file, and who may take it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from starlette.applications import Starlette

from tests.state.test_patrons import add, staff
from tests.support.pipeline import Pipeline
from tests.support.visitor import Visitor
from upstage_crm.admin.audit import export as audit_export
from upstage_crm.admin.patrons import data_export
from upstage_crm.admin.patrons.record_state import PatronRecordState
from upstage_crm.admin.patrons.tabs.trail_tabs import PrivacyTabState
from upstage_crm.audit import trail
from upstage_crm.core.clock import FrozenClock
from upstage_crm.privacy.held_data import Section
from upstage_crm.staff.auth.sessions import FRESH_FOR
from upstage_crm.staff.roles import Role
from upstage_crm.wiring import Runtime
from upstage_crm.wording.held_data import SECTION_WORDS

MARA = {"given_name": "Mara", "family_name": "Smith", "email": "mara@example.com"}
SCRIPT = "<script>alert(1)</script>"


def asked(made: Runtime, path: str, role: Role | None = Role.OWNER) -> Any:
    cookie = staff(made, role) if role else ""
    return Visitor(Starlette(routes=data_export.ROUTES), cookie=cookie).get(path)


def entries(made: Runtime) -> int:
    with made.database.reading() as session:
        head = trail.head(session)
    return head[0] if head else 0


def test_the_page_says_all_in_words_and_runs_nothing(made: Runtime) -> None:
    number = add(made, **MARA, tags=SCRIPT)

    answer = asked(made, f"/patrons/data/{number}.html")

    assert answer.status_code == 200
    for title in SECTION_WORDS.values():
        assert title in answer.text
    assert "What is held about Mara Smith" in answer.text
    assert "Added the patron" in answer.text
    assert SCRIPT not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_the_file_is_json_of_the_same(made: Runtime) -> None:
    number = add(made, **MARA)

    answer = asked(made, f"/patrons/data/{number}.json")

    held = json.loads(answer.text)
    assert set(Section) <= held.keys()
    assert held["details"][0] == {"field": "email", "value": "mara@example.com"}
    assert answer.headers["content-disposition"] == f'attachment; filename="patron-{number}.json"'


@pytest.mark.parametrize("role", [None, Role.BOX_OFFICE, Role.READ_ONLY])
def test_it_is_not_there_for_who_may_not_export(made: Runtime, role: Role | None) -> None:
    number = add(made, **MARA)

    answer = asked(made, f"/patrons/data/{number}.html", role)

    assert answer.status_code == 404
    assert "Mara" not in answer.text


@pytest.mark.parametrize("name", ["99999.html", "x.html", "²³.html", f"{'9' * 400}.json", "1.pdf"])
def test_what_is_not_there_is_one_calm_sentence(made: Runtime, name: str) -> None:
    add(made, **MARA)

    assert asked(made, f"/patrons/data/{name}").status_code == 404


def test_an_old_proof_is_asked_for_again_and_leads_back(made: Runtime, clock: FrozenClock) -> None:
    number = add(made, **MARA)
    cookie = staff(made, Role.OWNER)
    clock.advance(FRESH_FOR + timedelta(seconds=1))

    answer = Visitor(Starlette(routes=data_export.ROUTES), cookie=cookie).get(
        f"/patrons/data/{number}.html"
    )

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/sign-in/again/?next=/patrons/{number}/"


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_link_of_another_site_takes_nothing_out(made: Runtime, site: str) -> None:
    """The trail would say that the member took it."""
    number = add(made, **MARA)
    web = Visitor(
        Starlette(routes=[*data_export.ROUTES, *audit_export.ROUTES]),
        cookie=staff(made, Role.OWNER),
    )
    before = entries(made)

    for path, page in (
        (f"/patrons/data/{number}.json", f"/patrons/{number}/"),
        ("/audit/export.csv", "/audit/"),
    ):
        answer = web.get(path, {"sec-fetch-site": site})
        assert (answer.status_code, answer.headers["location"]) == (303, page)
    assert entries(made) == before


@pytest.mark.parametrize(
    ("role", "is_offered"), [(Role.PRIVACY_LEAD, True), (Role.BOX_OFFICE, False)]
)
async def test_the_privacy_tab_offers_it_to_who_may(
    made: Runtime, pipeline: Pipeline, role: Role, is_offered: bool
) -> None:
    number = add(made, **MARA)
    tab = pipeline.client(staff(made, role))

    await pipeline.send(tab, PatronRecordState.load, f"/patrons/{number}/?tab=privacy")

    shown = await pipeline.state(tab, PrivacyTabState)
    assert shown.data_href == (f"/patrons/data/{number}.html" if is_offered else "")
