"""Hooks and views that are changed in any way, between requests, take effect with the next."""

from flask import Blueprint, Flask
from steps import note


def say(word):
    def hook(*arguments):
        note(word)
        return arguments[0] if arguments and hasattr(arguments[0], "status_code") else None

    return hook


def create_app():
    app = Flask("shop")
    pages = Blueprint("pages", "shop")
    for owner, name in ((app, "app"), (pages, "pages")):
        owner.before_request(say(f"before 1 {name}"))
        owner.before_request(say(f"before 2 {name}"))
        owner.after_request(say(f"after 1 {name}"))
        owner.after_request(say(f"after 2 {name}"))
        owner.teardown_request(say(f"teardown {name}"))
        owner.url_value_preprocessor(say(f"values {name}"))

    @pages.get("/")
    def index():
        note("view")
        return "hello"

    app.register_blueprint(pages)
    return app


def ask(app):
    client = app.test_client()
    return [client.get(path).text for path in ("/", "/missing")]


def append(app):
    app.before_request_funcs[None].append(say("more"))


def insert(app):
    app.before_request_funcs[None].insert(0, say("more"))


def setdefault(app):
    app.after_request_funcs.setdefault(None, []).append(say("more"))
    app.after_request_funcs.setdefault("pages", []).append(say("more of pages"))


def plain_list(app):
    kept = app.before_request_funcs[None] = [say("other")]
    ask(app)
    kept.append(say("more"))


def plain_dictionary(app):
    kept = app.teardown_request_funcs = {None: [say("other")]}
    ask(app)
    kept["pages"] = [say("more")]


def update(app):
    app.after_request_funcs.update({"pages": [say("other")]})
    app.before_request_funcs |= {None: [say("other")]}


def preprocessors(app):
    app.url_value_preprocessors["pages"].append(say("more values"))


def clear(app):
    app.before_request_funcs.clear()
    app.after_request_funcs[None].clear()
    del app.teardown_request_funcs["pages"]


def other_order(app):
    app.before_request_funcs[None].reverse()
    app.after_request_funcs["pages"][:] = reversed(app.after_request_funcs["pages"])


def fewer(app):
    app.before_request_funcs["pages"].pop()
    app.after_request_funcs.pop(None)


def wrapped(view):
    def wrapper():
        note("wrapped")
        return view()

    return wrapper


def wrapped_view(app):
    app.view_functions["pages.index"] = wrapped(app.view_functions["pages.index"])


def wrapped_views(app):
    app.view_functions = {name: wrapped(view) for name, view in app.view_functions.items()}
    ask(app)
    app.view_functions["pages.index"] = lambda: "replaced"


def updated_views(app):
    app.view_functions.update({"pages.index": lambda: "replaced"})


def other_ensure_sync(app):
    inner = app.ensure_sync

    def ensure_sync(function):
        note("ensure_sync")
        return inner(function)

    app.ensure_sync = ensure_sync
    ask(app)
    del app.ensure_sync


def async_functions(app):
    async def hook(*arguments):
        note("async hook")

    async def view():
        note("async view")
        return "async"

    app.before_request_funcs[None].append(hook)
    app.teardown_request_funcs["pages"].append(hook)
    app.view_functions["pages.index"] = view


CHANGES = [
    *(append, insert, setdefault, plain_list, plain_dictionary, update, preprocessors, clear),
    *(other_order, fewer, wrapped_view, wrapped_views, updated_views, other_ensure_sync),
    async_functions,
]


def every_change(app, client):
    seen = []
    for change in CHANGES:
        note("changing", change.__name__)
        app = create_app()
        before = ask(app)
        change(app)
        note("changed")
        seen.append([before, ask(app), ask(app)])
    return seen


def types_of_containers(app, client):
    names = (
        *("view_functions", "before_request_funcs", "after_request_funcs"),
        *("teardown_request_funcs", "url_value_preprocessors"),
    )
    containers = [getattr(app, name) for name in names]
    return [
        [isinstance(container, dict) for container in containers],
        [hasattr(container, "default_factory") for container in containers],
        [isinstance(container["new"], list) for container in containers[1:]],
    ]


STEPS = [every_change, types_of_containers]
