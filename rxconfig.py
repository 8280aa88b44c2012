"""What Reflex reads at start; see `upstage_crm/web/` for how the pages are built and served."""

from __future__ import annotations

import os
import sys
from pathlib import Path

# bun and node come as wheels and stand beside this interpreter. Not resolved: in a virtual
# environment `python` is a link, and its target's folder holds neither of them.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
os.environ["REFLEX_USE_SYSTEM_BUN"] = "1"  # else a bun in the user's home folder wins
os.environ["REFLEX_CHECK_LATEST_VERSION"] = "0"  # else every start asks the package index

# Reflex must be imported after the lines above.
import reflex as rx

from upstage_crm.settings import Settings
from upstage_crm.web.plugins import SameOriginPlugin

settings = Settings.load(os.environ)

config = rx.Config(
    app_name="upstage_crm",
    frontend_port=settings.port,
    backend_port=settings.port,
    telemetry_enabled=False,
    show_built_with_reflex=False,
    plugins=[rx.plugins.TailwindV4Plugin(), SameOriginPlugin()],
    disable_plugins=[rx.plugins.SitemapPlugin, rx.plugins.RadixThemesPlugin],
    cors_allowed_origins=list(settings.origins),
    redis_url=settings.redis_url or None,
    state_manager_mode=(
        rx.constants.StateManagerMode.REDIS
        if settings.redis_url
        else rx.constants.StateManagerMode.MEMORY
    ),
    redis_token_expiration=900,  # memory states too: a visit that left holds 62 kB until then
)
