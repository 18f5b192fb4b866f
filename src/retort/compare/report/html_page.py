"""The result as one HTML file without scripts and external references."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader

from ...devtools.redaction import redact
from ..grouping import FAILURE, KNOWN, UNEXPLAINED
from ..summary import last_line, range_text, ratio_text
from .redaction import without_secrets
from .shown import lines_with_marks, outcome_text, visible

if TYPE_CHECKING:
    from ..results import Comparison, Finding

_MAX_BODY_BYTES = 8_192
_MAX_FINDINGS = 200


def as_html(comparison: Comparison) -> str:
    """The report as a page."""
    comparison = without_secrets(comparison)
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["visible"] = visible
    kinds = ((FAILURE, "Failures"), (UNEXPLAINED, "Unexplained"), (KNOWN, "Known differences"))
    sections = [
        (title, [_shown(one, comparison) for one in comparison.findings if one.kind == kind])
        for kind, title in kinds
    ]
    return environment.get_template("report.html").render(
        comparison=comparison,
        summary=last_line(comparison),
        sections=[(title, found[:_MAX_FINDINGS], len(found)) for title, found in sections if found],
        cost=comparison.cost,
        ratio=ratio_text(comparison.cost) if comparison.cost is not None else "",
        bars=_bars(comparison),
    )


def _shown(finding: Finding, comparison: Comparison) -> dict[str, Any]:
    step = next((one for one in comparison.steps if one.number in finding.steps[:1]), None)
    sides = comparison.sides[:1] + comparison.sides[1:][-1:]
    responses = [] if step is None else [step.outcomes[side.name] for side in sides]
    texts = [outcome_text(one, _MAX_BODY_BYTES) for one in responses]
    marked = lines_with_marks(*texts) if len(texts) == 2 else [[(text, False)] for text in texts]
    return {
        "finding": finding,
        "origin": redact(step.origin) if step is not None else "",
        "labels": [side.label for side in sides],
        "responses": list(zip([side.label for side in sides], marked, strict=False)),
    }


def _bars(comparison: Comparison) -> list[dict[str, Any]]:
    """The cost of each endpoint: widths in per cent of the largest."""
    if comparison.cost is None:
        return []
    labels = {side.name: side.label for side in comparison.sides}
    endpoints = comparison.cost.endpoints
    largest = max((max(one.cpu_seconds.values()) for one in endpoints), default=0.0) or 1.0
    return [
        {
            "endpoint": one.endpoint or "no endpoint",
            "requests": one.requests,
            "waits": one.waits,
            "ratio": range_text(one.ratio, one.requests),
            "sides": [
                {
                    "label": labels.get(name, name),
                    "microseconds": seconds * 1e6,
                    "width": max(0.5, 100 * seconds / largest),
                    "class": "first" if number == 0 else "other",
                }
                for number, (name, seconds) in enumerate(one.cpu_seconds.items())
            ],
        }
        for one in endpoints
    ]
