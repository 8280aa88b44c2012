"""Where the browser is, known to the browser alone: it is true before the server hears of it."""

from typing import Final, cast

import reflex as rx
from reflex_base.utils.imports import ImportVar
from reflex_base.vars.base import VarData


def _location(expression: str) -> rx.Var[str]:
    made = rx.Var(
        expression,
        _var_type=str,
        _var_data=VarData(
            # While the code of another page is fetched, the browser is on its way there already.
            hooks={
                "const upstageLocation = useLocation()": None,
                "const upstageHere = useNavigation().location ?? upstageLocation": None,
            },
            imports={
                "react-router": [ImportVar(tag="useLocation"), ImportVar(tag="useNavigation")]
            },
        ),
    )
    return cast("rx.Var[str]", made)


HERE_PATH: Final = _location("upstageHere.pathname")
"""The path of the address that the browser shows."""

HERE: Final = _location("(upstageHere.pathname + upstageHere.search)")
"""The same with the query."""


def with_this_query(path: str) -> rx.Var[str]:
    """Return another path of ours with the query of the address that the browser shows."""
    return _location(f'("{path}" + upstageHere.search)')
