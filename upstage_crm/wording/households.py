"""Relationships in words: what the other patron is to the one whose record it is."""

from __future__ import annotations

from collections.abc import Mapping

from upstage_crm.households.rules import RelationKind

RELATION_WORDS: Mapping[RelationKind, str] = {
    RelationKind.PARTNER: "Partner",
    RelationKind.PARENT: "Parent",
    RelationKind.CHILD: "Child",
    RelationKind.SIBLING: "Brother or sister",
    RelationKind.FRIEND: "Friend",
    RelationKind.CARER: "Carer",
    RelationKind.CARED_FOR: "Person cared for",
    RelationKind.EMPLOYER: "Employer",
    RelationKind.EMPLOYEE: "Employee",
}
