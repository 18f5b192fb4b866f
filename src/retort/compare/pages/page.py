"""The links and forms of a page; addresses are as they are written."""

from __future__ import annotations

from dataclasses import dataclass, field

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
PLAIN = "text/plain"


@dataclass
class Control:
    """One control of a form.

    :param kind: the type of an ``input``, or ``select``, ``textarea``, or that of a ``button``.
    :param attrs: its attributes.
    :param options: the values of a ``select``, without the disabled ones.
    :param selected: the places in ``options`` that the page selects.
    :param is_on: whether a checkbox or radio button is checked.
    """

    name: str
    kind: str
    value: str = ""
    attrs: dict[str, str] = field(default_factory=dict)
    options: list[str] = field(default_factory=list)
    selected: list[int] = field(default_factory=list)
    is_on: bool = False

    @property
    def is_hidden(self) -> bool:
        """Whether its value comes from the page."""
        return self.kind == "hidden"

    @property
    def is_button(self) -> bool:
        """Whether only a click on it sends its name."""
        return self.kind in ("submit", "image", "button", "reset")

    @property
    def submits(self) -> bool:
        """Whether a click on it sends the form."""
        return self.kind in ("submit", "image")


@dataclass(frozen=True)
class Button:
    """How a form is sent by one of its buttons.

    :param control: the button; ``None`` if the form has none, and is sent by the Enter key.
    """

    control: Control | None
    action: str
    method: str
    encoding: str


@dataclass
class Form:
    """A form, with its controls in their order."""

    action: str
    method: str = "GET"
    encoding: str = URLENCODED
    controls: list[Control] = field(default_factory=list)
    id: str = ""

    def buttons(self) -> list[Button]:
        """The different ways to send the form, by its buttons; the first one is the default."""
        found = [self._button(control) for control in self.controls if control.submits]
        unnamed: set[tuple[str, ...]] = set()
        different = []
        for button in found or [Button(None, self.action, self.method, self.encoding)]:
            control = button.control
            if control is None or not (control.name or control.kind == "image"):
                key = (button.action, button.method, button.encoding)
                if key in unnamed:
                    continue
                unnamed.add(key)
            different.append(button)
        return [one for one in different if one.method != "DIALOG"]

    def _button(self, control: Control) -> Button:
        attrs = control.attrs
        method = method_of(attrs["formmethod"]) if "formmethod" in attrs else self.method
        encoding = encoding_of(attrs["formenctype"]) if "formenctype" in attrs else self.encoding
        return Button(control, attrs.get("formaction", "").strip() or self.action, method, encoding)


@dataclass
class Page:
    """What a page leads to.

    :param base: the address that ``<base>`` sets; empty if there is none.
    :param is_cut: whether only its beginning was read.
    """

    links: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    base: str = ""
    is_cut: bool = False


def method_of(text: str) -> str:
    """The method that an attribute names; GET if it is unknown (HTML, "form-submission")."""
    method = text.strip().upper()
    return method if method in ("POST", "DIALOG") else "GET"


def encoding_of(text: str) -> str:
    """The encoding that an attribute names; urlencoded if it is unknown."""
    encoding = text.strip().lower()
    return encoding if encoding in (MULTIPART, PLAIN) else URLENCODED
