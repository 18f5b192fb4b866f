"""The six proxies: bound, unbound, and what they pass on."""

from flask import Flask, Request, current_app, g, request, session
from flask.ctx import AppContext, RequestContext, _AppCtxGlobals
from flask.globals import app_ctx, request_ctx
from flask.sessions import SecureCookieSession
from steps import get

PROXIES = {
    "current_app": current_app,
    "g": g,
    "request": request,
    "session": session,
    "app_ctx": app_ctx,
    "request_ctx": request_ctx,
}

CLASSES = (Flask, _AppCtxGlobals, Request, SecureCookieSession, AppContext, RequestContext)


def outcome(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return [type(error).__name__, "outside of" in str(error)]


def create_app():
    app = Flask(__name__)
    app.secret_key = "key"

    @app.route("/")
    def index():
        session["a"] = 1
        g.b = 2
        return {
            "types": [
                isinstance(proxy._get_current_object(), cls)
                for proxy, cls in zip(PROXIES.values(), CLASSES, strict=True)
            ],
            "classes": [
                isinstance(current_app, Flask),
                isinstance(request, type(request._get_current_object())),
                isinstance(session, dict),
            ],
            "bool": [bool(proxy) for proxy in PROXIES.values()],
            "equal": [current_app == app, session == {"a": 1}, request == request_ctx.request],
            "hash": hash(current_app) == hash(app),
            "len": len(session),
            "iter": [list(session), list(g)],
            "in": ["a" in session, "b" in g],
            "attributes": [current_app.name, request.method, app_ctx.app is app],
        }

    return app


def unbound_attribute(app, client):
    return {name: outcome(getattr, proxy, "anything") for name, proxy in PROXIES.items()}


def unbound_bool(app, client):
    return {name: outcome(bool, proxy) for name, proxy in PROXIES.items()}


def unbound_object(app, client):
    return {name: outcome(proxy._get_current_object) for name, proxy in PROXIES.items()}


def unbound_set(app, client):
    return {name: outcome(setattr, proxy, "a", 1) for name, proxy in PROXIES.items()}


def unbound_repr(app, client):
    return {name: outcome(repr, proxy) for name, proxy in PROXIES.items()}


def without_a_request(app, client):
    with app.app_context():
        return {name: outcome(bool, proxy) for name, proxy in PROXIES.items()}


STEPS = [
    get("/"),
    unbound_attribute,
    unbound_bool,
    unbound_object,
    unbound_set,
    unbound_repr,
    without_a_request,
]
