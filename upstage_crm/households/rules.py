"""How patrons are related, and what the same relation is called from the other side. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class RelationKind(StrEnum):
    """What one patron is to another: "is the parent of"."""

    PARTNER = "partner"
    PARENT = "parent"
    CHILD = "child"
    SIBLING = "sibling"
    FRIEND = "friend"
    CARER = "carer"
    CARED_FOR = "cared_for"
    EMPLOYER = "employer"
    EMPLOYEE = "employee"


_OTHER_SIDE: Mapping[RelationKind, RelationKind] = {
    RelationKind.PARENT: RelationKind.CHILD,
    RelationKind.CHILD: RelationKind.PARENT,
    RelationKind.CARER: RelationKind.CARED_FOR,
    RelationKind.CARED_FOR: RelationKind.CARER,
    RelationKind.EMPLOYER: RelationKind.EMPLOYEE,
    RelationKind.EMPLOYEE: RelationKind.EMPLOYER,
}


def other_side(kind: RelationKind) -> RelationKind:
    """What the other patron is to the first one; a partner, a sibling and a friend are the same."""
    return _OTHER_SIDE.get(kind, kind)
