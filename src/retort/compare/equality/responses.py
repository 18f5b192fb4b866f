"""Compare two responses, with a third one that shows what is noise."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..messages import NoResponse
from ..results import Difference
from .bodies import BYTES, JSON, content, kind_of, parsed, text_of, writing
from .cookies import cookie_values, is_close_age
from .fields import field_values, framing, is_always_masked
from .lines import compare_lines
from .octets import Octets
from .trees import (
    Implied,
    base_of,
    is_same_kind,
    json_values,
    shown_place,
    shown_value,
    without_noise,
)
from .values import DIFFERENT, NOISE, SAME, verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..messages import Outcome, Response
    from .masks import Masks

_EXACT = frozenset({"status", "connection", "ending"})  # parts without tokens in them
_DEPENDS_ON_BODY = frozenset({"etag", "content-md5", "digest", "content-digest", "last-modified"})


@dataclass
class Verdict:
    """What two responses have not in common.

    :param differences: what noise does not explain.
    :param masked: the places of noise, as in ``header Date``.
    :param is_all_noise: whether nothing of the body was left to compare.
    """

    differences: list[Difference] = field(default_factory=list)
    masked: list[str] = field(default_factory=list)
    is_all_noise: bool = False


def compare(
    first: Outcome,
    again: Outcome,
    other: Outcome,
    *,
    session_cookie: str = "session",
    masks: Masks | None = None,
) -> Verdict:
    """Compare ``first`` with ``other``; ``again`` is a second response of the first side.

    :param masks: what is not compared in addition.
    """
    found = Verdict()
    if isinstance(first, NoResponse) or isinstance(other, NoResponse):
        left, right = _without_response(first), _without_response(other)
        if left != right:
            found.differences.append(Difference("response", "", left, right))
        return found
    # Without a second response, each difference counts.
    second = first if isinstance(again, NoResponse) else again
    _Comparing(found, masks).run(first, second, other, session_cookie)
    return found


def _without_response(outcome: Outcome) -> str:
    return outcome.kind if isinstance(outcome, NoResponse) else f"status {outcome.status}"


class _Comparing:
    def __init__(self, found: Verdict, masks: Masks | None) -> None:
        self.found = found
        self.masks = masks

    def run(self, first: Response, again: Response, other: Response, session: str) -> None:
        sides = (first, again, other)
        self.values("status", [[("", str(one.status))] for one in sides])
        self.body(first, again, other)
        is_body_different = any(one.part == "body" for one in self.found.differences) or any(
            place.startswith("body") for place in self.found.masked
        )
        self.values("header", [field_values(one) for one in sides], is_body_different)
        self.values("cookie", [cookie_values(one, session) for one in sides])
        self.values("header", [[("transfer-encoding", framing(one))] for one in sides])
        if not is_body_different and first.body == other.body:
            lengths = [[("content-length", one.get("Content-Length") or "none")] for one in sides]
            if framing(first) == framing(other) == "length":
                self.values("header", lengths)
        self.values("connection", [[("", _connection(one))] for one in sides])
        self.values("ending", [[("", one.problem or "complete")] for one in sides])

    def values(
        self,
        part: str,
        sides: Iterable[Iterable[tuple[str, str]]],
        is_body_different: bool = False,
    ) -> None:
        """Compare values by place; a place that occurs again gets a number."""
        first, again, other = (_numbered(side) for side in sides)
        implied = Implied(is_cookie=part == "cookie")
        for place in dict.fromkeys([*first, *other]):
            left, second, right = first.get(place), again.get(place), other.get(place)
            if left != second:
                implied.add_noise(place)
            decided = _decided(part, place, left, second, right)
            if decided == SAME or implied.covers(place, left, right):
                continue
            if left is not None and right is not None:
                is_beyond = implied.is_beyond(place, second) and is_same_kind(left, right)
                if is_beyond or (is_body_different and place in _DEPENDS_ON_BODY):
                    decided = NOISE
            if decided == DIFFERENT:
                implied.add(place, left, right)
            self._decide_place(decided, part, place, left, right)

    def _decide_place(
        self, decided: str, part: str, place: str, left: str | None, right: str | None
    ) -> None:
        name = shown_place(place)
        if left is None or right is None:
            name = base_of(place).removesuffix(": ")
            left = None if left is None else shown_value(place, left)
            right = None if right is None else shown_value(place, right)
        self.decide(decided, part, name, left, right)

    def decide(
        self, decided: str, part: str, place: str, left: str | None, right: str | None
    ) -> None:
        if decided == SAME:
            return
        is_masked = part == "header" and is_always_masked(place, left, right)
        if self.masks is not None and not is_masked:
            is_masked = self.masks.covers(part, place, left, right)
        if decided == NOISE or is_masked:
            self.found.masked.append(f"{part} {place}".strip())
        else:
            self._add(Difference(part, _shown(place), _shown(left), _shown(right)))

    def _add(self, one: Difference) -> None:
        """Add a difference; another kind of value at one place is one difference."""
        for number, known in enumerate(self.found.differences):
            is_here = (known.part, known.place) == (one.part, one.place)
            if is_here and known.right is None and one.left is None:
                self.found.differences[number] = Difference(
                    one.part, one.place, known.left, one.right
                )
                return
        self.found.differences.append(one)

    def body(self, first: Response, again: Response, other: Response) -> None:
        sides = (first, again, other)
        contents = [content(one) for one in sides]
        if contents[0] == contents[2]:
            return
        kinds = {kind_of(first, contents[0]), kind_of(other, contents[2])}
        kind = kinds.pop() if len(kinds) == 1 else BYTES
        if kind == JSON and self.json(contents):
            return
        if kind == BYTES:
            self.bytes(contents)
        else:
            self.text([text_of(*pair) for pair in zip(sides, contents, strict=True)])

    def json(self, contents: list[bytes]) -> bool:
        """Compare JSON values; returns whether they are not nested too deeply for it."""
        values = [parsed(one) for one in contents]
        first, again, other = (one[0] if one else None for one in values)
        try:
            first, again, other, forms = without_noise(first, again, other)
        except RecursionError:
            return False
        self.found.masked += ["body order or keys"] * forms
        before = len(self.found.differences) + len(self.found.masked)
        self.values("body", [json_values(one) for one in (first, again, other)])
        count = len(self.found.differences) + len(self.found.masked)
        if count == before and not forms:
            self.bytes(contents)  # the same values, written in another way
        elif not self.found.differences:
            self._writing(contents)
        return True

    def _writing(self, contents: list[bytes]) -> None:
        first, again, other = map(writing, contents)
        if first == again != other:
            left, right = (_spaces(one) for one in (first - other, other - first))
            self.decide(DIFFERENT, "body", "spaces", left, right)

    def text(self, texts: list[str]) -> None:
        found = compare_lines(texts[0], texts[1], texts[2])
        for decided, place, left, right in found:
            self.decide(decided, "body", place, left, right)
        is_noise = bool(found) and all(one[0] == NOISE for one in found)
        lines = len(texts[0].splitlines())
        self.found.is_all_noise = is_noise and len(found) >= lines and not _has_fixed_part(texts)

    def bytes(self, contents: list[bytes]) -> None:
        first, again, other = contents
        octets = Octets(first, again, other)
        self.found.masked += ["body bytes"] * len(octets.varied)
        self.found.is_all_noise = octets.is_all_varied
        at = octets.difference
        if at is not None:
            left, right = (
                f"{len(one):,} bytes, here {one[at : at + 16]!r}" for one in (first, other)
            )
            self.decide(DIFFERENT, "body", f"byte {at}", left, right)


def _decided(part: str, place: str, left: str | None, second: str | None, right: str | None) -> str:
    if left == right:
        return SAME
    if part in _EXACT:
        return NOISE if second == right else DIFFERENT
    if part == "cookie" and left and right and is_close_age(place, left, right):
        return NOISE
    return verdict(left, second, right)


def _has_fixed_part(texts: list[str]) -> bool:
    """Whether the texts have a word in common."""
    words = [set(text.split()) for text in texts]
    return bool(words[0] & words[1] & words[2])


def _connection(response: Response) -> str:
    return "stays open" if response.stays_open else "closed"


def _spaces(found: frozenset[bytes]) -> str | None:
    return ", ".join(repr(one.decode()) for one in sorted(found)) or None


def _shown(text: str | None) -> Any:
    """A text without surrogates, which no file can hold."""
    if text is None or text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode()


def _numbered(values: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    counts: dict[str, int] = {}
    for place, value in values:
        counts[place] = counts.get(place, 0) + 1
        found[place if counts[place] == 1 else f"{place} ({counts[place]})"] = value
    return found
