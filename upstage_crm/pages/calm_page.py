"""A page that needs nothing but itself: no script, no file, no database. Pure.

For visitors whom no other page can answer. It is one document with its own style, light and dark.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from html import escape
from string import Template
from typing import Final

from upstage_crm.core.languages import SOURCE, direction
from upstage_crm.ui.design.tokens import COLOURS

_USED: Final = ("canvas", "text", "muted", "accent-ink", "focus")
_LIGHT: Final = ";".join(f"--{name}:{COLOURS[name].light}" for name in _USED)
_DARK: Final = ";".join(f"--{name}:{COLOURS[name].dark}" for name in _USED)
_RULES: Final = """
body{margin:0;background:var(--canvas);color:var(--text);font:1.0625rem/1.55 system-ui,sans-serif}
main{max-width:34rem;margin:0 auto;padding:15vh 1.25rem 2rem;overflow-wrap:anywhere}
h1{font-size:1.625rem;line-height:1.25;margin:0 0 .75rem}
p{margin:0 0 1rem}
small{display:block;color:var(--muted);font-size:.9375rem}
a{display:inline-block;padding:.375rem 0;color:var(--accent-ink);text-underline-offset:.2em}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
"""
STYLE: Final = (
    f":root{{color-scheme:light dark;{_LIGHT}}}"
    f"@media(prefers-color-scheme:dark){{:root{{{_DARK}}}}}{_RULES}"
).replace("\n", "")
_DIGEST: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; img-src data:; "
    # The mailbox shows a mail in a frame; if that fails, the frame shows this page.
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
_DOCUMENT: Final = Template("""<!doctype html>
<html lang="$lang" dir="$dir">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<link rel="icon" href="data:,">
<title>$title</title>
<style>$style</style>
</head>
<body>
<main>
<h1>$title</h1>
$body
</main>
</body>
</html>
""")


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
        parts = [f"<p>{escape(line)}</p>" for line in self.lines]
        if self.action:
            words, address = self.action
            parts.append(f'<p><a href="{escape(address)}">{escape(words)}</a></p>')
        if self.note:
            parts.append(f"<p><small>{escape(self.note)}</small></p>")
        return _DOCUMENT.substitute(
            lang=self.language,
            dir=direction(self.language),
            title=escape(self.title),
            style=STYLE,
            body="\n".join(parts),
        ).encode()

    def as_text(self) -> bytes:
        """The same for a program, or a reader who asked for no HTML."""
        lines = (f"{self.title}.", *self.lines, self.note)
        return ("\n".join(line for line in lines if line) + "\n").encode()
