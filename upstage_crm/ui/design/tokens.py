"""The design tokens: every colour, size and font the product draws with.

This module is the only source. `python -m upstage_crm.ui.design.tokens` writes the block between
the markers of `assets/upstage.css`; `tests/unit/test_kit.py` fails when the two differ or
when a pair in `CONTRAST` falls below its ratio. Components name tokens through CSS classes.
"""

from pathlib import Path
from typing import Final, NamedTuple

STYLESHEETS: Final = ["/upstage.css"]
"""What `rx.App(stylesheets=...)` takes, on top of Reflex's own reset."""


class Colour(NamedTuple):
    """One colour role in both themes, as `#rrggbb`."""

    light: str
    dark: str


# Greys lean to yellow by a hair, so that the red does not turn pink beside them.
COLOURS: Final[dict[str, Colour]] = {
    "canvas": Colour("#faf9f7", "#151311"),
    "surface": Colour("#ffffff", "#1c1a18"),
    "sunken": Colour("#f4f2ef", "#24211f"),
    "hover": Colour("#efece8", "#2b2825"),
    "line": Colour("#e6e3de", "#33302c"),
    "edge": Colour("#8c857d", "#7f7870"),
    "text": Colour("#1f1c1a", "#edeae6"),
    "muted": Colour("#645e58", "#a9a29a"),
    "accent": Colour("#8f1d2f", "#b5354b"),
    "accent-strong": Colour("#741425", "#c4485c"),
    "accent-ink": Colour("#8f1d2f", "#f0a3ab"),
    "accent-soft": Colour("#f9eeee", "#34201f"),
    "on-accent": Colour("#ffffff", "#ffffff"),
    "focus": Colour("#1b5fc4", "#8ab8ff"),
    "info": Colour("#1f4f8c", "#a3c4f0"),
    "info-soft": Colour("#edf3fa", "#1b2636"),
    "success": Colour("#1d6640", "#8fd0a8"),
    "success-soft": Colour("#ebf5ef", "#182b20"),
    "warning": Colour("#804a0b", "#e8bd78"),
    "warning-soft": Colour("#fbf2e1", "#30261a"),
    "danger": Colour("#b0271b", "#f59c8f"),
    "danger-soft": Colour("#fcefed", "#371e1a"),
    "zone-1": Colour("#1d4ed8", "#93c5fd"),
    "zone-2": Colour("#0f766e", "#5eead4"),
    "zone-3": Colour("#a16207", "#fcd34d"),
    "zone-4": Colour("#7e22ce", "#d8b4fe"),
    "zone-5": Colour("#be123c", "#fda4af"),
    "zone-6": Colour("#3f6212", "#bef264"),
    "zone-7": Colour("#0369a1", "#a5f3fc"),
    "zone-8": Colour("#9a3412", "#fdba74"),
    "on-zone": Colour("#ffffff", "#151311"),
}

TONES: Final = ("neutral", "info", "success", "warning", "danger")
"""The tones of chips, notices and timeline marks; `neutral` is grey."""

ZONES: Final = tuple(f"zone-{number}" for number in range(1, 9))
"""The colours of the zones of a seat plan, in their order."""

SIZES: Final[dict[str, str]] = {
    "row": "2.25rem",
    "control": "2.25rem",
    "control-small": "1.75rem",
    "control-patron": "3rem",
    "radius": "0.375rem",
    "radius-large": "0.5rem",
    "sidebar": "13.5rem",
}
"""Lengths in rem (1 rem = 16 px unless the reader enlarged text); rows and controls are 36 px."""

FONTS: Final[dict[str, str]] = {
    "font": '"Inter Variable", "Inter fallback", system-ui, sans-serif',
    "font-mono": 'ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", monospace',
}

TEXT_RATIO: Final = 4.5
"""WCAG 2.2, 1.4.3 (AA)."""
SHAPE_RATIO: Final = 3.0
"""WCAG 2.2, 1.4.11 (AA): edges of controls, focus rings."""

_GROUNDS = ("canvas", "surface", "sunken", "hover")
CONTRAST: Final[tuple[tuple[str, str, float], ...]] = (
    *(("text", ground, TEXT_RATIO) for ground in _GROUNDS),
    *(("muted", ground, TEXT_RATIO) for ground in _GROUNDS),
    *(("accent-ink", ground, TEXT_RATIO) for ground in (*_GROUNDS, "accent-soft")),
    *(("danger", ground, TEXT_RATIO) for ground in _GROUNDS),
    *((tone, f"{tone}-soft", TEXT_RATIO) for tone in TONES[1:]),
    *(("text", f"{tone}-soft", TEXT_RATIO) for tone in TONES[1:]),
    ("on-accent", "accent", TEXT_RATIO),
    ("on-accent", "accent-strong", TEXT_RATIO),
    *(("on-zone", zone, TEXT_RATIO) for zone in ZONES),
    *((zone, "surface", SHAPE_RATIO) for zone in ZONES),
    *(("edge", ground, SHAPE_RATIO) for ground in ("canvas", "surface", "sunken")),
    *(("focus", ground, SHAPE_RATIO) for ground in _GROUNDS),
)
"""Every pair (ink, ground, least ratio) the kit draws; held in both themes."""

BEGIN: Final = "/* tokens: written by upstage_crm.ui.design.tokens */"
END: Final = "/* end of tokens */"


def css_block() -> str:
    """Return the custom properties, markers included.

    The dark values stand twice: for a system that prefers dark before any script ran, and for the
    class that the theme switch sets on the root element.
    """
    light = [f"--{name}:{colour.light}" for name, colour in COLOURS.items()]
    dark = ";".join(f"--{name}:{colour.dark}" for name, colour in COLOURS.items())
    fixed = [f"--{name}:{value}" for name, value in (SIZES | FONTS).items()]
    root = ";\n  ".join(["color-scheme:light", *light, *fixed])
    return "\n".join(
        (
            BEGIN,
            f":root {{\n  {root};\n}}",
            "@media (prefers-color-scheme: dark) {",
            f"  :root:not(.light) {{ color-scheme:dark;{dark} }}",
            "}",
            f":root.dark {{ color-scheme:dark;{dark} }}",
            END,
        )
    )


def with_tokens(css: str) -> str:
    """Return `css` with its token block replaced by the current one.

    Raises:
        ValueError: `css` does not hold both markers in order.
    """
    head, rest = css.split(BEGIN)
    _, tail = rest.split(END)
    return f"{head}{css_block()}{tail}"


def contrast(ink: str, ground: str) -> float:
    """Return the WCAG 2.2 contrast ratio of two `#rrggbb` colours, from 1 to 21."""
    brighter, darker = sorted((_luminance(ink), _luminance(ground)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    # 0.04045: the knee of the sRGB curve (IEC 61966-2-1).
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def main() -> None:
    """Rewrite the token block of the stylesheet in `assets`."""
    sheet = Path(__file__).parents[3] / "assets" / "upstage.css"
    sheet.write_text(with_tokens(sheet.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
