"""The app: every page, every route and every task in one visible place."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import reflex as rx
from starlette.applications import Starlette

from upstage_crm.admin.guard import Guard
from upstage_crm.admin.sign_in import routes as sign_in_routes
from upstage_crm.settings import Settings
from upstage_crm.ui.design.tokens import STYLESHEETS
from upstage_crm.ui.kit_page import kit_page
from upstage_crm.ui.layout import connection_banner
from upstage_crm.web import health, schedule
from upstage_crm.web.edge import edge
from upstage_crm.web.hub import hub
from upstage_crm.web.ready import announce_when_ready

# Handlers that anybody on the internet may call. Reviewed by name; a test compares.
PUBLIC_HANDLERS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the app."""

    route: str
    title: str
    view: Callable[[], rx.Component]
    on_load: Any = None


PAGES: tuple[Page, ...] = (Page("/kit", "The kit", kit_page),)

settings = Settings.load(os.environ)


async def live_updates() -> None:
    """Tell the open tabs of this worker what was committed; a lifespan task."""
    await hub.run(app)


routes = Starlette(routes=[*sign_in_routes.ROUTES, *health.ROUTES])
app = rx.App(
    html_lang="en",
    stylesheets=STYLESHEETS,
    reset_style=False,
    toaster=None,
    extra_app_wraps={(5, "Overlay"): lambda is_stateful: connection_banner() if is_stateful else None},
    api_transformer=[routes, *edge(settings)],
)
app.add_middleware(Guard(PUBLIC_HANDLERS))
for page in PAGES:
    app.add_page(page.view, route=page.route, title=page.title, on_load=page.on_load)
for task in (
    announce_when_ready,
    schedule.send_mail,
    schedule.expire_requests,
    live_updates,
):
    app.register_lifespan_task(task)
