"""How the portal refuses a visitor, beside what the domain refuses.

Invalid
├── NothingChosen
├── TooManyAtOnce           facts: `most`
└── AnotherPlan
Conflict
├── TooOften
├── CardNotTaken
├── CardTriedTooOften
├── WrongCode
└── ForeignForm
"""

from __future__ import annotations

from upstage_crm.core.errors import Conflict, Invalid


class NothingChosen(Invalid):
    """A form came without a seat, a place or a number of tickets."""

    code = "portal_nothing_chosen"


class TooManyAtOnce(Invalid):
    """More tickets than a basket of the portal takes. Facts: `most`."""

    code = "portal_too_many"


class AnotherPlan(Invalid):
    """The seats were chosen on a map of another version of the seat plan."""

    code = "portal_another_plan"


class TooOften(Conflict):
    """This visitor, or this network, does something too often."""

    code = "portal_too_often"


class CardNotTaken(Conflict):
    """No card can be charged here."""

    code = "portal_card_not_taken"


class CardTriedTooOften(Conflict):
    """Several cards were declined for one basket: it is not paid by card any more."""

    code = "portal_card_declined"


class WrongCode(Conflict):
    """It is not the code that was mailed."""

    code = "portal_wrong_code"


class ForeignForm(Conflict):
    """A form came from a page of another site."""

    code = "portal_foreign_form"
