"""The prices of one event: the grid that makes the next version, the versions, the sale windows.

What is typed is kept in the tab until it is saved as a new version; a version never changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.prices.price_form import FIELDS, fee_rows, read_prices
from upstage_crm.admin.prices.price_rows import (
    FeeRow,
    PricesRow,
    WindowRow,
    ZoneRow,
    prices_row,
    timeline,
    typed_of,
    window_row,
    zone_names,
    zone_rows,
)
from upstage_crm.core import when
from upstage_crm.core.errors import UpstageError
from upstage_crm.core.money import as_typed
from upstage_crm.jobs.news import Topic
from upstage_crm.organisation.currency import currency
from upstage_crm.organisation.settings import details
from upstage_crm.pages.forms import texts
from upstage_crm.pages.versions_state import VersionMixin
from upstage_crm.programme import queries
from upstage_crm.programme.event_texts import TITLE
from upstage_crm.programme.prices import price_lists, price_types, window_commands
from upstage_crm.programme.prices.grid import rate_in_words
from upstage_crm.programme.prices.versions import holding
from upstage_crm.programme.prices.views import PriceList, PriceType, SaleWindow, TaxRate
from upstage_crm.programme.prices.zones import HallZones, without_price, zones_of_event
from upstage_crm.programme.views import EventView, PerformanceState
from upstage_crm.staff.roles import Permission
from upstage_crm.ui.components.plots import SpanRow
from upstage_crm.wiring import runtime
from upstage_crm.wording.sentences import sentence

AFTER, ERRORS = "after", "price-errors"
TYPED_LIMIT = 200  # characters of an input


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What one reading of the event's prices gives."""

    event: EventView
    halls: list[HallZones]
    types: dict[str, PriceType]
    rates: dict[str, TaxRate]
    lists: list[PriceList]
    windows: list[SaleWindow]
    currency: str
    zone: tzinfo

    @property
    def performances(self) -> dict[str, str]:
        """The performances that are not cancelled, by id, as people call them."""
        return {
            one.id: when.short(one.starts_at, self.zone)
            for one in self.event.performances
            if one.state is not PerformanceState.CANCELLED
        }

    @property
    def last(self) -> datetime | None:
        """When the last performance begins."""
        return max((one.starts_at for one in self.event.performances), default=None)


class EventPricesState(VersionMixin, AdminState):
    """What the page shows; `shown` is loading, event or missing. Its subject is the event's id.

    `chosen` is the performance whose own prices are typed, "" for all of them. `fields` are what
    the inputs beside the grid begin with; a new `form_number` draws the form again. `version` is
    the number that the draft would get, `gaps` the zones that have no price now.
    """

    permission: ClassVar[Permission | None] = Permission.VIEW_PROGRAMME
    is_live: ClassVar[bool] = True
    topics: ClassVar[frozenset[Topic]] = frozenset({Topic.PROGRAMME})

    shown: str = "loading"
    title: str = ""
    name: str = ""
    may_edit: bool = False
    currency: str = ""
    chosen: str = ""
    performances: rx.Field[list[tuple[str, str]]] = rx.field(default_factory=list)
    columns: rx.Field[list[str]] = rx.field(default_factory=list)
    rows: rx.Field[list[ZoneRow]] = rx.field(default_factory=list)
    fees: rx.Field[list[FeeRow]] = rx.field(default_factory=list)
    rates: rx.Field[list[tuple[str, str]]] = rx.field(default_factory=list)
    fields: rx.Field[dict[str, str]] = rx.field(default_factory=lambda: dict(FIELDS))
    errors: rx.Field[list[str]] = rx.field(default_factory=list)
    gaps: rx.Field[list[str]] = rx.field(default_factory=list)
    versions: rx.Field[list[PricesRow]] = rx.field(default_factory=list)
    windows: rx.Field[list[WindowRow]] = rx.field(default_factory=list)
    bars: rx.Field[list[SpanRow]] = rx.field(default_factory=list)
    scale: rx.Field[list[str]] = rx.field(default_factory=list)
    version: str = ""
    form_number: int = 0
    is_changed: bool = False
    is_behind: bool = False  # a colleague saved a version since the draft was begun

    _after: int = 0

    @rx.event
    async def type_in(self, form: dict[str, Any]) -> None:
        """Remember what is typed: it outlives the page, a reload and a session that ended."""
        if self.may_edit and self.shown == "event":
            self._keep_draft(self._draft_name(), self._given(form))
            self.is_changed = True

    @rx.event
    async def choose(self, performance_id: str) -> None:
        """Show the prices of one performance, or "" for those of all."""
        if performance_id in {"", *(known for known, _ in self.performances)}:
            self.chosen = performance_id
            await self._read_in(is_kept=False)

    @rx.event
    async def start_over(self) -> None:
        """Give up what was typed: the grid begins with the newest version again."""
        self._drop_draft(self._draft_name())
        await self._read_in(is_kept=False)

    @rx.event
    async def save(self, form: dict[str, Any]) -> Any:
        """Save what was typed as a new version."""
        self._quiet()
        given, actor, event_id, after = self._given(form), self._actor(), self.subject, self._after
        if self.may_edit:
            self._keep_draft(self._draft_name(), given)
        chosen, now = self.chosen, runtime().clock.now()
        try:
            found = await self._read(lambda session: _stored(session, event_id))
            prices = read_prices(
                given,
                zones=list(zone_names(found.halls)),
                types=_offered(found),
                currency=found.currency,
                zone=found.zone,
                performance_id=chosen or None,
                now=now,
            )
            if prices.new is None:
                refused = prices.refused.values()
                self.errors = [f"{label}: {sentence(error)}" for label, error in refused]
                self._fill(found, given, frozenset(prices.refused))
                self._focus(self._first_refused())
                return None
            new = prices.new
            saved = await self._command(
                lambda session: price_lists.save(
                    runtime().staff_context(session, actor),
                    event_id=event_id,
                    after=after,
                    new=new,
                )
            )
        except UpstageError as error:
            self._refuse(error)
            await self._read_in(is_kept=True)
            return None
        self._drop_draft(self._draft_name())
        self._succeed(f"Saved as version {saved}.")
        await self._read_in(is_kept=False)
        return None

    @rx.event
    async def bring_back(self, number: str) -> None:
        """Let the prices of an older version hold again; what was typed since is given up."""
        actor, event_id, after = self._actor(), self.subject, self._after

        def command(session: Session, version: int) -> int:
            context = runtime().staff_context(session, actor)
            return price_lists.bring_back(context, event_id=event_id, version=version, after=after)

        if await self._bring(number, command, draft=self._draft_name()):
            await self._read_in(is_kept=False)

    def _start(self) -> None:
        event_path = self.router.url.path.rstrip("/").rpartition("/")[0]
        self.subject = event_path.rpartition("/")[2]

    async def _show(self) -> None:
        await self._read_in(is_kept=self.shown == "event" and self.is_changed)

    async def _read_in(self, *, is_kept: bool) -> None:
        """Read the event's prices; what is being typed is left alone where it `is_kept`."""
        event_id = self.subject
        self.may_edit = self._may(Permission.EDIT_PRICES)
        try:
            found = await self._read(lambda session: _stored(session, event_id))
        except UpstageError:
            self.shown, self.title = "missing", f"No such event · {self.organisation}"
            return
        self.shown, self.name = "event", found.event.texts[TITLE]
        self.title = f"Prices of {self.name} · {self.organisation}"
        self.currency = found.currency
        self.performances = list(found.performances.items())
        self._tell(found, runtime().clock.now())
        newest = found.lists[0].version if found.lists else 0
        if is_kept:
            self.is_behind = newest != self._after
            self._after = newest
            self.version = str(newest + 1)
            return
        self._after, self.version = newest, str(newest + 1)
        draft = self._draft(self._draft_name()) if self.may_edit else {}
        self.is_changed = bool(draft)
        self.is_behind = bool(draft) and draft.get(AFTER) != str(newest)
        self.errors = []
        self.form_number += 1
        self._fill(found, draft or self._begun(found), frozenset())

    def _tell(self, found: Stored, now: datetime) -> None:
        """Show what is stored: the versions, the windows, and what lacks a price."""
        called, zone = found.performances, found.zone
        held = {"": holding(found.lists, now)}
        for performance_id in called:
            held[performance_id] = holding(found.lists, now, performance_id=performance_id)
        ids = {each.id for each in held.values() if each is not None}
        self.versions = [
            prices_row(each, holds=each.id in ids, now=now, zone=zone, performances=called)
            for each in found.lists
        ]
        gaps = without_price(found.halls, held[""], found.types)
        self.gaps = [f"Zone {name} of {hall} has no price." for hall, name in gaps]
        self.windows = [
            window_row(each, now=now, zone=zone, performances=called) for each in found.windows
        ]
        self.bars, self.scale = timeline(
            found.windows, until=found.last, now=now, zone=zone, performances=called
        )

    def _fill(self, found: Stored, typed: Mapping[str, str], refused: frozenset[str]) -> None:
        """Fill the grid and the inputs beside it."""
        types = list(_offered(found).values())
        stored = self._begins_with(found)
        self.columns = [kind.name for kind in types]
        self.rows = zone_rows(
            zone_names(found.halls), types, typed, refused, found.currency, stored
        )
        self.fees = fee_rows(typed)
        self.fields = {name: typed.get(name, "") for name in FIELDS}
        self.rates = [
            (rate.id, f"{rate.name}, {rate_in_words(rate.basis_points)}")
            for rate in found.rates.values()
            if not rate.is_retired or rate.id == typed.get("tax")
        ]

    def _begins_with(self, found: Stored) -> PriceList | None:
        """The newest version of what is chosen; for a performance without one, its event's."""
        own = [each for each in found.lists if each.performance_id == (self.chosen or None)]
        of_all = [each for each in found.lists if each.performance_id is None]
        return next(iter([*own, *of_all]), None)

    def _begun(self, found: Stored) -> dict[str, str]:
        """What the form holds before anything is typed."""
        stored = self._begins_with(found)
        if stored is None:
            offered = [rate.id for rate in found.rates.values() if not rate.is_retired]
            return {"tax": offered[0] if offered else ""}
        fees = {
            name: text
            for at, fee in enumerate(stored.fees)
            for name, text in (
                (f"fee-name-{at}", fee.name),
                (f"fee-amount-{at}", as_typed(fee.amount, stored.currency)),
            )
        }
        return {**typed_of(stored), **fees, "tax": stored.tax.id}

    def _first_refused(self) -> str:
        """The id of the first cell that was refused; that of the list of refusals without one."""
        cells = (cell for row in self.rows for cell in row.cells)
        return next((cell.id for cell in cells if cell.is_refused), ERRORS)

    def _given(self, form: object) -> dict[str, str]:
        return texts(form, TYPED_LIMIT) | {AFTER: str(self._after)}

    def _draft_name(self) -> str:
        return f"{self.get_full_name()}/{self.subject}/{self.chosen}"


def _offered(found: Stored) -> dict[str, PriceType]:
    """The price types that have prices: those that are offered and not free."""
    return {kind.id: kind for kind in found.types.values() if not (kind.is_comp or kind.is_retired)}


def _stored(session: Session, event_id: str) -> Stored:
    event = queries.event(session, event_id)
    return Stored(
        event=event,
        halls=zones_of_event(session, event_id),
        types=price_types.price_types(session),
        rates=price_types.tax_rates(session),
        lists=price_lists.versions(session, event_id),
        windows=window_commands.windows(session, event_id),
        currency=currency(session),
        zone=details(session).zone,
    )
