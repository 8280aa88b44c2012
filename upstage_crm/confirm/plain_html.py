"""Draws the plain page from `templates/plain.html`: one document under 10 kB."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from upstage_crm.change_requests.model.rules import Decision
from upstage_crm.change_requests.model.views import Phase
from upstage_crm.confirm.page_view import CODE_PHASE, PageWords
from upstage_crm.core.templates import Templates
from upstage_crm.core.text import REMARK_LIMIT
from upstage_crm.pages.style import OwnStyle, own_style

CODE_PATH: Final = "/confirm/code"
EACH: Final = "each"  # the answer that says: look at the single ones
_USED: Final = (
    *("canvas", "surface", "sunken", "line", "edge", "text", "muted", "accent-ink", "focus"),
    *("success", "success-soft", "warning", "warning-soft", "danger", "danger-soft"),
)

_RULES: Final = """
*{box-sizing:border-box}
body{margin:0;background:var(--canvas);color:var(--text);font:1.0625rem/1.55 system-ui,sans-serif}
.c{max-width:40rem;margin:0 auto;padding:1.5rem 1.25rem 2rem}
h1{font-size:1.625rem;line-height:1.25;margin:1.25rem 0 .75rem}
h2{font-size:1.125rem;margin:1.75rem 0 .5rem}h3{font-size:1rem;margin:0}
p{margin:0 0 .75rem}ul{margin:0;padding-inline-start:1.25rem}
.org{font-weight:600;margin:0}.m{color:var(--muted);font-size:.9375rem}
section h2{margin:0 0 .25rem}
section{background:var(--surface);border:1px solid var(--line);border-radius:.5rem;padding:1rem;
margin:0 0 .75rem}
dl{margin:0}dt{color:var(--muted);font-size:.9375rem}dd{margin:0 0 .5rem}
dd,bdi,blockquote{overflow-wrap:anywhere}
.b{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(12rem,100%),1fr));gap:0 .75rem}
.b p{margin:0;font-size:1.125rem}
.s{padding:.5rem .75rem;border-radius:.375rem;background:var(--sunken);margin:.5rem 0 0}
.n{background:var(--success-soft)}.n .m{color:var(--success)}
.s p{margin:0}.s bdi{font-size:1.125rem}
blockquote{margin:0 0 .75rem;padding-inline-start:.875rem;border-inline-start:3px solid var(--line);
white-space:pre-line}
.nowrap{white-space:nowrap}
.w,.e{padding:.625rem .875rem;border-radius:.375rem;background:var(--warning-soft);
border:1px solid var(--warning)}.e{background:var(--danger-soft);border-color:var(--danger)}
fieldset{border:0;margin:0 0 .75rem;padding:0}legend{padding:0;font-weight:600}
.o{display:flex;gap:.75rem;align-items:center;min-height:3rem;padding:.5rem .75rem;margin:.5rem 0 0;
border:1px solid var(--edge);border-radius:.375rem;background:var(--surface)}
.o input{flex:none;width:1.5rem;height:1.5rem;margin:0;accent-color:var(--text)}
.p{margin:0 0 1rem}.i{display:block;width:100%;min-height:3rem;padding:.5rem .75rem;
border:1px solid var(--edge);border-radius:.375rem;background:var(--surface);color:var(--text);
font:inherit;font-size:1.25rem;letter-spacing:.08em}
textarea,button{font:inherit;width:100%;border-radius:.375rem;padding:.625rem;color:var(--text)}
textarea{background:var(--surface);border:1px solid var(--edge)}
button{margin:.75rem 0 0;min-height:3rem;font-weight:600;border:1px solid var(--text);
background:var(--text);color:var(--canvas);cursor:pointer}
a{color:var(--accent-ink);display:inline-block;padding:.375rem 0}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
footer{margin:1.5rem 0 0;padding:1rem 0 0;border-top:1px solid var(--line)}
"""


def style(more: str = "") -> OwnStyle:
    """The style of a plain page: these rules, and `more`."""
    return own_style(_USED, _RULES + more)


STYLE: Final = style()
POLICY: Final = STYLE.policy(form_action="'self'", frame_ancestors="'none'")
TEMPLATES: Final = Templates(Path(__file__).parent / "templates")


def document(
    page: PageWords,
    *,
    link: str,
    nonce: str,
    problem: str = "",
    comment: str = "",
    reference: str = "",
) -> str:
    """Return the whole page.

    `problem` is what was wrong with the answer that came before; `comment` and `reference` are
    what was typed in it. A code is never given back.
    """
    fixed = page.fixed
    return TEMPLATES.render(
        "plain.html",
        lang=page.lang,
        style=STYLE.css,
        page=page,
        fixed=fixed,
        options=options(page),
        single=((Decision.APPROVE, fixed["APPROVE"]), (Decision.REJECT, fixed["REJECT"])),
        is_open=page.phase == Phase.OPEN,
        is_code_page=page.phase == CODE_PHASE,
        code_path=CODE_PATH,
        comment_limit=REMARK_LIMIT,
        link=link,
        nonce=nonce,
        problem=problem,
        comment=comment,
        reference=reference,
    )


def options(page: PageWords) -> list[tuple[str, str]]:
    """The answers that a visitor may give: pairs of `Decision` value, or EACH, and label."""
    found: list[tuple[str, str]] = []
    if page.can_decide:
        found += [(Decision.APPROVE.value, page.approve), (Decision.REJECT.value, page.reject)]
    if page.can_choose_each:
        found.append((EACH, page.fixed["PLAIN_EACH"]))
    if page.object_title:
        found.append((page.objection, page.object_title))
    return found
