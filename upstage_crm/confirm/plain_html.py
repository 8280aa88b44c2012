"""Draws the plain page: one document under 10 kB, every value escaped. Pure.

The form's controls are `required`, so a browser asks for what is missing without a round trip.
"""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import Final
from urllib.parse import urlencode

from upstage_crm.change_requests.decisions.decide import COMMENT_LIMIT
from upstage_crm.change_requests.model.rules import Decision
from upstage_crm.change_requests.model.views import Phase
from upstage_crm.confirm.page_view import (
    CODE_PHASE,
    Change,
    Fact,
    PageWords,
)
from upstage_crm.ui.design.tokens import COLOURS

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
.s{padding:.5rem .75rem;border-radius:.375rem;background:var(--sunken);margin:.5rem 0 0}
.n{background:var(--success-soft)}.n .m{color:var(--success)}
.s p{margin:0}.s bdi{font-size:1.125rem}
blockquote{margin:0 0 .75rem;padding-inline-start:.875rem;border-inline-start:3px solid var(--line);
white-space:pre-line}
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


def style(more: str = "") -> str:
    """The style of a document without anything else to load: these rules, and `more`."""
    light = ";".join(f"--{name}:{COLOURS[name].light}" for name in _USED)
    dark = ";".join(f"--{name}:{COLOURS[name].dark}" for name in _USED)
    tones = f":root{{color-scheme:light dark;{light}}}"
    return f"{tones}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}{_RULES}{more}".replace(
        "\n", ""
    )


def policy(style_text: str) -> str:
    """The content policy of a document whose one style is `style_text`."""
    digest = base64.b64encode(hashlib.sha256(style_text.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; "
        # The empty icon in the head keeps browsers from asking for one.
        "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


STYLE: Final = style()
POLICY: Final = policy(STYLE)


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
    title = f"{page.title} · {page.organisation}"
    parts = [
        f"<h1>{escape(page.title)}</h1>",
        _notice(problem, "e", role="alert"),
        _notice(page.pressed, "w"),
        *(f"<p>{escape(line)}</p>" for line in page.lead),
        *(_change(change, page) for change in page.changes),
        f"<p><strong>{escape(page.until)}</strong></p>" if page.until else "",
        _form(page, link=link, nonce=nonce, comment=comment),
        _more(page),
        _steps(page),
        _receipt(page),
        _code_form(page, reference=reference),
        _footer(page),
    ]
    return (
        f'<!doctype html><html lang="{page.lang}" dir="{page.dir}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="robots" content="noindex"><link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f'<body><div class="c"><header><p class="org">{escape(page.organisation)}</p></header>'
        f"<main>{''.join(parts[:-1])}</main>{parts[-1]}</div></body></html>"
    )


def said(page: PageWords, name: str) -> str:
    """One of the words of `fixed_copy` in the reader's language, escaped."""
    return escape(page.fixed[name])


def _notice(text: str, kind: str, *, role: str = "note") -> str:
    return f'<p class="{kind}" role="{role}">{escape(text)}</p>' if text else ""


def _change(change: Change, page: PageWords) -> str:
    tints = (" n", "") if change.is_kept else ("", " n")
    headings = (change.now_heading, change.proposed_heading)
    sides = zip(tints, headings, (change.now, change.proposed), strict=True)
    drawn = "".join(
        f'<div class="s{kind}"><p class="m">{escape(heading)}</p>'
        f"<p>{f'<bdi>{escape(value)}</bdi>' if value else said(page, 'NOTHING')}</p></div>"
        for kind, heading, value in sides
    )
    outcome = f'<p class="m">{escape(change.outcome)}</p>' if change.outcome else ""
    return f"<section><h2>{escape(change.label)}</h2>{outcome}{drawn}</section>"


def _facts(facts: tuple[Fact, ...]) -> str:
    if not facts:
        return ""
    lines = "".join(f"<dt>{escape(fact.label)}</dt><dd>{escape(fact.text)}</dd>" for fact in facts)
    return f"<dl>{lines}</dl>"


def _more(page: PageWords) -> str:
    """What the page with a websocket has behind "More about this request"."""
    more = f"<h2>{said(page, 'MORE')}</h2>" if page.phase == Phase.OPEN else ""
    happens = f"<h3>{said(page, 'WHAT_HAPPENS')}</h3>{_facts(page.answers)}" if page.answers else ""
    return f"{more}{_facts(page.facts)}{_quote(page)}{happens}"


def _quote(page: PageWords) -> str:
    if not page.quote:
        return ""
    return (
        f'<blockquote dir="auto">{escape(page.quote)}'
        f'<p class="m">{escape(page.quote_source)}</p></blockquote>'
    )


def _form(page: PageWords, *, link: str, nonce: str, comment: str) -> str:
    answers = options(page)
    if not answers:
        return ""
    radios = "".join(
        _choice("answer", value, label, more=_explained(page, value), required=True)
        for value, label in answers
    )
    why = (
        f'<p><label for="comment">{said(page, "PLAIN_COMMENT")}</label>'
        f'<textarea id="comment" name="comment" rows="3" maxlength="{COMMENT_LIMIT}">'
        f"\n{escape(comment)}</textarea></p>"
    )
    return (
        f'<form method="post" action="?{escape(urlencode({"link": link}))}">'
        f'<input type="hidden" name="nonce" value="{escape(nonce)}">'
        f"<fieldset><legend>{said(page, 'YOUR_ANSWER')}</legend>{radios}</fieldset>{_each(page)}"
        f"{why if page.can_decide else ''}"
        '<label class="o"><input type="checkbox" name="read" value="yes" required>'
        f"<span>{said(page, 'TICK')}</span></label>"
        f'<button type="submit">{said(page, "SEND")}</button></form>'
    )


def _choice(name: str, value: str, label: str, *, more: str = "", required: bool = False) -> str:
    return (
        f'<label class="o"><input type="radio" name="{escape(name)}" value="{escape(value)}"'
        f"{' required' if required else ''}><span>{escape(label)}{more}</span></label>"
    )


def _each(page: PageWords) -> str:
    """One question for each field, for whoever does not want to answer all alike."""
    if not page.can_choose_each:
        return ""
    both = (
        (Decision.APPROVE.value, said(page, "APPROVE")),
        (Decision.REJECT.value, said(page, "REJECT")),
    )
    return "".join(
        f'<fieldset class="p"><legend>{escape(change.label)}</legend>'
        f"{''.join(_choice(change.key, value, label) for value, label in both)}</fieldset>"
        for change in page.changes
        if change.key
    )


def _code_form(page: PageWords, *, reference: str) -> str:
    """The way in without a link: what stands in the mail beside it."""
    if not page.can_enter_code:
        return ""
    is_other_way = page.phase != CODE_PHASE
    heading = f"<h2>{said(page, 'CODE_TITLE')}</h2><p>{said(page, 'CODE_LEAD')}</p>"
    return (
        f"{heading if is_other_way else ''}"
        f'<form method="post" action="{CODE_PATH}">'
        f'<p><label for="reference">{said(page, "CODE_REFERENCE")}<br>'
        f'<span class="m">{said(page, "CODE_REFERENCE_HINT")}</span></label>'
        f'<input class="i" id="reference" name="reference" value="{escape(reference)}" '
        'autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="20" required>'
        f'</p><p><label for="code">{said(page, "CODE")}<br>'
        f'<span class="m">{said(page, "CODE_HINT")}</span></label>'
        '<input class="i" id="code" name="code" autocomplete="one-time-code" '
        'autocapitalize="characters" spellcheck="false" maxlength="20" required></p>'
        f'<button type="submit">{said(page, "CODE_OPEN")}</button></form>'
    )


def _explained(page: PageWords, answer: str) -> str:
    if answer != page.objection:
        return ""
    return f'<br><span class="m">{escape(page.object_words)}</span>'


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


def _steps(page: PageWords) -> str:
    if not page.steps:
        return ""
    lines = "".join(f"<li>{escape(line)}</li>" for line in page.steps)
    return f"<h2>{said(page, 'NEXT_STEPS')}</h2><ul>{lines}</ul>"


def _receipt(page: PageWords) -> str:
    if not page.receipt:
        return ""
    return f'<p><a href="{escape(page.receipt)}">{said(page, "RECEIPT")}</a></p>'


def _footer(page: PageWords) -> str:
    phone = f"<bdi>{escape(page.phone)}</bdi>"
    if page.phone_href:
        phone = f'<a href="{escape(page.phone_href)}">{phone}</a>'
    say = (
        f" {said(page, 'SAY_REFERENCE')} <strong>{escape(page.reference)}</strong>"
        if page.reference
        else ""
    )
    never = f"<p>{said(page, 'NEVER')}</p>" if page.can_decide or page.object_title else ""
    return f'<footer class="m"><p>{said(page, "QUESTIONS")} {phone}{say}.</p>{never}</footer>'
