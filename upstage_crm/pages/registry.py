"""Every page of the product, in one table: its address, title, content, state and menu entry.

The app declares the table once (`upstage_crm.upstage_crm.PAGES`). The staff frame draws its menu
from it, and the gate before the staff pages knows from it which addresses need a session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import reflex as rx

from upstage_crm.pages.page_state import PageMixin

PRODUCT: Final = "UpStage CRM"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page. `state` opens it with its `load`; a page of the CRM has a `PageMixin`.

    `icon` gives it an entry in the menu of the staff frame, with `name` as its words. `title` is
    what the browser's tab says instead of the name and the product.
    """

    route: str
    name: str
    view: Callable[[], rx.Component]
    state: type[Any] | None = None
    icon: str = ""
    title: str = ""

    @property
    def key(self) -> str:
        """How the frame calls the menu entry: the first part of the route."""
        return self.route.split("/")[1] or "dashboard"

    @property
    def href(self) -> str:
        """The address of a page whose route has no variable part."""
        return f"{self.route.rstrip('/')}/"

    @property
    def tab_title(self) -> str:
        """What the browser's tab says."""
        return self.title or f"{self.name} · {PRODUCT}"

    @property
    def on_load(self) -> Any:
        """The event that opens the page; None for a page that shows nothing of ours."""
        return None if self.state is None else self.state.load

    @property
    def is_for_staff(self) -> bool:
        """Whether a staff member must be signed in to see it."""
        return self.state is not None and issubclass(self.state, PageMixin)

    @property
    def permission(self) -> Any:
        """The permission that the page asks for; None for every staff member's own pages."""
        return getattr(self.state, "permission", None)


class Registry:
    """The pages of this process; empty until the app declares them."""

    def __init__(self) -> None:
        self.pages: tuple[Page, ...] = ()

    def declare(self, pages: Iterable[Page]) -> None:
        """Take the app's table, before any page is drawn."""
        self.pages = tuple(pages)

    @property
    def menu(self) -> tuple[Page, ...]:
        """The pages with an entry in the menu, in its order."""
        return tuple(page for page in self.pages if page.icon)


registry = Registry()


def staff_places(pages: Iterable[Page]) -> frozenset[str]:
    """The first part of the path of every page that needs a session; the dashboard's is empty.

    The built file of the dashboard can be asked for by its name, too.
    """
    first = {page.route.split("/")[1] for page in pages if page.is_for_staff}
    return frozenset(first | {"index.html"})
