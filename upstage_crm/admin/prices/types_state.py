"""Price types, tax rates and the currency: what every price is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.money import currencies
from upstage_crm.jobs.news import Topic
from upstage_crm.organisation.currency import currency
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.pages.errors import SubjectMoved
from upstage_crm.pages.forms import texts
from upstage_crm.pages.page_state import PageMixin
from upstage_crm.programme.prices import price_types
from upstage_crm.programme.prices.errors import (
    PriceTextMissing,
    PriceTypeNameTaken,
    QuantitiesBackwards,
    QuantityUnreadable,
    RateUnreadable,
)
from upstage_crm.programme.prices.grid import rate_in_words
from upstage_crm.programme.prices.price_types import LEAST, MOST, NAME, PROOF, RATE
from upstage_crm.programme.prices.views import PriceType, TaxRate
from upstage_crm.staff.command_context import StaffContext
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import sentence

ADD_TYPE, EDIT_TYPE, ADD_RATE = "add_price_type", "edit_price_type", "add_tax_rate"
COMP, RETIRED, CODE = "is_comp", "is_retired", "currency"
INPUTS = (NAME, PROOF, LEAST, MOST, RATE)
_BLAMED: dict[type[UpstageError], str] = {
    PriceTextMissing: NAME,
    PriceTypeNameTaken: NAME,
    QuantityUnreadable: MOST,
    QuantitiesBackwards: LEAST,
    RateUnreadable: RATE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRow:
    """One price type, as it is drawn."""

    id: str = ""
    name: str = ""
    proof: str = ""
    bounds: str = ""
    is_comp: bool = False
    is_retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRow:
    """One tax rate, as it is drawn."""

    id: str = ""
    name: str = ""
    rate: str = ""
    is_retired: bool = False


class PriceTypesState(PageMixin, AdminState):
    """What the page shows."""

    permission: ClassVar[Permission | None] = Permission.VIEW_PROGRAMME
    is_live: ClassVar[bool] = True
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.PROGRAMME})

    is_loaded: bool = False
    may_edit: bool = False
    may_choose: bool = False
    types: rx.Field[list[TypeRow]] = rx.field(default_factory=list)
    rates: rx.Field[list[RateRow]] = rx.field(default_factory=list)
    code: str = ""
    currency: str = ""
    currencies: rx.Field[list[tuple[str, str]]] = rx.field(default_factory=list)
    form_number: int = 0  # a new number draws the form again, with the stored currency in it

    @rx.event
    async def retire(self, rate_id: str) -> Any:
        """Offer a tax rate no more."""
        actor = self._actor()

        def command(session: Session) -> None:
            context = runtime().staff_context(session, actor)
            price_types.retire_tax_rate(context, rate_id=rate_id)

        self._quiet()
        return await self._act(command, "Retired. Prices that hold it keep it.")

    @rx.event
    async def choose_currency(self, form: dict[str, Any]) -> Any:
        """Choose the currency of all prices."""
        actor, code = self._actor(), texts(form).get(CODE, "")

        def command(session: Session) -> None:
            price_types.change_currency(runtime().staff_context(session, actor), code=code)

        self._quiet()
        return await self._act(command, "Saved.")

    async def _show(self) -> None:
        self.may_edit = self._may(Permission.EDIT_PRICES)
        self.may_choose = self._may(Permission.EDIT_SETTINGS)

        def stored(session: Session) -> tuple[dict[str, PriceType], dict[str, TaxRate], str]:
            return (
                price_types.price_types(session),
                price_types.tax_rates(session),
                currency(session),
            )

        types, rates, self.code = await self._read(stored)
        self.types = [_type_row(kind) for kind in types.values()]
        self.rates = [
            RateRow(
                id=rate.id,
                name=rate.name,
                rate=rate_in_words(rate.basis_points),
                is_retired=rate.is_retired,
            )
            for rate in rates.values()
        ]
        names = currencies()
        self.currency = f"{names.get(self.code, self.code)} ({self.code})"
        self.currencies = [(code, f"{name} ({code})") for code, name in names.items()]
        self.form_number += 1
        self.is_loaded = True


def _nothing() -> dict[str, str]:
    return dict.fromkeys(INPUTS, "")


class PriceTypeDialogState(DialogMixin, AdminState):
    """The dialogs over the page. The subject is the id of the price type that is changed."""

    permission: ClassVar[Permission | None] = Permission.EDIT_PRICES
    dialogs: ClassVar[tuple[str, ...]] = (ADD_TYPE, EDIT_TYPE, ADD_RATE)
    drafted: ClassVar[frozenset[str]] = frozenset({ADD_TYPE, ADD_RATE})
    page: ClassVar[type[PriceTypesState]] = PriceTypesState

    stored: rx.Field[dict[str, str]] = rx.field(default_factory=_nothing)
    errors: rx.Field[dict[str, str]] = rx.field(default_factory=_nothing)
    is_retired: bool = False

    _seen: int = 0  # the version of the price type that is changed

    @rx.event
    async def open_add(self) -> None:
        """Open the dialog that adds a price type."""
        await self._open(ADD_TYPE, subject=ADD_TYPE, about="")

    @rx.event
    async def open_rate(self) -> None:
        """Open the dialog that adds a tax rate."""
        await self._open(ADD_RATE, subject=ADD_RATE, about="")

    @rx.event
    async def open_edit(self, type_id: str) -> None:
        """Open the dialog that changes a price type."""
        found = (await self._read(price_types.price_types)).get(type_id)
        if found is None:
            self._refuse(SubjectMoved())
            return
        if await self._open(EDIT_TYPE, subject=type_id, about=found.name):
            self.stored = _nothing() | {
                NAME: found.name,
                PROOF: found.proof,
                LEAST: str(found.least or ""),
                MOST: str(found.most or ""),
            }
            self.is_retired, self._seen = found.is_retired, found.version

    @rx.event
    async def add(self, form: dict[str, Any]) -> Any:
        """Add a price type."""

        def command(context: StaffContext[object], typed: dict[str, str]) -> None:
            price_types.add_price_type(context, typed=typed, is_comp=COMP in typed)

        return await self._send(ADD_TYPE, form, command, "Added.")

    @rx.event
    async def edit(self, form: dict[str, Any]) -> Any:
        """Store what is said of a price type."""
        type_id, version = self.subject, self._seen

        def command(context: StaffContext[object], typed: dict[str, str]) -> None:
            price_types.change_price_type(
                context,
                type_id=type_id,
                version=version,
                typed=typed,
                is_retired=RETIRED in typed,
            )

        return await self._send(EDIT_TYPE, form, command, "Saved.")

    @rx.event
    async def add_rate(self, form: dict[str, Any]) -> Any:
        """Add a tax rate."""

        def command(context: StaffContext[object], typed: dict[str, str]) -> None:
            price_types.add_tax_rate(context, typed=typed)

        return await self._send(ADD_RATE, form, command, "Added.")

    async def _send(
        self,
        dialog: str,
        form: object,
        command: Callable[[StaffContext[object], dict[str, str]], None],
        words: str,
    ) -> Any:
        """Run a dialog's command; a refusal is told at the input that it is about."""
        typed = self._accept(dialog, form)
        if typed is None:
            return None
        actor = self._actor()
        self.errors, self.refusal = _nothing(), ""
        try:
            await self._command(
                lambda session: command(runtime().staff_context(session, actor), typed)
            )
        except UpstageError as error:
            name = _BLAMED.get(type(error), "")
            if not name:
                self.refusal = sentence(error)
                return None
            self.errors = _nothing() | {name: sentence(error)}
            self._focus(f"{dialog}-{name}")
            return None
        self._finish()
        page = await self.get_state(PriceTypesState)
        page._succeed(words)
        return await page._show()


def _type_row(kind: PriceType) -> TypeRow:
    least = f"{kind.least} or more" if kind.least else ""
    most = f"{kind.most} at most" if kind.most else ""
    return TypeRow(
        id=kind.id,
        name=kind.name,
        proof=kind.proof,
        bounds=", ".join(filter(None, (least, most))),
        is_comp=kind.is_comp,
        is_retired=kind.is_retired,
    )
