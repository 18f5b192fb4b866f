"""The proxies do what Werkzeug's do, in fewer steps."""

import copy
import operator

import pytest
from werkzeug.local import LocalProxy

import retort
from retort.globals import _NO_APP, _NO_REQUEST, _cv_app, _cv_request

PAIRS = {
    "request": (retort.request, LocalProxy(_cv_request, "request", unbound_message=_NO_REQUEST)),
    "session": (retort.session, LocalProxy(_cv_request, "session", unbound_message=_NO_REQUEST)),
    "current_app": (retort.current_app, LocalProxy(_cv_app, "app", unbound_message=_NO_APP)),
    "g": (retort.g, LocalProxy(_cv_app, "g", unbound_message=_NO_APP)),
}

OPERATIONS = {
    **{
        f"its {name!r}": operator.attrgetter(name)
        for name in ("path", "config", "get", "x", "modified", "_private", "_steps", "missing")
    },
    "its ''": lambda proxy: getattr(proxy, "", "none"),
    "its class": lambda proxy: proxy.__class__.__name__,
    "its dictionary": lambda proxy: sorted(proxy.__dict__),
    "its documentation": operator.attrgetter("__doc__"),
    "its name": lambda proxy: getattr(proxy, "__name__", "none"),
    "what it wraps": lambda proxy: callable(proxy.__wrapped__),
    "what it stands for": lambda proxy: proxy._get_current_object(),
    "truth": bool,
    "names": lambda proxy: dir(proxy)[:5],
    "shown": lambda proxy: repr(proxy).partition(" at ")[0],
    "hash": hash,
    "equality": lambda proxy: proxy == proxy._get_current_object(),
    "is an instance": lambda proxy: isinstance(proxy, (retort.Request, dict, retort.Flask)),
    "x in it": lambda proxy: "x" in proxy,
    "7 in it": lambda proxy: 7 in proxy,
    "an item": lambda proxy: proxy["x"],
    "a missing item": lambda proxy: proxy["missing"],
    "set an item": lambda proxy: operator.setitem(proxy, "set", 1),
    "set and read": lambda proxy: (setattr(proxy, "extra", 3), proxy.extra),
    "set and delete": lambda proxy: (setattr(proxy, "extra", 3), delattr(proxy, "extra")),
    "delete what is missing": lambda proxy: delattr(proxy, "missing"),
    "iteration": lambda proxy: list(proxy),
    "length": len,
    "copy": lambda proxy: type(copy.copy(proxy)),
}


def outcome(operation, proxy):
    try:
        return operation(proxy)
    except Exception as error:
        return type(error), str(error)


def outcomes(operation, name):
    return [outcome(operation, proxy) for proxy in PAIRS[name]]


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
@pytest.mark.parametrize("name", PAIRS)
def test_a_proxy_does_what_werkzeugs_does(name, operation, app):
    with app.test_request_context():
        ours, werkzeugs = outcomes(operation, name)
        assert ours == werkzeugs
        retort.g.x, retort.session["x"] = "of g", "of the session"
        ours, werkzeugs = outcomes(operation, name)
        assert ours == werkzeugs


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
@pytest.mark.parametrize("name", ["current_app", "g"])
def test_without_a_request_a_proxy_does_what_werkzeugs_does(name, operation, app):
    with app.app_context():
        retort.g.x = "of g"
        ours, werkzeugs = outcomes(operation, name)
        assert ours == werkzeugs


# What is shown of it then is in tests/test_contexts.py. That a session without a request cannot
# be iterated is reported by ours with the reason.
UNBOUND = {name: OPERATIONS[name] for name in OPERATIONS if name not in {"shown", "iteration"}}


@pytest.mark.parametrize("operation", UNBOUND.values(), ids=UNBOUND)
@pytest.mark.parametrize("name", PAIRS)
def test_without_a_context_a_proxy_does_what_werkzeugs_does(name, operation):
    ours, werkzeugs = outcomes(operation, name)
    assert ours == werkzeugs


def test_a_request_of_a_programs_own_class_has_its_attributes(app):
    class Request(retort.Request):
        kind = "own"

        def __bool__(self):
            return False

    app.request_class = Request
    with app.test_request_context():
        assert retort.request.kind == "own"
        assert not retort.request


def test_globals_of_a_custom_class_get_the_assignments(app):
    class Globals:
        def __setattr__(self, name, value):
            self.__dict__[name] = f"{value}!"

        def __contains__(self, name):
            return name == "always"

    app.app_ctx_globals_class = Globals
    with app.app_context():
        retort.g.x = 1
        assert retort.g.x == "1!"
        assert "always" in retort.g
        assert "x" not in retort.g
