"""The files of a mail. A mail is frozen with what to draw, and its files are drawn as it leaves.

A ticket would otherwise be drawn inside the sale, and its code would stay in the outbox. What is
drawn from the same facts is the same bytes, so that every try hands over the same mail. The package
that knows what a kind of file is draws it; this one carries it. Pure.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from upstage_crm.core.errors import Conflict, Invalid

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+(?:; [a-z]+=[A-Za-z0-9-]+)*")


class FileInvalid(Invalid):
    """A file's name or media type could end a header. Facts: `name`, of the part, never its value.

    Our own mistake: both are ours.
    """

    code = "mail_file_invalid"


class FileNotDrawn(Conflict):
    """A frozen file cannot be drawn any longer, or by this process. Facts: `kind`."""

    code = "mail_file_not_drawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A file as what to draw: `facts` are plain JSON values that say all of it.

    No secret is among them: what a code is signed with is added when the file is drawn.
    """

    kind: str
    name: str
    facts: Mapping[str, Any]

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise FileInvalid(name="name")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFile:
    """A file as it leaves."""

    name: str
    media_type: str
    content: bytes

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise FileInvalid(name="name")
        if not _MEDIA_TYPE.fullmatch(self.media_type):
            raise FileInvalid(name="media_type")

    def params(self) -> dict[str, str]:
        """The file as the provider takes it."""
        return {
            "content": base64.b64encode(self.content).decode("ascii"),
            "content_type": self.media_type,
            "filename": self.name,
        }


Draw = Callable[[Drawing], MailFile]
"""Draws one file; raises FileNotDrawn for one that it cannot."""


def draws_nothing(drawing: Drawing) -> MailFile:
    """The drawer of a process whose mails have no files.

    Raises:
        FileNotDrawn: always.
    """
    raise FileNotDrawn(kind=drawing.kind)
