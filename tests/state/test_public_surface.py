"""What a stranger is sent and may send: the same whatever stands in the database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import reflex as rx
from reflex.state import BaseState
from reflex_base.registry import RegistrationContext

from tests.support.factories import NEW, OLD, Desk
from tests.support.pipeline import Pipeline, sign_in
from upstage_crm import upstage_crm as app_module
from upstage_crm.admin.guard import FRAMEWORK_HANDLERS
from upstage_crm.core.clock import FrozenClock
from upstage_crm.staff.roles import Role
from upstage_crm.wiring import Runtime

STATE = "reflex___state____state"
# Reviewed by full name, as they travel. What each may do with any argument: open the page, say why
# the browser's script failed, read the words of the sign-in pages for one's own browser, read that
# something failed, read and decide one's own link.
MAY_BE_SENT = {
    f"{STATE}.hydrate_and_load",
    f"{STATE}.reflex___state____on_load_internal_state.on_load_internal",
    f"{STATE}.reflex___state____on_load_internal_state.set_is_hydrated",
    f"{STATE}.reflex___state____frontend_event_exception_state.handle_frontend_exception",
    f"{STATE}.upstage_crm___admin___sign_in___state____sign_in_state.load",
    f"{STATE}.upstage_crm___admin___sign_in___second_state____second_state.load",
    f"{STATE}.upstage_crm___admin___sign_in___link_state____staff_link_state.load",
    f"{STATE}.upstage_crm___pages___event_errors____trouble_state.tell",
    f"{STATE}.upstage_crm___confirm___state____confirm_state.load",
    f"{STATE}.upstage_crm___confirm___state____confirm_state.approve",
    f"{STATE}.upstage_crm___confirm___state____confirm_state.reject",
    f"{STATE}.upstage_crm___confirm___state____confirm_state.answer_each",
    f"{STATE}.upstage_crm___confirm___state____confirm_state.object_to",
}
SECRET_NAMES = re.compile(r"token|cookie|claim|jti|kid|secret|password|hash|session|salt|jwt")
# Shown on purpose: in the demo on this machine only (`sign_in.state`); whether a password is asked
# for; the key of a new authenticator app, once, to its owner; and Reflex's own.
ALLOWED_NAMES = {"demo_password", "wants_password", "secret", "rx_router_session"}
OURS = "upstage_crm."


def states(top: type[BaseState] = rx.State) -> Iterator[type[BaseState]]:
    yield top
    for below in sorted(top.get_substates(), key=lambda kind: kind.get_full_name()):
        yield from states(below)


def test_what_may_be_sent_by_anybody_was_reviewed() -> None:
    assert MAY_BE_SENT == app_module.PUBLIC_HANDLERS | FRAMEWORK_HANDLERS
    assert set(RegistrationContext.get().event_handlers) >= MAY_BE_SENT


def test_no_var_is_meant_for_a_secret() -> None:
    """Vars go to the browser; what must stay here begins with an underscore."""
    named = {
        f"{kind.__name__}.{name}"
        for kind in states()
        for name in kind.vars
        if SECRET_NAMES.search(name) and name not in ALLOWED_NAMES
    }
    assert set() == named


def test_defaults_are_the_same_for_everybody() -> None:
    """They are written into the pages when these are built: no value of a machine or a person."""
    texts = {
        f"{kind.__name__}.{name}": value
        for kind in states()
        if kind.__module__.startswith(OURS)
        for name, field in kind.get_fields().items()
        if isinstance(value := field.default_value(), str) and value
    }
    # Words for states of a page, names of columns, places; nothing longer, nothing with a capital.
    odd = {name for name, text in texts.items() if not re.fullmatch(r"/?[a-z_]{1,12}/?", text)}
    assert set() == odd


async def test_a_stranger_is_sent_the_same_by_an_empty_and_by_a_full_house(
    made: Runtime, clock: FrozenClock
) -> None:
    async def greeting() -> list[Any]:
        async with Pipeline(app_module.PUBLIC_HANDLERS) as pipeline:
            stranger = pipeline.client()
            stranger.token = "one tab"
            pipeline._clients[stranger.token] = stranger
            await pipeline.send(stranger, f"{STATE}.hydrate_and_load", "/")
            return [*stranger.deltas, *(event.name for event in stranger.events)]

    empty = await greeting()
    desk = Desk(made.database, clock)
    desk.propose(desk.patron(OLD), NEW)
    desk.deliver()
    sign_in(made.database, Role.OWNER, at=clock.now())

    assert empty
    assert empty == await greeting()
