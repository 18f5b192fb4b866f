"""The result as one HTML file without scripts and external references."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader

from ..grouping import FAILURE, KNOWN, UNEXPLAINED
from ..summary import last_line, ratio_text
from .shown import outcome_text, without_secrets

if TYPE_CHECKING:
    from ..results import Comparison, Finding

_MAX_BODY_BYTES = 8_192
_MAX_FINDINGS = 200


def as_html(comparison: Comparison) -> str:
    """The report as a page."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
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
    names = [side.name for side in comparison.sides]
    shown = [names[0], names[-1]] if names else []
    return {
        "finding": finding,
        "curl": without_secrets(finding.curl),
        "origin": step.origin if step is not None else "",
        "responses": [
            (side.label, outcome_text(step.outcomes[side.name], _MAX_BODY_BYTES))
            for side in comparison.sides
            if step is not None and side.name in shown
        ],
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
            "ratio": one.ratio,
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
