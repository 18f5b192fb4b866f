"""Descriptions of apps for `mixed_apps.py`: drawn by Hypothesis, and one per place of an error."""

import itertools

from hypothesis import strategies as st


def all_sync(description):
    """The same description with functions only."""
    return {
        **description,
        "view": _sync(description["view"]),
        "steps": [_sync(step) for step in description["steps"]],
    }


def _sync(step):
    return {**step, "is_async": False, "later_async": False}


def descriptions():
    """Descriptions of apps, with the requests to send."""
    booleans = st.booleans()
    errors = st.sampled_from(["404", "418", "500", "Exception", "LookupError"])
    scopes = st.sampled_from(
        ["app", "app", "part", "inner", "part for all", "inner for all"],
    )

    def steps(kind, does, *, is_async=booleans, scope=scopes, **more):
        return st.fixed_dictionaries(
            {
                "kind": st.just(kind),
                "does": st.sampled_from([None, None, None, *does]),
                "is_async": is_async,
                "scope": scope,
                "later_async": booleans,
                **more,
            }
        )

    signals = [
        *("request_started", "request_finished", "got_request_exception"),
        *("request_tearing_down", "appcontext_tearing_down", "appcontext_pushed"),
        "appcontext_popped",
    ]
    one_step = st.one_of(
        steps("before", ["answer", "raise", "abort", "later"]),
        steps("before", ["later"]),
        steps("after", ["answer", "raise", "abort"]),
        steps("teardown", ["raise", "abort"]),
        steps("app teardown", ["raise"], scope=st.just("app")),
        steps("values", ["raise", "abort"], is_async=st.just(False)),
        steps("template", ["raise"]),
        steps("handler", ["raise", "abort", "later"], error=errors),
        steps("handler", [], error=errors),
        steps("signal", ["raise"], scope=st.just("app"), signal=st.sampled_from(signals)),
    )
    requests = st.tuples(
        st.sampled_from(["GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "PUT"]),
        st.sampled_from(["/x", "/part/x", "/part/inner/x", "/part/inner/x", "/no/where/x"]),
    )
    return st.fixed_dictionaries(
        {
            "propagates": st.sampled_from([False, False, True]),
            "view": steps("view", ["raise", "abort", "later", "template"], scope=st.just("")),
            "steps": st.lists(one_step, max_size=9).map(_without_second_receivers),
            "requests": st.lists(requests, min_size=1, max_size=3),
        }
    ).map(_without_waiting_loops)


def _without_second_receivers(steps):
    """A signal calls its receivers in no defined order, so it has one."""
    signals = set()
    kept = []
    for step in steps:
        name = step.get("signal")
        if name is None or name not in signals:
            kept.append(step)
            signals.add(name)
    return kept


def _without_waiting_loops(description):
    """A template that a coroutine function renders cannot wait for a coroutine function."""
    view = description["view"]
    if not (view["is_async"] and view["does"] == "template"):
        return description
    steps = description["steps"]
    return {
        **description,
        "steps": [_sync(one) if one["kind"] == "template" else one for one in steps],
    }


def every_place_of_an_error():
    """For each kind of step and each error: an app with all kinds of steps, in every mix."""
    kinds = ["values", "before", "after", "teardown", "app teardown"]
    scopes = ["app", "part", "inner"]
    for place, does, is_async in itertools.product(
        [*kinds, "view", "handler"], ["raise", "abort", "answer", "later"], [False, True]
    ):
        steps = [
            {
                "kind": kind,
                "does": does if kind == place and scope in ("part", "app") else None,
                "is_async": is_async != (scope == "part") and kind != "values",
                "scope": scope if kind != "app teardown" else "app",
                "later_async": is_async,
            }
            for kind in kinds
            for scope in scopes
        ]
        handler = {"kind": "handler", "scope": "part", "error": "LookupError", "later_async": True}
        handles = does if place == "handler" else None
        steps.append({**handler, "does": handles, "is_async": is_async})
        view = {"kind": "view", "scope": "", "is_async": True, "later_async": not is_async}
        view["does"] = "raise" if place == "handler" else does if place == "view" else None
        yield {
            "propagates": False,
            "view": view,
            "steps": steps,
            "requests": [("GET", "/part/inner/x"), ("HEAD", "/part/x"), ("GET", "/x")],
        }
