"""Signals: all of Flask's names, each sent by the app when its thing happens."""

import blinker
import pytest

import retort
from retort import signals


def names_sent(app, send):
    """The signals that an app sends while ``send()`` runs, in order."""
    sent = []
    listeners = []
    for name, signal in signals._signals.items():

        def note(sender, name=name, **extra):
            sent.append((name, sorted(extra)))

        signal.connect(note, app)
        listeners.append(note)  # blinker holds listeners weakly
    send()
    return sent


@pytest.mark.parametrize(
    "name",
    [
        "template_rendered",
        "before_render_template",
        "request_started",
        "request_finished",
        "request_tearing_down",
        "got_request_exception",
        "appcontext_tearing_down",
        "appcontext_pushed",
        "appcontext_popped",
        "message_flashed",
    ],
)
def test_each_signal_has_its_name_with_dashes_and_is_exported(name):
    signal = getattr(signals, name)

    assert signal is signals._signals[name.replace("_", "-")]
    assert signal is getattr(retort, name)


def test_the_namespace_is_blinkers():
    assert signals.Namespace is blinker.Namespace
    assert isinstance(signals._signals, blinker.Namespace)


def test_the_flag_that_flask_removed_is_absent():
    assert not hasattr(signals, "signals_available")
    assert not hasattr(retort, "signals_available")


def test_a_request_is_announced_from_its_context_to_its_end(app):
    @app.get("/")
    def index():
        return "hello"

    assert names_sent(app, lambda: app.test_client().get("/")) == [
        ("appcontext-pushed", []),
        ("request-started", []),
        ("request-finished", ["response"]),
        ("request-tearing-down", ["exc"]),
        ("appcontext-tearing-down", ["exc"]),
        ("appcontext-popped", []),
    ]


def test_a_request_that_fails_is_announced_with_its_exception(app):
    app.testing = False
    caught = []

    @app.get("/")
    def index():
        raise LookupError("lost")

    def note(sender, exception, **extra):
        caught.append(exception)

    with signals.got_request_exception.connected_to(note, app):
        app.test_client().get("/")

    assert [str(error) for error in caught] == ["lost"]


def test_a_rendered_template_is_announced_twice(app):
    def render():
        with app.app_context():
            retort.render_template_string("hello {{ name }}", name="Ada")

    assert [sent for sent in names_sent(app, render) if "template" in sent[0]] == [
        ("before-render-template", ["context", "template"]),
        ("template-rendered", ["context", "template"]),
    ]


def test_a_flashed_message_is_announced_with_its_category(app):
    heard = []

    def note(sender, message, category, **extra):
        heard.append((message, category))

    @app.get("/")
    def index():
        retort.flash("saved", "info")
        return ""

    with signals.message_flashed.connected_to(note, app):
        app.test_client().get("/")

    assert heard == [("saved", "info")]


def test_another_apps_signals_are_not_received(app):
    other = retort.Flask("other")

    assert names_sent(app, lambda: other.test_client().get("/")) == []
