"""A demo member who proposes more than is usual: a tripwire trips, and an owner has to look."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from upstage_crm.audit.events import Channel
from upstage_crm.change_requests.lifecycle import staff_commands
from upstage_crm.change_requests.model.policy import (
    TRIPWIRES,
    Policy,
    with_numbers,
)
from upstage_crm.change_requests.model.rules import ReasonCode
from upstage_crm.demo.second_steps import Scene
from upstage_crm.patrons.fields import Context
from upstage_crm.patrons.queries import get_by_number
from upstage_crm.staff.roles import StaffMember

PLACES = range(150, 156)  # among the demo patrons: people without any other request


def roomy(policy: Policy) -> Policy:
    """A policy under which weeks of stories can be told in a moment without tripping a wire."""
    most = {
        limit.name: limit.most * limit.unit
        for limit in TRIPWIRES
        if not limit.name.startswith("night_")
    }
    return with_numbers(policy, most)


def burst(scene: Scene, numbers: Sequence[int], actor: StaffMember) -> int:
    """One proposal after the other; return how many. Two go out, the others end in quarantine."""
    for place in PLACES:
        with scene.parts.database.transaction() as session:
            patron = get_by_number(session, numbers[place % len(numbers)])
            staff_commands.propose(
                scene.parts.staff_context(session, actor, channel=Channel.DEMO),
                patron_id=patron.id,
                changes={"email": {"email": f"patron{patron.number}@new-mail{place}.example"}},
                reason_code=ReasonCode.ASKED_BY_PHONE,
                reason_text="",
                parsing=Context(today=scene.clock.now().date()),
            )
        scene.parts.dispatcher.run_once(20)
        scene.clock.advance(timedelta(milliseconds=400))
    return len(PLACES)
