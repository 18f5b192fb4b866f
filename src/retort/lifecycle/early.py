"""What is known of a request before the application is called, by its rule alone."""

from __future__ import annotations

import typing as t

from ..routing import find_plan

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..app import Flask
    from .plan import Plan, Plans


def early_plan(plans: Plans, method: str, path: str) -> Plan | None:
    """The plan for a request; ``None`` if Werkzeug has to match it.

    :param path: as in ``PATH_INFO``.
    """
    if not path.isascii():
        path = path.encode("latin-1").decode("utf-8", "replace")  # PEP 3333
    return find_plan(plans, method, path)


def streams_body(app: Flask, environ: WSGIEnvironment) -> bool:
    """Whether a request is known to be for a view that is marked by `stream_body`."""
    plans = app.current_plans()
    if not plans.streams_bodies:
        return False
    plan = early_plan(plans, environ["REQUEST_METHOD"], environ["PATH_INFO"])
    return plan is not None and plan.streams_body


def may_stream_body(app: Flask, environ: WSGIEnvironment) -> bool:
    """Whether a request may be for a view that is marked by `stream_body`."""
    plans = app.current_plans()
    if not plans.streams_bodies:
        return False
    plan = early_plan(plans, environ["REQUEST_METHOD"], environ["PATH_INFO"])
    return plan is None or plan.streams_body
