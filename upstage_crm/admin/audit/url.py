"""The address of the trail: what stands after the question mark, read and written. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from upstage_crm.audit.events import ActorKind
from upstage_crm.wording.action_table import ActionGroup

PLACE = "/audit/"
LAST_ENTRY = 2**31 - 1  # what the column holds; a larger number is nonsense


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailAddress:
    """Which entries are shown: those before sequence number `before`, or the newest at 0."""

    actor: ActorKind | None = None
    group: ActionGroup | None = None
    before: int = 0

    def href(self) -> str:
        """The address; what is as usual is left out, so that the newest is `/audit/`."""
        said = {
            "who": self.actor.value if self.actor else "",
            "what": self.group.value if self.group else "",
            "before": str(self.before) if self.before else "",
        }
        query = urlencode({name: text for name, text in said.items() if text})
        return f"{PLACE}?{query}" if query else PLACE

    @property
    def is_narrowed(self) -> bool:
        """Whether some entries are left out."""
        return bool(self.actor or self.group or self.before)


def read(parameters: Mapping[str, str]) -> TrailAddress:
    """Return what an address asks for. Nonsense in it reads as not said: links get old."""
    before = parameters.get("before", "")
    return TrailAddress(
        actor=actor_of(parameters.get("who", "")),
        group=group_of(parameters.get("what", "")),
        before=min(int(before), LAST_ENTRY) if before.isdecimal() else 0,
    )


def actor_of(text: str) -> ActorKind | None:
    """The kind of actor of this name, or None."""
    return ActorKind(text) if text in list(ActorKind) else None


def group_of(text: str) -> ActionGroup | None:
    """The group of this name, or None."""
    return ActionGroup(text) if text in list(ActionGroup) else None
