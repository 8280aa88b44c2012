"""What an attacker who knows the protocol says over the websocket.

Everything is drawn from a seed, so that what failed once fails again. Values are written as JSON
text, because JSON can say more than Python's writer would: numbers that are none, a key twice,
half a character, depths that no reader survives.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from upstage_crm.web.environment import SOCKET_MESSAGE_LIMIT

T = TypeVar("T")

_TEXTS = (
    "",
    " ",
    "x",
    "email",
    "phone",
    "approve",
    "true",
    "0",
    "-1",
    "/patrons/",
    "K7-2FQ",
    "\0",
    "\x1b[31m",
    "\u202egnp.exe",
    "\ud800",
    "ok \udfff\ud800",
    "a\r\nSet-Cookie: a=b",
    "' OR 1=1 --",
    "{{7*7}}${7*7}%s%n",
    "<script>alert(1)</script>",
    "../../../../etc/passwd",
    "%2e%2e%2f%00",
    "__class__",
    "_member",
    "constructor",
    "\N{PILE OF POO}" * 9,
    "TypeError: Cannot read properties of null",
    "[bold]x[/nothing]",
)
_NUMBERS = (
    "0",
    "-0",
    "-1",
    "1",
    "0.1",
    "1e999",
    "-1e999",
    "NaN",
    "Infinity",
    "-Infinity",
    "2147483648",
    "9223372036854775808",
    "1" + "0" * 60,
)
_ODD_KEYS = ("", "x", "form", "self", "state", "__init__", "\ud800", "*", "0", "email", "comment")
_COUNTS = ("0", "1", "-1", "2147483648", "9223372036854775808", "1e308", "1" + "0" * 60, "0.5")
_FIELDS = (
    "email",
    "phone",
    "given_name",
    "family_name",
    "street",
    "reason",
    "words",
    "note",
    "method",
    "comment",
    "answer",
    "code",
    "name",
    "language",
    "time_zone",
    "\0",
)
_PATHS = ("/", "/patrons/", "/patrons/{number}/", "/requests/", "/requests/{reference}/")
_MORE_PATHS = ("/mailbox/", "/mailbox/gallery/", "/audit/", "/settings/", "/sign-in/", "/confirm/")
_ODD_PATHS = ("", "patrons", "//patrons//", "/patrons/../audit/", "/%00", "/nowhere/", "http://[")
_ENVELOPE = ("name", "payload", "router_data", "token", "substate_token", "client_state", "x")
_SPACES = (
    "/",
    "/_event",
    "/_event/",
    "/admin",
    "/_EVENT",
    "",
    "/\N{PILE OF POO}",
    "/_event?token=x",
)


class Hostile:
    """Draws messages. `handlers` gives the arguments of every handler that there is, by name."""

    def __init__(
        self, seed: int, handlers: Mapping[str, Sequence[str]], *, number: int, reference: str
    ) -> None:
        self._dice = random.Random(seed)
        self._handlers = {name: tuple(own) for name, own in handlers.items()}
        self._names = sorted(handlers)
        self._known = {"number": str(number), "reference": reference}

    def event(self) -> str:
        """A message in the shape of an event: mostly a real handler with arguments of its own.

        It is no longer than the server reads: what is longer ends the connection.
        """
        while len(made := self._event()) > SOCKET_MESSAGE_LIMIT:
            pass
        return made

    def _event(self) -> str:
        weights = (70, 10, 8, 7, 5)
        made = self._one_of(
            weights,
            self._called,
            self._called_wrongly,
            self._renamed,
            self._unshaped,
            self._message,
        )
        return f"42/_event,{made}"

    def junk(self) -> str:
        """A text that is no message of the protocol, or one of its rarer ones."""
        return self._one_of(
            (3, 3, 2, 2, 1), self._elsewhere, self._attached, self._cut, self._noise, self._opening
        )

    def binary(self) -> bytes:
        """What is sent in a binary frame."""
        return self._dice.randbytes(self._dice.choice((0, 1, 3, 64, 3_000)))

    def value(self, room: int = 3) -> str:
        """Any JSON value, and some that only pretend to be one; at most `room` levels deep."""
        if room == 0 or self._dice.random() < 0.6:
            return self._one_of((6, 3, 2, 1), self._text, self._number, self._word, self._huge)
        return self._one_of(
            (3, 4, 1), lambda: self._list(room), lambda: self._dict(room), self._deep
        )

    # --- events ---------------------------------------------------------------------------------

    def _called(self) -> str:
        name = self._pick(self._names)
        given = {own: self._argument() for own in self._handlers[name]}
        return self._wrapped(json.dumps(name), given, self._router())

    def _called_wrongly(self) -> str:
        """Arguments are missing, or there are more, and the page may be any or none."""
        name = self._pick(self._names)
        given = {own: self.value() for own in self._handlers[name] if self._dice.random() < 0.5}
        given |= {self._pick(_ODD_KEYS): self.value() for _ in range(self._dice.randrange(3))}
        return self._wrapped(json.dumps(name), given, self.value(2))

    def _renamed(self) -> str:
        name = self._pick(self._names)
        parent, _, last = name.rpartition(".")
        other = self._pick(
            (
                name.upper(),
                last,
                f"{parent}.",
                f"{name}.{last}",
                f"{parent}.__init__",
                f"{parent}.reset",
                f"{parent}.setvar",
                f"{parent}._show",
                f"{parent}\0.{last}",
                f"{parent}.{last}\ud800",
                f" {name}",
                "reflex___state____state.hydrate",
                "reflex___state____state.update_vars_internal",
                "x" * self._dice.randrange(2_000),
            )
        )
        given = {"var_name": '"organisation"', "value": self.value(), "vars": self.value()}
        return self._wrapped(json.dumps(other), given, self._router())

    def _unshaped(self) -> str:
        parts = {key: self.value() for key in _ENVELOPE if self._dice.random() < 0.6}
        if self._dice.random() < 0.5:
            parts["name"] = json.dumps(self._pick(self._names))
        return f'["event",{_object(parts)}]'

    def _message(self) -> str:
        name = self._pick(("event", "ping", "client_error", "connect", "disconnect", "emit", ""))
        given = ",".join(self.value() for _ in range(self._dice.randrange(3)))
        return f"[{json.dumps(name)}{',' if given else ''}{given}]"

    def _wrapped(self, name: str, payload: Mapping[str, str], router: str) -> str:
        return f'["event",{{"name":{name},"payload":{_object(payload)},"router_data":{router}}}]'

    def _router(self) -> str:
        if self._dice.random() < 0.1:
            parts = {key: self.value(1) for key in ("pathname", "asPath", "query", "headers", "ip")}
            return _object(parts)
        path = self._pick((*_PATHS, *_MORE_PATHS, *_ODD_PATHS))
        shown = path.replace("{number}", "[number]").replace("{reference}", "[reference]")
        asked = "" if self._dice.random() < 0.7 else f"?{self._pick(_TEXTS)}={self._pick(_TEXTS)}"
        return json.dumps({"pathname": shown, "asPath": path.format(**self._known) + asked})

    def _argument(self) -> str:
        """What passes for an argument more often than not, so that it gets past the first door."""
        if self._dice.random() < 0.2:
            return self.value()
        return self._one_of(
            (5, 2, 2, 3), self._text, self._word, lambda: self._pick(_COUNTS), self._form
        )

    def _form(self) -> str:
        fields = [self._pick(_FIELDS) for _ in range(self._dice.randrange(8))]
        return _object({field: self._one_of((6, 1), self._text, self._word) for field in fields})

    # --- what is no event -----------------------------------------------------------------------

    def _elsewhere(self) -> str:
        """A right message for a namespace that is not there, or one that was never joined."""
        space = self._pick(_SPACES)
        return f"4{self._dice.randrange(7)}{space},{self._called()}"

    def _attached(self) -> str:
        """It says that binary parts follow; they do not."""
        count = self._pick(("1", "0", "7", "-1", "99999999999999999999", ""))
        number = self._pick(("0", "1", "-1", "NaN", '"0"', "{}"))
        place = _object({"_placeholder": "true", "num": number})
        return f'4{self._pick("56")}{count}-/_event,["event",{place}]'

    def _cut(self) -> str:
        whole = self.event()
        return whole[: self._dice.randrange(len(whole))]

    def _noise(self) -> str:
        letters = '0123456789b{}[],"-/_\0é\N{PILE OF POO}'
        return "".join(self._dice.choices(letters, k=self._dice.randrange(1, 60)))

    def _opening(self) -> str:
        return f"40/_event,{self.value()}"

    # --- values ---------------------------------------------------------------------------------

    def _text(self) -> str:
        return json.dumps(self._pick(_TEXTS))

    def _number(self) -> str:
        return self._pick(_NUMBERS)

    def _word(self) -> str:
        return self._pick(("null", "true", "false", "{}", "[]", '""'))

    def _huge(self) -> str:
        length = self._pick((300, 3_000, 20_000))
        return self._pick((json.dumps("A" * length), json.dumps("é" * length), "9" * length))

    def _list(self, room: int) -> str:
        return f"[{','.join(self.value(room - 1) for _ in range(self._dice.randrange(4)))}]"

    def _dict(self, room: int) -> str:
        pairs = [
            f"{json.dumps(self._pick(_ODD_KEYS))}:{self.value(room - 1)}"
            for _ in range(self._dice.randrange(4))
        ]
        return "{" + ",".join(pairs) + "}"  # a key may stand there twice

    def _deep(self) -> str:
        """From harmless to just below and far above what a reader or a writer survives."""
        depth = self._pick((20, 200, 900, 960, 980, 990, 995, 3_000))
        before, after = self._pick((("[", "]"), ('{"a":', "}")))
        return f"{before * depth}0{after * depth}"

    # --- dice -----------------------------------------------------------------------------------

    def _pick(self, choices: Sequence[T]) -> T:
        return self._dice.choice(choices)

    def _one_of(self, weights: Sequence[int], *ways: Callable[[], str]) -> str:
        return self._dice.choices(ways, weights)[0]()


def _object(parts: Mapping[str, str]) -> str:
    return "{" + ",".join(f"{json.dumps(key)}:{value}" for key, value in parts.items()) + "}"
