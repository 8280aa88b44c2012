"""The style of a document that loads nothing: its rules, our colours, and the policy for both.

Light and dark are in it, as in the sheet of all other pages.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from markupsafe import Markup

from upstage_crm.ui.design.tokens import COLOURS


@dataclass(frozen=True, slots=True)
class OwnStyle:
    """The content of the document's one `<style>`."""

    css: Markup

    @property
    def source(self) -> str:
        """The style as a content policy names it."""
        digest = base64.b64encode(hashlib.sha256(self.css.encode()).digest()).decode()
        return f"'sha256-{digest}'"

    def policy(self, *, form_action: str, frame_ancestors: str) -> str:
        """The content policy of the document: this style, and nothing else to load or to run."""
        return (
            f"default-src 'none'; style-src {self.source}; "
            # The empty icon in the head keeps browsers from asking for one.
            f"img-src data:; form-action {form_action}; base-uri 'none'; "
            f"frame-ancestors {frame_ancestors}"
        )


def own_style(colours: Collection[str], rules: str) -> OwnStyle:
    """The style of `rules` and of the colours that they use, by their names."""
    light = ";".join(f"--{name}:{COLOURS[name].light}" for name in colours)
    dark = ";".join(f"--{name}:{COLOURS[name].dark}" for name in colours)
    css = (
        f":root{{color-scheme:light dark;{light}}}"
        f"@media(prefers-color-scheme:dark){{:root{{{dark}}}}}{rules}"
    )
    return OwnStyle(Markup(css.replace("\n", "")))  # noqa: S704  # a constant of our own
