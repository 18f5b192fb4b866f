"""The result as JSON. docs/compare.md describes the format."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

from ..grouping import FAILURE, KNOWN, UNEXPLAINED
from ..messages import NoResponse
from ..summary import last_line, ratio_text
from .shown import body_text, field_text, without_secrets

if TYPE_CHECKING:
    from ..messages import Outcome, Request, Step
    from ..results import Comparison, Finding

VERSION = 1
_MAX_BODY_BYTES = 16_384


def as_json(comparison: Comparison) -> str:
    """The result as indented JSON."""
    compared = len(comparison.steps) - len(comparison.not_compared)
    return json.dumps(
        {
            "version": VERSION,
            "summary": last_line(comparison),
            "target": comparison.target,
            "sides": [dataclasses.asdict(one) for one in comparison.sides],
            "seconds": round(comparison.seconds, 3),
            "interrupted": comparison.is_interrupted,
            "counts": {
                "requests": len(comparison.steps),
                "compared": compared,
                "same": len(comparison.same),
                KNOWN: comparison.count(KNOWN),
                UNEXPLAINED: comparison.count(UNEXPLAINED),
                FAILURE: sum(one.kind == FAILURE for one in comparison.findings),
            },
            "findings": [_finding(one, comparison) for one in comparison.findings],
            "not_compared": [
                {"request": number, "reason": reason}
                for number, reason in comparison.not_compared.items()
            ],
            "masked": comparison.masked,
            "baseline": comparison.baseline,
            "refused_connections": comparison.refused_connections,
            "notes": comparison.notes,
            "tests": None if comparison.suite is None else dataclasses.asdict(comparison.suite),
            "cost": _cost(comparison),
        },
        indent=2,
        ensure_ascii=False,
    )


def _finding(finding: Finding, comparison: Comparison) -> dict[str, Any]:
    steps = {step.number: step for step in comparison.steps}
    first = steps.get(finding.steps[0]) if finding.steps else None
    return {
        "kind": finding.kind,
        "title": finding.title,
        "row": finding.row,
        "view": finding.view,
        "requests": finding.steps,
        "curl": without_secrets(finding.curl),
        "differences": [dataclasses.asdict(one) for one in finding.differences],
        "tracebacks": finding.tracebacks,
        "first": None if first is None else _step(first),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "number": step.number,
        "origin": step.origin,
        "sides": {
            name: {"request": _request(step.requests[name]), "response": _outcome(outcome)}
            for name, outcome in step.outcomes.items()
        },
    }


def _request(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "target": without_secrets(request.target),
        "fields": [[name, field_text(name, value)] for name, value in request.fields],
        "body": without_secrets(request.body[:_MAX_BODY_BYTES].decode("utf-8", "replace")),
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, NoResponse):
        return {"none": outcome.kind, "detail": outcome.detail}
    return {
        "status": outcome.status,
        "fields": [[name, field_text(name, value)] for name, value in outcome.fields],
        "body": body_text(outcome, _MAX_BODY_BYTES),
        "stays_open": outcome.stays_open,
        "problem": outcome.problem,
    }


def _cost(comparison: Comparison) -> dict[str, Any] | None:
    if comparison.cost is None:
        return None
    return {**dataclasses.asdict(comparison.cost), "summary": ratio_text(comparison.cost)}
