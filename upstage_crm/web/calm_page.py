"""A small page that needs nothing else: for answers that the edge gives instead of the app."""

from __future__ import annotations

from html import escape
from typing import Final

from upstage_crm.core.languages import SOURCE, direction

_PAGE: Final = """<!doctype html>
<html lang="{language}" dir="{direction}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>{title} · UpStage CRM</title>
<style>
body{{margin:0;font:16px/1.5 system-ui,sans-serif;background:#fff;color:#1c1917}}
main{{max-width:34rem;margin:0 auto;padding:15vh 1.5rem 2rem}}
h1{{font-size:1.5rem;line-height:1.25;margin:0 0 .75rem}}p{{margin:0 0 1rem}}
a{{color:#8f1d2c;text-underline-offset:.2em}}a:focus-visible{{outline:3px solid;outline-offset:3px}}
@media(prefers-color-scheme:dark){{body{{background:#171412;color:#f5f5f4}}a{{color:#f2a3ab}}}}
</style>
<main>
<h1>{title}</h1>
{paragraphs}
</main>
</html>
"""


def calm_page(
    title: str, *paragraphs: str, way_on: tuple[str, str] | None = None, language: str = SOURCE
) -> str:
    """The page's HTML; `way_on` is the address and the words of a link below the paragraphs."""
    lines = [f"<p>{escape(text)}</p>" for text in paragraphs]
    if way_on:
        lines.append(f'<p><a href="{escape(way_on[0])}">{escape(way_on[1])}</a></p>')
    return _PAGE.format(
        language=language,
        direction=direction(language),
        title=escape(title),
        paragraphs="\n".join(lines),
    )
