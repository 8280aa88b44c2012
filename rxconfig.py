"""What Reflex reads at start; see `upstage_crm/web/` for how the pages are built and served."""

from __future__ import annotations

import os

from upstage_crm.web.environment import tool_environment

os.environ.update(tool_environment(os.environ))

# Reflex reads its environment while it is imported.
import reflex as rx
from reflex.plugins import Plugin, SitemapPlugin

from upstage_crm.settings import Settings
from upstage_crm.web.plugins import OwnStoragePlugin, SameOriginPlugin, TurnAtOncePlugin

settings = Settings.load(os.environ)

plugins: list[Plugin] = [SameOriginPlugin(), TurnAtOncePlugin(), OwnStoragePlugin()]

config = rx.Config(
    app_name="upstage_crm",
    frontend_port=settings.port,
    backend_port=settings.port,
    telemetry_enabled=False,
    show_built_with_reflex=False,
    plugins=plugins,
    disable_plugins=[SitemapPlugin, rx.plugins.RadixThemesPlugin],
    cors_allowed_origins=list(settings.origins),
    redis_url=settings.redis_url or None,
    state_manager_mode=(
        rx.constants.StateManagerMode.REDIS
        if settings.redis_url
        else rx.constants.StateManagerMode.MEMORY
    ),
    redis_token_expiration=900,  # memory states too: a visit that left holds 62 kB until then
)
