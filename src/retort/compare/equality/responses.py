"""Compare two responses, with a third one that shows what is noise."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..messages import NoResponse
from ..results import Difference
from .bodies import BYTES, JSON, content, kind_of, parsed
from .cookies import cookie_values
from .fields import ALWAYS_MASKED, field_values, framing
from .lines import compare_lines
from .trees import is_implied, json_values, without_aspect, without_shuffling
from .values import DIFFERENT, NOISE, SAME, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..messages import Outcome, Response
    from .masks import Masks

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
        missing: list[str] = []
        for place in dict.fromkeys([*first, *other]):
            values = first.get(place), again.get(place), other.get(place)
            decided = verdict(*values)
            follows = is_body_different and place in _DEPENDS_ON_BODY and None not in values
            if decided != SAME and follows:
                decided = NOISE
            if decided == SAME or is_implied(place, values[0], values[2], missing):
                continue
            name = without_aspect(place) if None in values else place
            self.decide(decided, part, name, values[0], values[2])

    def decide(
        self, decided: str, part: str, place: str, left: str | None, right: str | None
    ) -> None:
        if decided == SAME:
            return
        is_masked = part == "header" and place in ALWAYS_MASKED
        if self.masks is not None and not is_masked:
            is_masked = self.masks.covers(part, place, left, right)
        if decided == NOISE or is_masked:
            self.found.masked.append(f"{part} {place}".strip())
        else:
            self.found.differences.append(Difference(part, place, left, right))

    def body(self, first: Response, again: Response, other: Response) -> None:
        contents = [content(one) for one in (first, again, other)]
        if contents[0] == contents[2]:
            return
        kinds = {kind_of(*pair) for pair in ((first, contents[0]), (other, contents[2]))}
        kind = kinds.pop() if len(kinds) == 1 else BYTES
        compare: Callable[[list[bytes]], None]
        compare = {JSON: self.json, BYTES: self.bytes}.get(kind, self.text)
        compare(contents)

    def json(self, contents: list[bytes]) -> None:
        values = [parsed(one) for one in contents]
        first, again, other = (one[0] if one else None for one in values)
        first, again, other, shuffled = without_shuffling(first, again, other)
        self.found.masked += ["body order of a list"] * shuffled
        before = len(self.found.differences) + len(self.found.masked)
        self.values("body", [json_values(one) for one in (first, again, other)])
        if len(self.found.differences) + len(self.found.masked) == before:
            self.bytes(contents)  # the same values, written in another way

    def text(self, contents: list[bytes]) -> None:
        texts = [one.decode("utf-8", "surrogateescape") for one in contents]
        found = list(compare_lines(texts[0], texts[1], texts[2]))
        for decided, place, left, right in found:
            self.decide(decided, "body", place, left, right)
        lines = max(1, texts[0].count("\n") + 1)
        self.found.is_all_noise = (
            bool(found)
            and lines > 0
            and all(one[0] == NOISE for one in found)
            and len(found) >= lines
            and lines == 1
            and not _has_fixed_part(texts)
        )

    def bytes(self, contents: list[bytes]) -> None:
        first, again, other = contents
        if first != again:
            self.found.masked.append("body")
            self.found.is_all_noise = True
            return
        size = min(len(first), len(other))
        at = next((n for n in range(size) if first[n] != other[n]), size)
        left, right = (f"{len(one):,} bytes, here {one[at : at + 16]!r}" for one in (first, other))
        self.decide(DIFFERENT, "body", f"byte {at}", left, right)


def _has_fixed_part(texts: list[str]) -> bool:
    """Whether the texts have a word in common."""
    words = [set(text.split()) for text in texts]
    return bool(words[0] & words[1] & words[2])


def _connection(response: Response) -> str:
    return "stays open" if response.stays_open else "closed"


def _numbered(values: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for place, value in values:
        number, name = 1, place
        while name in found:
            number += 1
            name = f"{place} ({number})"
        found[name] = value
    return found
