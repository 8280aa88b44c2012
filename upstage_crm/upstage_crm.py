"""The app: every page in one visible table."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec

import reflex as rx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from upstage_crm.settings import Settings
from upstage_crm.web.edge import edge
from upstage_crm.web.ready import announce_when_ready


def home() -> rx.Component:
    """A first page, until the dashboard exists."""
    return rx.el.main(
        rx.el.h1("UpStage CRM"),
        rx.el.div(
            custom_attrs={"data-hydrated": rx.cond(rx.State.is_hydrated, "true", "false")},
        ),
    )


async def health(_request: Request) -> JSONResponse:
    """Say that this process answers."""
    return JSONResponse({"status": "ok"})


ROUTES: list[tuple[str, str, Callable[[], rx.Component]]] = [("/", "UpStage CRM", home)]

if find_spec("upstage_crm.ui.kit_page"):
    from upstage_crm.ui.kit_page import kit_page

    ROUTES.append(("/kit", "The kit", kit_page))

settings = Settings.load(os.environ)
api = Starlette(routes=[Route("/health", health)])
app = rx.App(html_lang="en", api_transformer=[api, *edge(settings)])
app.register_lifespan_task(announce_when_ready)
for route, title, page in ROUTES:
    app.add_page(page, route=route, title=title)
