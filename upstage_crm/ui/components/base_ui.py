"""The parts of Base UI that the kit wraps: behaviour without looks.

Base UI brings focus keeping, Escape, roving focus and ARIA; the looks are our classes. It loads
only on pages that use one of `dialog`, `menu`, `tabs` and `tooltip`; the patron page uses none.
"""

from typing import Any, ClassVar, Final

import reflex as rx
from reflex_base.components.component import field
from reflex_base.event import passthrough_event_spec
from reflex_base.utils.imports import ImportVar

PACKAGE: Final = "@base-ui/react@1.9.0"


class BaseUiPart(rx.Component):
    """One part of a Base UI component; the module it lives in follows from its tag."""

    lib_dependencies: list[str] = field(default_factory=lambda: [PACKAGE])

    render_: rx.Var[rx.Component]
    """The element to draw the part as; Python's `render` is the component's own method."""

    _rename_props: ClassVar[dict[str, str]] = {"render_": "render"}

    @property
    def import_var(self) -> ImportVar:
        """The namespace (`Dialog`), from the part's own module so that others stay out."""
        return ImportVar(tag=str(self.tag).partition(".")[0], install=False)


class DialogRoot(BaseUiPart):
    """Holds a dialog's state; draws nothing."""

    library = "@base-ui/react/dialog"
    tag = "Dialog.Root"

    open: rx.Var[bool]
    default_open: rx.Var[bool]
    on_open_change: rx.EventHandler[passthrough_event_spec(bool)]


class DialogPart(BaseUiPart):
    """Any other part of a dialog."""

    library = "@base-ui/react/dialog"


class MenuRoot(BaseUiPart):
    """Holds a menu's state; draws nothing."""

    library = "@base-ui/react/menu"
    tag = "Menu.Root"

    modal: rx.Var[bool]
    default_open: rx.Var[bool]


class MenuPart(BaseUiPart):
    """Any other part of a menu."""

    library = "@base-ui/react/menu"

    align: rx.Var[str]
    side_offset: rx.Var[int]
    disabled: rx.Var[bool]
    close_on_click: rx.Var[bool]
    container: rx.Var[Any]


class TabsRoot(BaseUiPart):
    """Holds which tab is open."""

    library = "@base-ui/react/tabs"
    tag = "Tabs.Root"

    value: rx.Var[str]
    default_value: rx.Var[str]
    on_value_change: rx.EventHandler[passthrough_event_spec(str)]


class TabsPart(BaseUiPart):
    """Any other part of tabs."""

    library = "@base-ui/react/tabs"

    value: rx.Var[str]
    activate_on_focus: rx.Var[bool]


class TooltipPart(BaseUiPart):
    """Any part of a tooltip."""

    library = "@base-ui/react/tooltip"

    delay: rx.Var[int]
    side_offset: rx.Var[int]


def part(kind: type[BaseUiPart], tag: str, *children: Any, **props: Any) -> rx.Component:
    """Return one part by its tag (`Dialog.Popup`)."""
    made = kind.create(*children, **props)
    made.tag = tag
    return made
