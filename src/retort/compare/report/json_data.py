"""The result as JSON. docs/compare.md describes the format."""

from __future__ import annotations

import base64
import dataclasses
import json
from typing import TYPE_CHECKING, Any

from ...devtools.redaction import redact
from ..grouping import FAILURE, KNOWN, UNEXPLAINED
from ..messages import NoResponse
from ..summary import last_line, range_text, ratio_text
from .redaction import field_value, without_secrets
from .shown import bytes_text

if TYPE_CHECKING:
    from ..messages import Fields, Outcome, Request, Step
    from ..results import Comparison, Finding

VERSION = 1
_MAX_BODY_BYTES = 16_384


def as_json(comparison: Comparison) -> str:
    """The result as indented JSON, in ASCII."""
    comparison = without_secrets(comparison)
    compared = len(comparison.steps) - len(comparison.not_compared)
    return json.dumps(
        {
            "version": VERSION,
            "summary": last_line(comparison),
            "target": comparison.target,
            "sides": [dataclasses.asdict(one) for one in comparison.sides],
            "seconds": round(comparison.seconds, 3),
            "interrupted": comparison.is_interrupted,
            "why_not": comparison.why_not,
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
        allow_nan=False,
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
        "curl": finding.curl,
        "differences": [dataclasses.asdict(one) for one in finding.differences],
        "tracebacks": finding.tracebacks,
        "first": None if first is None else _step(first),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "number": step.number,
        "origin": redact(step.origin),
        "sides": {
            name: {"request": _request(step.requests[name]), "response": _outcome(outcome)}
            for name, outcome in step.outcomes.items()
        },
    }


def _request(request: Request) -> dict[str, Any]:
    return {
        "method": request.method,
        "target": redact(request.target),
        "fields": _fields(request.fields),
        **_body(request.body, request.fields),
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, NoResponse):
        return {"none": outcome.kind, "detail": outcome.detail}
    return {
        "status": outcome.status,
        "fields": _fields(outcome.fields),
        **_body(outcome.body, outcome.fields),
        "stays_open": outcome.stays_open,
        "problem": outcome.problem,
    }


def _fields(fields: Fields) -> list[list[str]]:
    return [[name, field_value(name, value)] for name, value in fields]


def _body(body: bytes, fields: Fields) -> dict[str, Any]:
    """A body as text, or else in base64; its beginning if it is long."""
    content_type = next((value for name, value in fields if name.lower() == "content-type"), "")
    text = bytes_text(body, content_type, _MAX_BODY_BYTES)
    beginning = body[:_MAX_BODY_BYTES]
    return {
        "body": text,
        "body_base64": base64.b64encode(beginning).decode() if text is None else None,
        "body_bytes": len(body),
    }


def _cost(comparison: Comparison) -> dict[str, Any] | None:
    cost = comparison.cost
    if cost is None:
        return None
    endpoints = [
        {**dataclasses.asdict(one), "summary": range_text(one.ratio, one.requests)}
        for one in cost.endpoints
    ]
    return {**dataclasses.asdict(cost), "endpoints": endpoints, "summary": ratio_text(cost)}
