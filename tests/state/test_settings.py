"""The settings page: who may look, who may change, and what a refusal leaves as it was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.pipeline import Client, Pipeline, sign_in
from upstage_crm.admin.audit.state import AuditState
from upstage_crm.admin.settings import policy_form
from upstage_crm.admin.settings.form import DETAILS, NAMES, details_of, problems
from upstage_crm.admin.settings.policy_state import PolicyState
from upstage_crm.admin.settings.season_state import SAVED as SEASON_SAVED
from upstage_crm.admin.settings.season_state import SeasonState
from upstage_crm.admin.settings.state import AGAIN, LOOK, SAVED, SettingsState
from upstage_crm.audit import trail
from upstage_crm.audit.events import Action
from upstage_crm.change_requests.model import policy_store
from upstage_crm.change_requests.model.policy import (
    DEFAULT,
    LIMITS,
    Asked,
    FieldPolicy,
    Policy,
)
from upstage_crm.core.clock import FrozenClock
from upstage_crm.core.db import Database
from upstage_crm.core.languages import LANGUAGES
from upstage_crm.core.when import zone_choices, zone_names
from upstage_crm.organisation.settings import change, details
from upstage_crm.patrons.fields import FIELDS
from upstage_crm.staff.auth import sessions
from upstage_crm.staff.auth.sessions import FRESH_FOR
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import PERMISSIONS, Permission, Role, StaffMember
from upstage_crm.wiring import Runtime
from upstage_crm.wording.sentences import SENTENCES

HIDDEN_FROM = [role for role in Role if Permission.VIEW_SETTINGS not in PERMISSIONS[role]]
READERS = [
    role
    for role in Role
    if Permission.VIEW_SETTINGS in PERMISSIONS[role]
    and Permission.EDIT_SETTINGS not in PERMISSIONS[role]
]
GOOD = {
    "name": "Harbour Stage",
    "desk_phone": "+44 20 7946 0999",
    "reply_to": "desk@harbour.example.org",
    "postal_address": "1 Quay\nHarbour Town",
    "website": "https://harbour.example.org",
    "time_zone": "Europe/London",
    "language": "en",
    "country": "GB",
}
IMPLIED = {"country": "US"}  # of a new deployment, which has named none

RULES = policy_form.shown(DEFAULT)


@dataclass
class Scene:
    """A venue whose settings page runs."""

    parts: Runtime
    pipeline: Pipeline

    def cookie(self, role: Role = Role.OWNER) -> str:
        return sign_in(self.parts.database, role, at=self.parts.clock.now())

    async def open(self, role: Role = Role.OWNER) -> Client:
        tab = self.pipeline.client(self.cookie(role))
        await self.pipeline.send(tab, SettingsState.load, "/settings/")
        return tab

    async def save(self, tab: Client, **fields: Any) -> SettingsState:
        await self.pipeline.send(tab, SettingsState.save, form=GOOD | fields)
        return await self.seen(tab)

    def prove(self, tab: Client) -> None:
        """Give the password once more, in this browser."""
        name, _, token = tab.cookie.partition("=")
        now = self.parts.clock.now()
        with self.parts.database.transaction() as session:
            signed_in = sessions.find_any(session, token, now=now)
            assert signed_in is not None
            token = sessions.prove(session, signed_in, with_factor=None, now=now)
        tab.cookie = f"{name}={token}"

    async def open_rules(self, role: Role = Role.OWNER) -> Client:
        tab = self.pipeline.client(self.cookie(role))
        await self.pipeline.send(tab, SettingsState.load, "/settings/")
        return tab

    async def save_rules(self, tab: Client, **fields: Any) -> PolicyState:
        await self.pipeline.send(tab, PolicyState.save, form=RULES | fields)
        return await self.pipeline.state(tab, PolicyState)

    def rules(self) -> Policy:
        with self.parts.database.reading() as session:
            return policy_store.current(session)

    async def seen(self, tab: Client) -> SettingsState:
        return await self.pipeline.state(tab, SettingsState)

    def stored(self) -> dict[str, str]:
        with self.parts.database.reading() as session:
            return details(session).stated()

    def last_action(self) -> Action:
        with self.parts.database.reading() as session:
            return trail.timeline(session, limit=1)[0].action


@pytest.fixture
def scene(made: Runtime, pipeline: Pipeline) -> Scene:
    return Scene(made, pipeline)


async def test_an_outsider_reads_and_changes_nothing(scene: Scene) -> None:
    before = scene.stored()
    tab = scene.pipeline.client()
    await scene.pipeline.send(tab, SettingsState.load, "/settings/")
    await scene.pipeline.send(tab, SettingsState.save, form=GOOD)

    assert tab.doors() == ["/sign-in/", "/sign-in/"]
    assert before == scene.stored()
    assert before["name"] not in str(tab.deltas)


@pytest.mark.parametrize("role", HIDDEN_FROM)
async def test_a_role_without_settings_reads_and_changes_nothing(scene: Scene, role: Role) -> None:
    before = scene.stored()
    tab = await scene.open(role)
    state = await scene.save(tab)

    assert state.refused_at
    assert not state.is_loaded
    assert before == scene.stored()


@pytest.mark.parametrize("role", READERS)
async def test_a_reader_reads_and_changes_nothing(scene: Scene, role: Role) -> None:
    before = scene.stored()
    tab = await scene.open(role)
    state = await scene.seen(tab)
    assert (True, False, before | IMPLIED) == (state.is_loaded, state.may_edit, state.shown)

    state = await scene.save(tab)

    assert SENTENCES["forbidden"] == state.problem
    assert before == scene.stored()


async def test_an_owner_changes_the_details(scene: Scene) -> None:
    tab = await scene.open()
    state = await scene.save(tab, name="  Harbour   Stage ")

    assert (state.done, state.problem) == (SAVED, "")
    assert scene.stored() == GOOD
    assert state.shown == GOOD
    assert state.organisation == "Harbour Stage"
    assert scene.last_action() == Action.ORGANISATION_CHANGED


@pytest.mark.parametrize(
    ("name", "typed", "code"),
    [
        ("name", "", "organisation_detail_missing"),
        ("name", "x" * 121, "text_too_long"),
        ("name", "two\nlines", "text_line_break"),
        ("desk_phone", " ", "organisation_detail_missing"),
        ("reply_to", "not an address", "email_at_sign_missing"),
        ("reply_to", "", "email_empty"),
        ("postal_address", "\n\n", "organisation_detail_missing"),
        ("website", "w" * 201, "text_too_long"),
        ("time_zone", "Mars/Olympus", "time_zone_unknown"),
        ("time_zone", "../etc/passwd", "time_zone_unknown"),
        ("language", "tlh", "language_unknown"),
        ("country", "UK", "organisation_country_unknown"),
    ],
)
async def test_a_refusal_stands_at_its_input_and_changes_nothing(
    scene: Scene, name: str, typed: str, code: str
) -> None:
    before = scene.stored()
    tab = await scene.open()
    drawn = (await scene.seen(tab)).form_number

    state = await scene.save(tab, **{name: typed})

    marked = {key: words for key, words in state.errors.items() if words}
    assert {name: SENTENCES[code].format(limit=len(typed) - 1)} == marked
    assert (state.problem, state.done) == (LOOK, "")
    assert before == scene.stored()
    # The form is not drawn anew, so everything that was typed still stands in it.
    assert (drawn, before | IMPLIED) == (state.form_number, state.shown)
    assert state.focus_at.partition("#")[0] == f"field-{name}"


async def test_every_problem_is_told_at_once_and_gone_once_mended(scene: Scene) -> None:
    tab = await scene.open()
    state = await scene.save(tab, **dict.fromkeys(NAMES, ""))
    assert set(NAMES) - {"website"} == {key for key, words in state.errors.items() if words}

    state = await scene.save(tab)
    assert [*set(state.errors.values()), state.done] == ["", SAVED]


@pytest.mark.parametrize("form", [None, 7, [], {}, {"name": {"$gt": ""}}, {"name": ["x"]}])
async def test_nonsense_over_the_wire_changes_nothing(scene: Scene, form: Any) -> None:
    before = scene.stored()
    tab = await scene.open()
    await scene.pipeline.send(tab, SettingsState.save, form=form)

    assert (await scene.seen(tab)).problem == LOOK
    assert before == scene.stored()


def test_the_form_refuses_what_the_command_refuses(database: Database, clock: FrozenClock) -> None:
    """The page's own look at each field never lets through what is longer than may be stored."""
    owner = StaffMember(
        id="o", display_name="O", desk="", role=Role.OWNER, email_key="o@desk.example"
    )
    for detail in DETAILS:
        if not detail.limit:
            continue
        longest = GOOD | {detail.name: "x" * detail.limit}
        assert problems(longest) == {}
        assert {detail.name} == problems(GOOD | {detail.name: "x" * (detail.limit + 1)}).keys()
        with database.transaction() as session:
            stored = change(
                StaffContext(session=session, actor=owner, notifier=None, now=clock.now()),
                proposed=details_of(longest),
            )
        assert detail.limit == len(stored.stated()[detail.name])


def test_every_choice_that_is_offered_can_be_stored() -> None:
    assert {name for name, _place in zone_choices()} <= zone_names()
    for language in LANGUAGES:
        assert problems(GOOD | {"language": language}) == {}


async def test_an_owner_changes_the_rules(scene: Scene) -> None:
    tab = await scene.open_rules()
    state = await scene.save_rules(
        tab, link_life="14", asked_email="both", second_phone="on", revert_window=" 96 "
    )

    assert (state.problem, bool(state.done)) == ("", True)
    stored = scene.rules()
    assert (stored.link_life.days, stored.revert_window.total_seconds() // 3600) == (14, 96)
    assert {
        "email": FieldPolicy(asked=Asked.BOTH),
        "phone": FieldPolicy(asked=Asked.CURRENT, second_person=True),
    } == stored.fields
    assert policy_form.shown(stored) == state.shown
    assert scene.last_action() == Action.POLICY_CHANGED


async def test_an_owner_changes_the_tripwires_within_limits(scene: Scene) -> None:
    tab = await scene.open_rules()
    state = await scene.save_rules(tab, burst="101", cooling="2")
    assert SENTENCES["policy_out_of_range"].format(least=2, most=100) == state.errors["burst"]

    await scene.save_rules(tab, burst="20", cooling="2", second_person_protected="on")

    stored = scene.rules()
    assert (stored.thresholds.burst, stored.thresholds.cooling.total_seconds()) == (20, 120)
    assert stored.second_person_protected


@pytest.mark.parametrize("role", READERS)
async def test_a_reader_reads_the_rules_and_changes_nothing(scene: Scene, role: Role) -> None:
    tab = await scene.open_rules(role)
    state = await scene.pipeline.state(tab, PolicyState)
    assert (state.is_loaded, state.may_edit, state.shown) == (True, False, RULES)

    state = await scene.save_rules(tab, link_life="14")

    assert SENTENCES["forbidden"] == state.problem
    assert scene.rules() == DEFAULT


@pytest.mark.parametrize("role", [None, *HIDDEN_FROM])
async def test_nobody_else_reads_or_changes_the_rules(scene: Scene, role: Role | None) -> None:
    tab = scene.pipeline.client(scene.cookie(role) if role else "")
    await scene.pipeline.send(tab, SettingsState.load, "/settings/")
    state = await scene.save_rules(tab, link_life="14")

    assert (False, dict.fromkeys(RULES, "")) == (state.is_loaded, state.shown)
    assert scene.rules() == DEFAULT


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "99999999999", "٧", None, ["7"]])
async def test_a_number_that_is_none_is_marked_and_nothing_is_saved(
    scene: Scene, text: Any
) -> None:
    tab = await scene.open_rules()
    state = await scene.save_rules(tab, **{limit.name: text for limit in LIMITS})

    marked = {name for name, words in state.errors.items() if words}
    assert {limit.name for limit in LIMITS} == marked
    assert state.errors["link_life"] == "Enter a whole number from 2 to 30."
    assert scene.rules() == DEFAULT
    assert state.focus_at == "field-link_life#1"


async def test_what_the_command_refuses_is_marked_at_its_input(scene: Scene) -> None:
    tab = await scene.open_rules()
    state = await scene.save_rules(tab, link_life="3")
    assert SENTENCES["policy_reminder_too_late"] == state.errors["reminder_after"]
    state = await scene.save_rules(tab, asked_email="nobody")
    assert {"asked_email"} == {name for name, words in state.errors.items() if words}
    assert scene.rules() == DEFAULT


@pytest.mark.parametrize("form", [None, 7, [], {}, {"link_life": {"$gt": ""}}])
async def test_nonsense_for_rules_changes_nothing(scene: Scene, form: Any) -> None:
    tab = await scene.open_rules()
    await scene.pipeline.send(tab, PolicyState.save, form=form)

    assert (await scene.pipeline.state(tab, PolicyState)).problem
    assert scene.rules() == DEFAULT


async def test_a_new_way_to_reach_people_needs_a_fresh_proof_and_loses_no_word(
    scene: Scene, clock: FrozenClock
) -> None:
    before = scene.stored()
    tab = await scene.open()
    clock.advance(FRESH_FOR)
    await scene.save(tab, name="Harbour House")

    assert tab.redirects() == ["/sign-in/again/?next=/settings/"]
    assert scene.stored() == before
    scene.prove(tab)
    await scene.pipeline.send(tab, SettingsState.load, "/settings/")
    state = await scene.seen(tab)
    assert state.shown == GOOD | {"name": "Harbour House"}
    assert state.done == AGAIN
    assert scene.stored() == before

    await scene.save(tab, **state.shown)

    assert scene.stored() == GOOD | {"name": "Harbour House"}


async def test_what_was_typed_is_gone_for_whoever_did_not_prove_it(
    scene: Scene, clock: FrozenClock
) -> None:
    before = scene.stored()
    tab = await scene.open()
    clock.advance(FRESH_FOR)
    await scene.save(tab)

    await scene.pipeline.send(tab, SettingsState.load, "/settings/")

    assert (await scene.seen(tab)).shown == before | IMPLIED


@pytest.mark.parametrize("name", ["name", "website", "time_zone", "language"])
async def test_other_details_need_no_fresh_proof(
    scene: Scene, clock: FrozenClock, name: str
) -> None:
    tab = await scene.open()
    await scene.save(tab)
    clock.advance(FRESH_FOR)
    other = {"name": "X", "website": "", "time_zone": "Europe/Paris", "language": "fr"}[name]

    await scene.save(tab, **{name: other})

    assert tab.redirects() == []
    assert scene.stored() == GOOD | {name: other}


async def test_phones_are_read_in_the_chosen_country(scene: Scene) -> None:
    tab = await scene.open()
    assert scene.parts.context().region == "US"
    await scene.save(tab, country="FR", time_zone="Europe/London")

    context = scene.parts.context()

    assert context.region == "FR"
    assert FIELDS["phone"].parse({"phone": "0612345678"}, context) == {"phone": "+33612345678"}


# --- seasons --------------------------------------------------------------------------------------


async def test_an_owner_chooses_when_seasons_begin_and_lists_offer_them(scene: Scene) -> None:
    tab = await scene.open()  # Monday 2 March 2026
    await scene.pipeline.send(tab, SeasonState.save, form={"month": "1", "day": "1"})

    shown = await scene.pipeline.state(tab, SeasonState)
    assert (shown.month, shown.day, shown.current, shown.following) == (
        "1",
        "1",
        "2026 Season",
        "2027 Season",
    )
    assert shown.done == SEASON_SAVED
    await scene.pipeline.send(tab, AuditState.load, "/audit/?when=season-1999")
    trail_page = await scene.pipeline.state(tab, AuditState)
    assert [name for _, name in trail_page.seasons] == [
        *("2026 Season", "2025 Season", "2024 Season", "2023 Season", "2022 Season"),
        "1999 Season",
    ]
    assert trail_page.shown == "nothing"
    await scene.pipeline.send(tab, AuditState.choose, name="when", value="season-2026")
    assert (await scene.pipeline.state(tab, AuditState)).rows != []


@pytest.mark.parametrize(
    ("month", "day"), [("2", "29"), ("13", "1"), ("", ""), ("x", "²"), ("9" * 5_000, "1")]
)
async def test_a_day_that_begins_no_season_is_told_at_its_input(
    scene: Scene, month: str, day: str
) -> None:
    tab = await scene.open()
    await scene.pipeline.send(tab, SeasonState.save, form={"month": month, "day": day})

    shown = await scene.pipeline.state(tab, SeasonState)
    assert shown.error == SENTENCES["season_start_unknown"]
    assert (shown.month, shown.day) == ("9", "1")
