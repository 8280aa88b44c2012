"""The words of the door and of printing."""

from __future__ import annotations

from collections.abc import Mapping

DOOR_SENTENCES: Mapping[str, str] = {
    "script_not_printable": (
        "This printer has no letters for some of the words. Print the page of the browser instead."
    ),
    "mail_file_invalid": "A file of an email cannot be attached under this name.",
    "mail_file_not_drawn": "A file of this email can no longer be made.",
    "not_printed": ("The printer did not say that it printed. Look at its paper, then try again."),
}
