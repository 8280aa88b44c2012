"""A browser in words, for people who look at where they are signed in. A guess, never a proof."""

from __future__ import annotations

# The first that fits, so the ones that dress up as others come first.
_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)


def describe(user_agent: str) -> str:
    """Say "Firefox on Windows", as far as a browser tells what it is."""
    browser, system = _names(user_agent)
    return f"{browser or 'A browser'} on {system}" if system else browser or "A browser"


def family(user_agent: str) -> str:
    """The names alone, which are the same in every language: "Firefox, Windows"; "" for none."""
    return ", ".join(filter(None, _names(user_agent)))


def _names(user_agent: str) -> tuple[str, str]:
    return (
        next((name for mark, name in _BROWSERS if mark in user_agent), ""),
        next((name for mark, name in _SYSTEMS if mark in user_agent), ""),
    )
