"""The dialogs over the sale windows of an event: add, change, remove."""

from typing import Any, ClassVar

import reflex as rx
from sqlmodel import Session

from upstage_crm.admin.guard import AdminState
from upstage_crm.admin.prices.price_form import read_moment
from upstage_crm.admin.prices.prices_state import EventPricesState
from upstage_crm.core.errors import Invalid
from upstage_crm.organisation.settings import details
from upstage_crm.pages.dialog_state import DialogMixin
from upstage_crm.pages.errors import SubjectMoved
from upstage_crm.programme.errors import TimeUnreadable
from upstage_crm.programme.prices import window_commands
from upstage_crm.programme.prices.views import Audience, SaleChannel, SaleWindow
from upstage_crm.programme.prices.window_commands import NewWindow
from upstage_crm.staff.roles import Permission
from upstage_crm.wiring import runtime
from upstage_crm.wording.consequences import counted

ADD, CHANGE, REMOVE = "add_window", "change_window", "remove_window"
TIMES = ("opens-day", "opens-time", "closes-day", "closes-time")


def _nothing() -> dict[str, str]:
    return dict.fromkeys(TIMES, "")


class WindowDialogState(DialogMixin, AdminState):
    """Dialogs over the page of an event's prices. The subject is the event's or the window's id."""

    permission: ClassVar[Permission | None] = Permission.EDIT_PRICES
    dialogs: ClassVar[tuple[str, ...]] = (ADD, CHANGE, REMOVE)
    drafted: ClassVar[frozenset[str]] = frozenset({ADD})
    page: ClassVar[type[EventPricesState]] = EventPricesState

    times: rx.Field[dict[str, str]] = rx.field(default_factory=_nothing)

    @rx.event
    async def open_add(self) -> None:
        """Open the dialog that adds windows."""
        page = await self.get_state(EventPricesState)
        await self._open(ADD, subject=page.subject, about=page.name)

    @rx.event
    async def add(self, form: dict[str, Any]) -> Any:
        """Add a window for each channel that was chosen."""
        typed = self._accept(ADD, form)
        if typed is None:
            return None
        event_id, actor = self.subject, self._actor()

        def command(session: Session) -> int:
            opens_at, closes_at = _moments(session, typed)
            new = NewWindow(
                audience=_audience(typed.get("audience", "")),
                channels=[each for each in SaleChannel if each.value in typed],
                named=typed.get("named", ""),
                performance_id=typed.get("performance", "") or None,
                opens_at=opens_at,
                closes_at=closes_at,
            )
            context = runtime().staff_context(session, actor)
            return window_commands.add_windows(context, event_id=event_id, new=new)

        return await self._run(command, lambda count: f"{counted(count, 'sale window')} added.")

    @rx.event
    async def open_change(self, window_id: str) -> None:
        """Open the dialog that changes when a window opens and closes."""
        event_id = (await self.get_state(EventPricesState)).subject

        def stored(session: Session) -> dict[str, str]:
            found = window_commands.windows(session, event_id)
            window = next((each for each in found if each.id == window_id), None)
            return {} if window is None else _typed(session, window)

        times = await self._read(stored)
        if await self._open_over(CHANGE, window_id):
            self.times = times or _nothing()

    @rx.event
    async def change(self, form: dict[str, Any]) -> Any:
        """Store when the window opens and closes."""
        typed = self._accept(CHANGE, form)
        if typed is None:
            return None
        window_id, actor = self.subject, self._actor()
        event_id = (await self.get_state(EventPricesState)).subject

        def command(session: Session) -> None:
            opens_at, closes_at = _moments(session, typed)
            window_commands.change_window(
                runtime().staff_context(session, actor),
                event_id=event_id,
                window_id=window_id,
                opens_at=opens_at,
                closes_at=closes_at,
            )

        return await self._run(command, "Saved.")

    @rx.event
    async def ask_remove(self, window_id: str) -> None:
        """Say what removing does before it is done."""
        await self._open_over(REMOVE, window_id)

    @rx.event
    async def remove(self, form: dict[str, Any]) -> Any:
        """Remove a window."""
        if self._accept(REMOVE, form) is None:
            return None
        window_id, actor = self.subject, self._actor()
        event_id = (await self.get_state(EventPricesState)).subject

        def command(session: Session) -> None:
            context = runtime().staff_context(session, actor)
            window_commands.remove_window(context, event_id=event_id, window_id=window_id)

        return await self._run(command, "Removed.")

    async def _open_over(self, dialog: str, window_id: str) -> bool:
        """Open a dialog over one window of the page."""
        page = await self.get_state(EventPricesState)
        found = [row for row in page.windows if row.id == window_id]
        if not found:
            self._refuse(SubjectMoved())
            return False
        row = found[0]
        about = f"{page.name} · {row.audience}, {row.channel}"
        return await self._open(dialog, subject=window_id, about=about)


def _moments(session: Session, typed: dict[str, str]) -> tuple[Any, Any]:
    """When a window opens and closes, by the clocks of the house."""
    zone = details(session).zone
    opens_at = read_moment(typed, "opens", zone)
    if opens_at is None:
        raise TimeUnreadable
    return opens_at, read_moment(typed, "closes", zone)


def _typed(session: Session, window: SaleWindow) -> dict[str, str]:
    """The times of a window as inputs hold them."""
    zone, typed = details(session).zone, _nothing()
    for name, at in (("opens", window.opens_at), ("closes", window.closes_at)):
        if at is not None:
            local = at.astimezone(zone)
            typed[f"{name}-day"] = local.date().isoformat()
            typed[f"{name}-time"] = f"{local:%H:%M}"
    return typed


def _audience(text: str) -> Audience:
    try:
        return Audience(text)
    except ValueError:
        raise Invalid from None
