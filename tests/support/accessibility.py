"""What every page owes to people with other eyes, hands and screens than ours."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def assert_accessible(page: Page) -> None:
    """No violation of WCAG 2.2 A and AA, nor of axe's best practices."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


# Dots between two words that have no word beside them on their line, each with its words.
LONE_DOTS = """() => {
    const lone = [], range = document.createRange();
    const letters = function* (element) {
        const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            const node = walker.currentNode;
            for (let at = 0; at < node.length; at++) {
                if (!node.data[at].trim()) continue;
                range.setStart(node, at);
                range.setEnd(node, at + 1);
                yield [node.data[at], range.getBoundingClientRect()];
            }
        }
    };
    const isOn = (one, line) =>
        one.width > 0 && one.bottom > line.top + 3 && one.top < line.bottom - 3;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const blocks = new Set();
    while (walker.nextNode()) {
        if (!walker.currentNode.data.includes("·")) continue;
        let block = walker.currentNode.parentElement;
        while (getComputedStyle(block).display.startsWith("inline")) block = block.parentElement;
        blocks.add(block);
    }
    for (const block of blocks) {
        const all = [...letters(block)];
        for (const [letter, dot] of all) {
            if (letter !== "·" || dot.width === 0) continue;
            const words = all.filter(([other, box]) => other !== "·" && isOn(box, dot));
            const has = side => words.some(([, box]) => side(box));
            if (!has(box => box.right <= dot.left + 1) || !has(box => box.left >= dot.right - 1))
                lone.push(block.textContent);
        }
    }
    // Drawn by the style sheet before each part; the first of a line is cut off at the edge.
    for (const line of document.querySelectorAll(".u-meta")) {
        const [edge, cut] = [line.getBoundingClientRect(), getComputedStyle(line).clipPath];
        const room = parseFloat(cut.split(" ").at(-1)) || 0;
        for (const part of line.querySelectorAll(":scope > span:not(:empty)")) {
            const box = part.getBoundingClientRect();
            const width = parseFloat(getComputedStyle(part, "::before").width);
            const start = box.left - edge.left, isFirst = start < width;
            if (isFirst && start + width > room + 0.5) lone.push(line.textContent);
        }
    }
    return lone;
}"""

# Labels whose words stand outside their box, where something else may cover them.
SPILLING = """() => [...document.querySelectorAll("label")]
    .filter(one => one.clientWidth > 0 && one.scrollWidth > one.clientWidth + 1
        && getComputedStyle(one).overflow === "visible").map(one => one.textContent)"""

# A phone at 400 % zoom (WCAG 1.4.10), a phone, an upright tablet, a laptop at 200 % and 125 % zoom.
NARROW = (320, 360, 680, 768, 940)


def assert_fits_narrow_screens(page: Page) -> None:
    """Nothing is scrolled sideways, no label spills over, no line begins or ends with a dot."""
    overflow: dict[int, int] = {}
    spilling: dict[int, list[str]] = {}
    lone: dict[int, list[str]] = {}
    for width in NARROW:
        page.set_viewport_size({"width": width, "height": 640})
        overflow[width] = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        spilling[width] = page.evaluate(SPILLING)
        lone[width] = page.evaluate(LONE_DOTS)
    page.set_viewport_size({"width": 1280, "height": 800})
    assert {width: wide for width, wide in overflow.items() if wide > 0} == {}
    assert {width: words for width, words in spilling.items() if words} == {}
    assert {width: words for width, words in lone.items() if words} == {}


# What still moves although a person asked for no motion; a spinner says that work goes on.
_MOVING = """() => matchMedia("(prefers-reduced-motion: reduce)").matches
    ? document.getAnimations().filter(one => one.playState === "running"
        && !one.effect.target.closest("[aria-busy=true]")).map(one => one.effect.target.className)
    : []"""


def assert_nothing_moves(page: Page) -> None:
    """For a person who asked for no motion, nothing but a spinner moves."""
    assert page.evaluate(_MOVING) == []
