"""The app: every page in one visible table."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import reflex as rx


def home() -> rx.Component:
    """A first page, until the dashboard exists."""
    return rx.el.main(
        rx.el.h1("UpStage CRM"),
        rx.el.div(
            custom_attrs={"data-hydrated": rx.cond(rx.State.is_hydrated, "true", "false")},
        ),
    )


ROUTES: list[tuple[str, str, Callable[[], rx.Component]]] = [("/", "UpStage CRM", home)]

if find_spec("upstage_crm.ui.kit_page"):
    from upstage_crm.ui.kit_page import kit_page

    ROUTES.append(("/kit", "The kit", kit_page))

app = rx.App(html_lang="en")
for route, title, page in ROUTES:
    app.add_page(page, route=route, title=title)
