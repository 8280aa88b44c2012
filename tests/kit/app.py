"""The app with one more page, the kit's. The `rxconfig.py` of a copy of the project names it."""

from __future__ import annotations

from tests.kit.page import kit_page
from upstage_crm.upstage_crm import app

__all__ = ["app"]

app.add_page(kit_page, route="/kit", title="The kit")
