"""Send the forms of pages: each filling once, with the hidden fields of the side's own page."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..pages import read_html
from .addresses import is_risky, pattern_of, resolve
from .filling import GOOD, as_request, fillings
from .places import key_of, same_forms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..messages import Request, Step
    from ..pages import Button, Form, Page
    from .walk import Walk

_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


class Forms:
    """The forms that were found by a walk.

    :param walk: queues and sends the requests.
    """

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.posted: set[str] = set()  # the paths that a form was sent to by POST
        self._known: set[tuple[object, ...]] = set()

    def add(self, step: Step) -> None:
        """Queue the forms of a page that are new; the order of their fields counts."""
        pages = self.walk.pages.of(step)
        first = pages[self.walk.sides[0]]
        here = step.requests[self.walk.sides[0]].target
        own = {side: same_forms(first, page) for side, page in pages.items()}
        for number, form in enumerate(first.forms):
            target = self._target(form.buttons()[0], here, first)
            key = (*key_of(form), pattern_of(target or "").partition("?")[0])
            if target is None or key in self._known:
                continue
            self._known.add(key)
            forms = {side: own[side].get(number, form) for side in self.walk.sides}
            self._add_fillings(form, _Found(step, number, forms, dict(pages)))

    def add_file(self, name: str, html: bytes) -> None:
        """Queue the forms of an HTML file that lead to this machine."""
        for number, form in enumerate(read_html(html).forms, 1):
            for what, (button, fields) in fillings(form).items():
                parts = urlsplit(button.action)
                if parts.hostname not in _THIS_MACHINE:
                    continue
                target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                request = as_request(button, target, fields, self.walk.browser)
                requests = dict.fromkeys(self.walk.sides, request)
                origin = f"form {number} in {name}: {what}"
                self.walk.add(partial(self._send, origin, requests), is_risky=is_risky(target))

    def _add_fillings(self, form: Form, found: _Found) -> None:
        for what, (button, _) in fillings(form).items():
            control = button.control
            words = button.action if control is None else f"{button.action} {control.value}"
            self.walk.add(partial(self._submit, found, what), is_risky=is_risky(words))

    def _submit(self, found: _Found, what: str) -> None:
        """Send a form; its page is requested again if hidden fields have to be fresh."""
        walk = self.walk
        page = found.step.requests[walk.sides[0]].target
        if any(one.is_hidden for one in found.forms[walk.sides[0]].controls):
            step = walk.send(f"the form on {page}, its page", dict(found.step.requests))
            found = found.fresh(step, walk.pages.of(step))
        requests = {}
        for side, form in found.forms.items():
            filled = fillings(form)
            button, fields = filled.get(what) or filled[GOOD]
            here = found.step.requests[side].target
            target = self._target(button, here, found.pages[side])
            if target is not None:
                more = walk.posted_from(here)
                requests[side] = as_request(button, target, fields, more)
        first = requests.get(walk.sides[0])
        if first is not None and not walk.is_over():
            every = {**dict.fromkeys(walk.sides, first), **requests}
            self._send(f"the form on {page}: {what}", every)

    def _send(self, origin: str, requests: Mapping[str, Request]) -> None:
        first = requests[self.walk.sides[0]]
        if self.walk.skips(first.target):
            return
        if first.method == "POST":
            self.posted.add(first.path)
        self.walk.follow(origin, requests)

    def _target(self, button: Button, here: str, page: Page) -> str | None:
        """Where a button leads; a form without an action is sent to the address of its page."""
        if not button.action:
            return here
        return resolve(button.action, here, self.walk.host, page.base)


class _Found:
    """A form in the pages of all sides."""

    def __init__(
        self, step: Step, number: int, forms: dict[str, Form], pages: dict[str, Page]
    ) -> None:
        self.step = step
        self.number = number
        self.forms = forms
        self.pages = pages

    def fresh(self, step: Step, pages: Mapping[str, Page]) -> _Found:
        """The same form in newer pages; where one lacks it now, in the older page."""
        forms, bases = dict(self.forms), dict(self.pages)
        for side, page in pages.items():
            key = key_of(self.forms[side])
            same = [one for one in page.forms if key_of(one) == key]
            earlier = [one for one in self.pages[side].forms if key_of(one) == key]
            if same:
                place = next((n for n, one in enumerate(earlier) if one is self.forms[side]), 0)
                forms[side], bases[side] = same[min(place, len(same) - 1)], page
        return _Found(step, self.number, forms, bases)
