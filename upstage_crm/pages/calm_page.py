"""A page that needs nothing but itself: no script, no second request, no database.

For visitors whom no other page can answer. It is one document with its own style, light and dark.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from upstage_crm.core.languages import SOURCE
from upstage_crm.core.templates import Templates
from upstage_crm.pages.style import own_style

_USED: Final = ("canvas", "text", "muted", "accent-ink", "focus")
_RULES: Final = """
body{margin:0;background:var(--canvas);color:var(--text);font:1.0625rem/1.55 system-ui,sans-serif}
main{max-width:34rem;margin:0 auto;padding:15vh 1.25rem 2rem;overflow-wrap:anywhere}
h1{font-size:1.625rem;line-height:1.25;margin:0 0 .75rem}
p{margin:0 0 1rem}
small{display:block;color:var(--muted);font-size:.9375rem}
a{display:inline-block;padding:.375rem 0;color:var(--accent-ink);text-underline-offset:.2em}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
"""
_STYLE: Final = own_style(_USED, _RULES)
# The mailbox shows a mail in a frame; if that fails, the frame shows this page.
POLICY: Final = _STYLE.policy(form_action="'none'", frame_ancestors="'self'")
_TEMPLATES: Final = Templates(Path(__file__).parent / "templates")


@dataclass(frozen=True, slots=True, kw_only=True)
class CalmPage:
    """What the page says: a title, paragraphs, a small line beneath, and one link.

    `action` is the link's words and address.
    """

    title: str
    lines: tuple[str, ...]
    note: str = ""
    action: tuple[str, str] | None = None
    language: str = SOURCE

    def as_html(self) -> bytes:
        """The document."""
        html = _TEMPLATES.render("calm.html", lang=self.language, page=self, style=_STYLE.css)
        return html.encode()

    def as_text(self) -> bytes:
        """The same for a program, or a reader who asked for no HTML."""
        lines = (f"{self.title}.", *self.lines, self.note)
        return ("\n".join(line for line in lines if line) + "\n").encode()
