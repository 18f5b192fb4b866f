"""Decide which requests to send: breadth first from a page, dangerous addresses last."""

from __future__ import annotations

import re
import time
from collections import Counter, deque
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from ..messages import BROWSER, NoResponse, Request, Response
from ..options import CompareError
from ..pages import Form, Page, read_html, read_page
from .addresses import is_risky, pattern_of, resolve
from .filling import as_request, fields_of, fillings
from .probes import probes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ..messages import Step

MAX_REDIRECTS = 10
MAX_OF_A_PATTERN = 12  # addresses that differ in numbers only, such as the months of a calendar
MAX_OF_AN_ENDPOINT = 40
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_LOGIN = re.compile(r"\s*(?P<method>[A-Za-z]+)\s+(?P<target>/\S*)(?:\s+(?P<fields>\S+))?\s*")


class Walk:
    """Requests the pages of a program.

    :param exchange: sends a request to each side, and returns the step.
    :param sides: the names of the sides; the page of the first one decides what is requested.
    :param skip: regular expressions of targets that are not requested.
    :param endpoint_of: the endpoint of a method and target.
    :param targets: addresses that no page links to.
    """

    def __init__(
        self,
        exchange: Callable[[str, Mapping[str, Request]], Step],
        sides: Sequence[str],
        *,
        start: str = "/",
        targets: Iterable[str] = (),
        skip: Iterable[str] = (),
        host: str = "localhost",
        max_requests: int = 500,
        seconds: float = 60.0,
        endpoint_of: Callable[[str, str], str] = lambda method, target: "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.exchange = exchange
        self.sides = sides
        self.host = host
        self.skip = [re.compile(one) for one in skip]
        self.max_requests = max_requests
        self.endpoint_of = endpoint_of
        self.clock = clock
        self.ends_at = clock() + seconds
        self.count = 0
        self.left_out: Counter[str] = Counter()
        self._first, self._risky = deque[Any](), deque[Any]()
        self._known: set[str] = set()
        self._patterns: Counter[str] = Counter()
        self._endpoints: Counter[str] = Counter()
        self._forms: set[tuple[object, ...]] = set()
        self._browser = BROWSER
        for target in (start, *targets):
            self._add_page("the start" if target == start else "the URL map", self._all(target))

    def run(self) -> None:
        """Send requests until there are no more, or a limit is reached."""
        while (self._first or self._risky) and not self.is_over():
            (self._first or self._risky).popleft()()

    def is_over(self) -> bool:
        """Whether the limit of requests or of time is reached."""
        return self.count >= self.max_requests or self.clock() >= self.ends_at

    def login(self, text: str) -> Step:
        """Send the form of ``--login``, with the hidden fields of the page at its address."""
        request, given = parse_login(text)
        step = self.send("--login, its page", self._get(self._all(request.target)))
        requests = {}
        for side in self.sides:
            fields = _filled(self._page(step, side), request, self.host, given)
            form = Form(request.target, request.method)
            requests[side] = as_request(form, request.target, fields, self._posted(request.target))
        return self._follow("--login", requests)

    def send(self, origin: str, requests: Mapping[str, Request]) -> Step:
        """Send one request to each side."""
        self.count += 1
        return self.exchange(origin, requests)

    def add_file(self, name: str, html: bytes) -> None:
        """Queue the forms of an HTML file beside the program that lead to this machine."""
        for number, form in enumerate(read_html(html).forms):
            parts = urlsplit(form.action)
            if parts.hostname not in _THIS_MACHINE:
                continue
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            for what, fields in fillings(form):
                request = as_request(form, target, fields, self._browser)
                origin = f"form {number + 1} in {name}: {what}"
                self._first.append(
                    partial(self._follow, origin, dict.fromkeys(self.sides, request))
                )

    def _all(self, target: str) -> dict[str, str]:
        return dict.fromkeys(self.sides, target)

    def _get(self, targets: Mapping[str, str]) -> dict[str, Request]:
        return {side: Request("GET", target, self._browser) for side, target in targets.items()}

    def _posted(self, page: str) -> tuple[tuple[str, str], ...]:
        """The header fields that a browser adds to a form of the same site."""
        origin = f"http://{self.host}"
        return (
            *self._browser,
            ("Origin", origin),
            ("Referer", f"{origin}{page}"),
            ("Sec-Fetch-Site", "same-origin"),
            ("Sec-Fetch-Mode", "navigate"),
        )

    def _page(self, step: Step, side: str) -> Page:
        outcome = step.outcomes[side]
        return Page() if isinstance(outcome, NoResponse) else read_page(outcome)

    def _add_page(self, origin: str, targets: Mapping[str, str]) -> None:
        target = targets[self.sides[0]]
        if target in self._known or any(one.search(target) for one in self.skip):
            return
        self._known.add(target)
        pattern, endpoint = pattern_of(target), self.endpoint_of("GET", target)
        self._patterns[pattern] += 1
        self._endpoints[endpoint] += 1
        is_static = endpoint == "static" or endpoint.endswith(".static")
        most = MAX_OF_A_PATTERN if is_static else MAX_OF_AN_ENDPOINT
        if self._patterns[pattern] > MAX_OF_A_PATTERN or (
            endpoint and self._endpoints[endpoint] > most
        ):
            self.left_out[endpoint or pattern] += 1
            return
        queue = self._risky if is_risky(target) else self._first
        queue.append(lambda: self._visit(origin, dict(targets)))

    def _visit(self, origin: str, targets: dict[str, str]) -> None:
        step = self._follow(origin, self._get(targets))
        first = targets[self.sides[0]]
        is_answered = not any(isinstance(one, NoResponse) for one in step.outcomes.values())
        if is_answered and not self.is_over():
            self._first.append(lambda: self._probe(first, targets, step))

    def _follow(self, origin: str, requests: Mapping[str, Request]) -> Step:
        """Send a request, and follow redirects; returns the first step.

        Links and forms of each response are queued.
        """
        first = step = self.send(origin, requests)
        for _ in range(MAX_REDIRECTS):
            self._read(step)
            targets = self._redirected(step)
            if targets is None or self.is_over():
                break
            target = targets[self.sides[0]]
            if any(one.search(target) for one in self.skip):
                break
            self._known.add(target)
            origin = f"the redirect of {_line(step.requests[self.sides[0]])}"
            step = self.send(origin, self._get(targets))
        return first

    def _redirected(self, step: Step) -> dict[str, str] | None:
        """The address of each side's redirect, if the first side redirects to this program."""
        found: dict[str, str] = {}
        for side in self.sides:
            outcome = step.outcomes[side]
            page = step.requests[side].target
            location = None
            if isinstance(outcome, Response) and 300 <= outcome.status < 400:
                location = outcome.get("Location")
            target = resolve(location, page, self.host) if location is not None else None
            if target is not None:
                found[side] = target
        first = found.get(self.sides[0])
        return None if first is None else {**self._all(first), **found}

    def _read(self, step: Step) -> None:
        """Queue the links and forms of a page."""
        pages = {side: self._page(step, side) for side in self.sides}
        place = step.requests[self.sides[0]].target
        origin = f"a link on {place}"
        for number, _ in enumerate(pages[self.sides[0]].links):
            targets = self._targets(pages, step, _link(number))
            if targets is not None:
                self._add_page(origin, targets)
        for number, form in enumerate(pages[self.sides[0]].forms):
            self._add_form(pages, step, number, form)

    def _targets(
        self, pages: Mapping[str, Page], step: Step, pick: Callable[[Page], str]
    ) -> dict[str, str] | None:
        """The addresses at one place of the page of each side; by default the first side's."""
        found: dict[str, str] = {}
        sizes = {(len(page.links), len(page.forms)) for page in pages.values()}
        for side, page in pages.items():
            if side != self.sides[0] and len(sizes) > 1:
                continue
            target = resolve(pick(page), step.requests[side].target, self.host, page.base)
            if target is not None:
                found[side] = target
        first = found.get(self.sides[0])
        return None if first is None else {**self._all(first), **found}

    def _add_form(self, pages: Mapping[str, Page], step: Step, number: int, form: Form) -> None:
        targets = self._targets(pages, step, lambda page: page.forms[number].action or _own(step))
        if targets is None or any(one.search(targets[self.sides[0]]) for one in self.skip):
            return
        target = targets[self.sides[0]]
        names = tuple((one.name, one.kind) for one in form.controls)
        key = (form.method, pattern_of(target).partition("?")[0], names)
        if key in self._forms:
            return
        self._forms.add(key)
        queue = self._risky if is_risky(target) else self._first
        page = step.requests[self.sides[0]].target
        for description, _ in fillings(form):
            queue.append(lambda what=description: self._submit(page, number, what, step.requests))

    def _submit(self, page: str, number: int, what: str, requests: Mapping[str, Request]) -> None:
        """Request the page again, for fresh hidden fields, and send its form."""
        step = self.send(f"the form on {page}, its page", dict(requests))
        pages = {side: self._page(step, side) for side in self.sides}
        if any(number >= len(one.forms) for one in pages.values()):
            return
        targets = self._targets(pages, step, lambda one: one.forms[number].action or _own(step))
        if targets is None:
            return
        sent = {}
        for side, one in pages.items():
            form = one.forms[number]
            fields = dict(fillings(form)).get(what) or fields_of(form)
            sent[side] = as_request(form, targets[side], fields, self._posted(page))
        self._follow(f"the form on {page}: {what}", sent)

    def _probe(self, first: str, targets: Mapping[str, str], step: Step) -> None:
        """Send the further requests for an address."""
        allowed = step
        for what, request_for in probes(first, self._browser):
            if self.is_over():
                return
            given = allowed if what.startswith("a method") else step
            requests = {}
            for side in self.sides:
                made = request_for(given.outcomes[side])
                if made is not None:
                    requests[side] = Request(made.method, targets[side], made.fields)
            if len(requests) == len(self.sides):
                sent = self.send(f"{what} for {first}", requests)
                allowed = sent if what == "OPTIONS" else allowed


def _link(number: int) -> Callable[[Page], str]:
    return lambda page: page.links[number]


def _own(step: Step) -> str:
    """The address of a page, to which a form without an action is sent."""
    return next(iter(step.requests.values())).target


def _line(request: Request) -> str:
    return f"{request.method} {request.target}"


def _filled(page: Page, request: Request, host: str, given: list[tuple[str, str]]) -> list[Any]:
    """The given fields, and the hidden ones of the form with this address."""
    forms = [one for one in page.forms if one.method == request.method]
    names = {name for name, _ in given}
    form = max(forms, key=lambda one: len(names & {c.name for c in one.controls}), default=None)
    hidden = [] if form is None else [c for c in form.controls if c.is_hidden and c.name]
    return [*((c.name, c.value) for c in hidden if c.name not in names), *given]


def check_patterns(patterns: Iterable[str]) -> None:
    """Check the values of ``--skip``.

    :raises CompareError: if one is no regular expression.
    """
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise CompareError(f"--skip {pattern!r} is no regular expression: {error}.") from None


def parse_login(text: str) -> tuple[Request, list[tuple[str, str]]]:
    """The request and the fields of ``POST /login name=ada&password=x``.

    :raises CompareError: if the text is not of this form.
    """
    found = _LOGIN.fullmatch(text)
    if found is None:
        raise CompareError(
            f"--login {text!r}: write the method, the path and the fields, such as"
            " 'POST /login name=ada&password=x'."
        )
    fields = parse_qsl(found["fields"] or "", keep_blank_values=True)
    return Request(found["method"].upper(), found["target"]), fields
