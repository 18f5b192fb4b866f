"""Decide which requests to send: breadth first from a page, dangerous addresses last.

`forms` sends the forms, `probes` has the further requests for an address.
"""

from __future__ import annotations

import re
import time
from collections import Counter, deque
from functools import partial
from typing import TYPE_CHECKING, Any

from ..messages import BROWSER, Request, Response
from ..pages import Button
from .addresses import is_risky, pattern_of, resolve
from .filling import as_request
from .forms import Forms
from .login import login_fields, parse_login
from .places import Pages, same_links
from .probes import ALLOWED, empty_posts, probes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ..messages import Fields, Outcome, Step

MAX_REDIRECTS = 10
MAX_OF_A_PATTERN = 12  # addresses that differ in numbers only, such as the months of a calendar
MAX_OF_AN_ENDPOINT = 40
_KEEPS_METHOD = (307, 308)


class Walk:
    """Requests the pages of a program.

    :param exchange: sends a request to each side, and returns the step.
    :param sides: the names of the sides; the page of the first one decides what is requested.
    :param targets: addresses that no page links to.
    :param post_targets: addresses that accept POST; those that no form leads to get an empty one
        and one with an empty JSON object.
    :param skip: regular expressions of targets that are not requested.
    :param max_requests: to each side.
    :param seconds: of the clock.
    :param endpoint_of: the endpoint of a method and target.
    """

    def __init__(
        self,
        exchange: Callable[[str, Mapping[str, Request]], Step],
        sides: Sequence[str],
        *,
        start: str = "/",
        targets: Iterable[str] = (),
        post_targets: Iterable[str] = (),
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
        self.notes: list[str] = []
        self.pages = Pages()
        self.forms = Forms(self)
        self.browser = BROWSER
        self._first, self._unlinked, self._risky = deque[Any](), deque[Any](), deque[Any]()
        self._known: set[str] = set()
        self._patterns: Counter[str] = Counter()
        self._endpoints: Counter[str] = Counter()
        for target in (start, *targets):
            self._add_page("the start" if target == start else "the URL map", self._all(target))
        for target in post_targets:
            if not self.skips(target):
                queue = self._risky if is_risky(target) else self._unlinked
                queue.append(partial(self._post, target))

    def run(self) -> None:
        """Send requests until there are no more, or a limit is reached."""
        while (self._first or self._unlinked or self._risky) and not self.is_over():
            (self._first or self._unlinked or self._risky).popleft()()

    def is_over(self) -> bool:
        """Whether the limit of requests or of time is reached."""
        return self.count >= self.max_requests or self.clock() >= self.ends_at

    def skips(self, target: str) -> bool:
        """Whether ``--skip`` leaves out an address."""
        return any(one.search(target) for one in self.skip)

    def add(self, action: Callable[[], object], *, is_risky: bool) -> None:
        """Queue an action that sends requests."""
        (self._risky if is_risky else self._first).append(action)

    def add_file(self, name: str, html: bytes) -> None:
        """Queue the forms of an HTML file beside the program that lead to this machine."""
        self.forms.add_file(name, html)

    def login(self, text: str) -> Step:
        """Send the form of ``--login``, with the hidden fields of the page at its address."""
        request, given = parse_login(text)
        step = self.send("--login, its page", self._get(self._all(request.target)))
        requests = {}
        for side, page in self.pages.of(step).items():
            encoding, fields = login_fields(page, request.method, given)
            button = Button(None, request.target, request.method, encoding)
            more = self.posted_from(request.target)
            requests[side] = as_request(button, request.target, fields, more)
        return self.follow("--login", requests)

    def send(self, origin: str, requests: Mapping[str, Request]) -> Step:
        """Send one request to each side."""
        self.count += 1
        return self.exchange(origin, requests)

    def follow(self, origin: str, requests: Mapping[str, Request]) -> Step:
        """Send a request, and follow redirects; returns the first step.

        Links and forms of the last response are queued. A redirect to a dangerous address is queued
        as a link is; one to a new address is followed by the further requests for it.
        """
        first = step = self.send(origin, requests)
        for _ in range(MAX_REDIRECTS):
            targets = self._redirected(step)
            if targets is None:
                self._read(step)
                break
            if self.is_over() or self.skips(targets[self.sides[0]]):
                break
            request = step.requests[self.sides[0]]
            origin = f"the redirect of {request.method} {request.target}"
            if is_risky(targets[self.sides[0]]):
                self._add_page(origin, targets)
                break
            step = self._redirect(origin, step, targets)
        return first

    def posted_from(self, page: str) -> Fields:
        """The header fields that a browser adds to a form of the same site."""
        origin = f"http://{self.host}"
        return (
            *self.browser,
            ("Origin", origin),
            ("Referer", f"{origin}{page}"),
            ("Sec-Fetch-Site", "same-origin"),
            ("Sec-Fetch-Mode", "navigate"),
        )

    def _all(self, target: str) -> dict[str, str]:
        return dict.fromkeys(self.sides, target)

    def _get(self, targets: Mapping[str, str]) -> dict[str, Request]:
        return {side: Request("GET", target, self.browser) for side, target in targets.items()}

    def _add_page(self, origin: str, targets: Mapping[str, str]) -> None:
        target = targets[self.sides[0]]
        if target in self._known or self.skips(target):
            return
        self._known.add(target)
        if self._admits(target):
            self.add(partial(self._visit, origin, dict(targets)), is_risky=is_risky(target))

    def _admits(self, target: str) -> bool:
        """Whether there were not yet too many addresses like this one."""
        pattern, endpoint = pattern_of(target), self.endpoint_of("GET", target)
        self._patterns[pattern] += 1
        self._endpoints[endpoint] += 1
        is_static = endpoint == "static" or endpoint.endswith(".static")
        most = MAX_OF_A_PATTERN if is_static else MAX_OF_AN_ENDPOINT
        is_admitted = self._patterns[pattern] <= MAX_OF_A_PATTERN and (
            not endpoint or self._endpoints[endpoint] <= most
        )
        if not is_admitted:
            self.left_out[endpoint or pattern] += 1
        return is_admitted

    def _visit(self, origin: str, targets: dict[str, str]) -> None:
        self._add_probes(targets, self.follow(origin, self._get(targets)))

    def _add_probes(self, targets: dict[str, str], step: Step) -> None:
        if all(isinstance(one, Response) for one in step.outcomes.values()):
            is_last = is_risky(targets[self.sides[0]])
            self.add(partial(self._probe, targets, step), is_risky=is_last)

    def _redirect(self, origin: str, step: Step, targets: dict[str, str]) -> Step:
        first = self.sides[0]
        outcome = step.outcomes[first]
        method = step.requests[first].method
        keeps = isinstance(outcome, Response) and outcome.status in _KEEPS_METHOD
        if keeps and method not in ("GET", "HEAD"):
            again = {
                side: Request(one.method, targets[side], one.fields, one.body)
                for side, one in step.requests.items()
            }
            return self.send(origin, again)
        is_new = targets[first] not in self._known
        self._known.add(targets[first])
        found = self.send(origin, self._get(targets))
        if is_new and self._admits(targets[first]):
            self._add_probes(targets, found)
        return found

    def _redirected(self, step: Step) -> dict[str, str] | None:
        """The address of each side's redirect, if the first side redirects to this program."""
        found: dict[str, str] = {}
        for side, outcome in step.outcomes.items():
            location = _location(outcome)
            if location is not None:
                target = resolve(location, step.requests[side].target, self.host)
                found |= {} if target is None else {side: target}
        first = found.get(self.sides[0])
        return None if first is None else {**self._all(first), **found}

    def _read(self, step: Step) -> None:
        """Queue the links and forms of a page."""
        pages = self.pages.of(step)
        first = pages[self.sides[0]]
        place = step.requests[self.sides[0]].target
        if first.is_cut:
            self.notes.append(f"Of {place}, only the beginning was read for links and forms.")
        links = {side: same_links(first, page) for side, page in pages.items()}
        for number, _ in enumerate(first.links):
            targets: dict[str, str] = {}
            for side, page in pages.items():
                link = links[side].get(number)
                here = step.requests[side].target
                target = None if link is None else resolve(link, here, self.host, page.base)
                targets |= {} if target is None else {side: target}
            if self.sides[0] in targets:
                self._add_page(
                    f"a link on {place}", {**self._all(targets[self.sides[0]]), **targets}
                )
        self.forms.add(step)

    def _post(self, target: str) -> None:
        """Send POST without a form, unless a form has sent it."""
        if target in self.forms.posted:
            return
        for what, request in empty_posts(target, self.posted_from(target)):
            if not self.is_over():
                self.follow(f"{what} for {target}", dict.fromkeys(self.sides, request))

    def _probe(self, targets: Mapping[str, str], step: Step) -> None:
        """Send the further requests for an address."""
        first = self.sides[0]
        allowed = step
        for what, request_for in probes(targets[first], self.browser):
            if self.is_over():
                return
            requests = {}
            for side in self.sides:
                given = allowed.outcomes[first] if what == ALLOWED else step.outcomes[side]
                made = request_for(given)
                if made is not None:
                    requests[side] = Request(made.method, targets[side], made.fields)
            if len(requests) == len(self.sides):
                sent = self.send(f"{what} for {targets[first]}", requests)
                allowed = sent if what == "OPTIONS" else allowed


def _location(outcome: Outcome) -> str | None:
    is_redirect = isinstance(outcome, Response) and 300 <= outcome.status < 400
    return outcome.get("Location") if is_redirect and isinstance(outcome, Response) else None
