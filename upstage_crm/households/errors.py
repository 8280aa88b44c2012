"""How households and relationships are refused.

Invalid
└── SamePatron            a patron is no relation of their own
Conflict
├── InHousehold           a patron lives in one household at most; leave that first
├── NotInHousehold        the patron lives in no household, or has left it
├── RelationThere         the two are related already
└── NotRelated            the two are not related, or not any more
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict, Invalid


class SamePatron(Invalid):
    """A patron is no relation of their own."""

    code = "same_patron"


class InHousehold(Conflict):
    """A patron lives in one household at most."""

    code = "in_household"


class NotInHousehold(Conflict):
    """The patron lives in no household, or has left it."""

    code = "not_in_household"


class RelationThere(Conflict):
    """The two are related already."""

    code = "relation_there"


class NotRelated(Conflict):
    """The two are not related, or no longer are."""

    code = "not_related"
