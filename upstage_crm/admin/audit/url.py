"""What the address of the trail can say. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.audit.events import Action, ActorKind
from upstage_crm.pages import periods
from upstage_crm.pages.list_url import ListShape, ListUrl, one_of
from upstage_crm.wording.action_table import ACTIONS, ActionGroup

EXPORT = "/audit/export.csv"
LAST_ENTRY = 2**31 - 1  # what the column holds; a larger number is nonsense
SHAPE = ListShape(
    path="/audit/",
    filters={"who": one_of(ActorKind), "what": one_of(ActionGroup), **periods.FILTERS},
)


def actor_of(chosen: Mapping[str, str]) -> ActorKind | None:
    """The kind of actor that is asked for, if one is."""
    return ActorKind(chosen["who"]) if chosen["who"] else None


def actions_of(chosen: Mapping[str, str]) -> frozenset[Action] | None:
    """The actions that are asked for; None for all."""
    if not chosen["what"]:
        return None
    wanted = ActionGroup(chosen["what"])
    return frozenset(action for action, look in ACTIONS.items() if look.group is wanted)


def before_of(url: ListUrl) -> int | None:
    """The number that the entries come before; None for the newest."""
    return min(int(url.before), LAST_ENTRY) if url.before.isdecimal() and int(url.before) else None
