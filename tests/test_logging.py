import importlib
import io
import logging
import sys
import traceback

import pytest

from retort import Flask
from retort.logging import (
    create_logger,
    default_handler,
    escape_controls,
    has_level_handler,
    wsgi_errors_stream,
)


@pytest.fixture
def root():
    """A root logger as in a fresh program; pytest has put handlers on the real one."""
    return logging.RootLogger(logging.WARNING)


@pytest.fixture
def logger(root):
    """A logger with nothing set, below ``root``; it is left so."""
    logger = logging.getLogger("logger under test")
    real_parent, logger.parent = logger.parent, root
    yield logger
    logger.parent = real_parent
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)
    logger.propagate = True


@pytest.fixture
def logged_app(logger):
    app = Flask("logger under test")
    app.testing = True
    return app


def test_the_logger_is_named_as_the_app(logged_app):
    assert logged_app.logger.name == "logger under test"
    assert logged_app.logger is logging.getLogger("logger under test")


def test_two_apps_of_one_name_share_the_logger(logged_app):
    assert Flask("logger under test").logger is logged_app.logger
    assert logged_app.logger.handlers == [default_handler]


def test_the_default_handler_is_added_if_nothing_would_handle_records(logged_app):
    assert logged_app.logger.handlers == [default_handler]


def test_the_level_is_not_changed_without_debug(logged_app):
    assert logged_app.logger.level == logging.NOTSET


def test_debug_mode_sets_the_level_to_debug(logged_app):
    logged_app.debug = True

    assert logged_app.logger.level == logging.DEBUG


def test_a_level_that_was_set_stays_in_debug_mode(logged_app, logger):
    logger.setLevel(logging.ERROR)
    logged_app.debug = True

    assert logged_app.logger.level == logging.ERROR


def test_a_logger_with_a_handler_gets_no_other(logged_app, logger):
    own = logging.NullHandler()
    logger.addHandler(own)

    assert logged_app.logger.handlers == [own]


def test_a_handler_of_the_root_logger_is_enough(root, logged_app):
    root.addHandler(logging.NullHandler())

    assert logged_app.logger.handlers == []


def test_a_handler_that_drops_the_logger_s_level_is_not_enough(root, logged_app):
    deaf = logging.NullHandler(level=logging.CRITICAL)
    root.addHandler(deaf)

    assert logged_app.logger.handlers == [default_handler]


def test_create_logger_may_be_called_again(logged_app):
    assert create_logger(logged_app) is create_logger(logged_app)
    assert logged_app.logger.handlers == [default_handler]


def test_a_logger_without_handlers_has_no_level_handler(logger):
    assert has_level_handler(logger) is False


def test_a_handler_of_the_logger_itself_counts(logger):
    logger.addHandler(logging.NullHandler())

    assert has_level_handler(logger) is True


def test_a_handler_of_a_parent_counts_unless_the_logger_does_not_propagate(root, logger):
    root.addHandler(logging.NullHandler())

    assert has_level_handler(logger) is True
    logger.propagate = False
    assert has_level_handler(logger) is False


def test_propagation_stops_at_a_parent_that_does_not_propagate(root, logger):
    root.addHandler(logging.NullHandler())
    logger.propagate = False

    assert has_level_handler(logging.getLogger("logger under test.child")) is False


def test_the_effective_level_decides_whether_a_handler_counts(logger):
    logger.addHandler(logging.NullHandler(level=logging.ERROR))

    assert has_level_handler(logger) is False
    logger.setLevel(logging.ERROR)
    assert has_level_handler(logger) is True


def test_outside_of_a_request_errors_go_to_the_stderr_of_the_moment(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)

    wsgi_errors_stream.write("noticed")

    assert stream.getvalue() == "noticed"


def test_in_a_request_errors_go_to_the_servers_stream(app):
    stream = io.StringIO()

    with app.test_request_context(errors_stream=stream):
        wsgi_errors_stream.write("noticed")

    assert stream.getvalue() == "noticed"


def test_a_record_of_the_app_reaches_the_stream_of_the_request(logged_app):
    stream = io.StringIO()

    @logged_app.get("/")
    def index():
        logged_app.logger.error("the cat is out")
        return ""

    logged_app.test_client().get("/", errors_stream=stream)

    assert stream.getvalue().rstrip().endswith("ERROR in test_logging: the cat is out")


def test_a_record_of_the_default_handler_starts_with_its_time():
    record = logging.LogRecord("n", logging.INFO, "/dir/mod.py", 1, "text", (), None)

    line = default_handler.format(record)

    assert line.startswith("[20")
    assert line.endswith("] INFO in mod: text")


def test_an_exception_in_a_view_is_logged_with_its_path_and_traceback(logger):
    app = Flask("logger under test")
    stream = io.StringIO()

    @app.get("/broken")
    def broken():
        raise ValueError("the reason")

    response = app.test_client().get("/broken?x=1", errors_stream=stream)

    assert response.status_code == 500
    text = stream.getvalue()
    assert "Exception on /broken [GET]" in text
    assert "ValueError: the reason" in text
    assert "the reason" not in response.text


def test_log_exception_can_be_overridden(logger):
    told = []

    class Quiet(Flask):
        def log_exception(self, exc_info):
            told.append(exc_info[0])

    app = Quiet("logger under test")

    @app.get("/")
    def broken():
        raise ZeroDivisionError

    stream = io.StringIO()
    app.test_client().get("/", errors_stream=stream)

    assert told == [ZeroDivisionError]
    assert stream.getvalue() == ""


# What a client sends, in a log

FORGED = "[2026-11-30 12:00:00,000] ERROR in app: forged"


def formatted(message, *arguments, error=None):
    """A record as the default handler writes it."""
    exc_info = error and (type(error), error, error.__traceback__)
    record = logging.LogRecord("n", logging.INFO, "/dir/mod.py", 1, message, arguments, exc_info)
    return default_handler.format(record)


def first_letters(text):
    return [line[:1] for line in text.splitlines()]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
@pytest.mark.parametrize("is_argument", [True, False])
def test_a_path_with_a_line_break_forges_no_record(end, is_argument):
    path = f"/x{end}{FORGED}"

    text = formatted("no page %s", path) if is_argument else formatted(f"no page {path}")

    assert text.count("forged") == 1
    assert first_letters(text) in (["["], ["[", " "])


@pytest.mark.parametrize("letter", ["\x1b", "\x9b", "\x07", "\x08", "\x00", "\x7f"])
def test_no_control_character_reaches_the_terminal(letter):
    text = formatted(f"path {letter}[2J", error=ValueError(f"path {letter}[2J"))

    assert letter not in text
    assert text.count(letter.encode("unicode_escape").decode()) == 2


def test_a_message_of_several_lines_keeps_its_lines_and_they_are_indented():
    text = formatted("three lines:\n\tone\r\n\n%s", "two")

    assert text.splitlines()[0].endswith("] INFO in mod: three lines:")
    assert text.splitlines()[1:] == ["    \tone", "    ", "    two"]


def test_a_traceback_stays_as_python_prints_it():
    try:
        raise ValueError("the reason")
    except ValueError as caught:
        error = caught

    text = formatted("failed", error=error)

    printed = "".join(traceback.format_exception(ValueError, error, error.__traceback__))
    assert text.endswith(f"] INFO in mod: failed\n{printed}".rstrip("\n"))


def test_the_message_of_an_exception_forges_no_record():
    text = formatted("failed", error=ValueError(f"no page /x\n{FORGED}\n{FORGED}"))

    assert [line for line in text.splitlines() if line.startswith("[")] == [text.splitlines()[0]]


def test_an_ordinary_record_is_formatted_as_flask_does():
    assert formatted("Z\u00fcrich \u00a0 %s", "\u4f60").endswith(
        "] INFO in mod: Z\u00fcrich \u00a0 \u4f60"
    )


def test_the_record_of_an_exception_has_its_path_in_one_line_for_every_handler(logger):
    records = []
    logger.addFilter(lambda record: records.append(record.getMessage()) or False)
    app = Flask("logger under test")
    app.before_request(lambda: 1 // 0)

    app.test_client().get("/x%0A%1B[2J")

    assert records == ["Exception on /x\\n\\x1b[2J [GET]"]


def test_control_characters_are_escaped_as_in_source():
    assert escape_controls(
        "a\tb\r\n\x1b\x9b\u2028\u00e9"
    ) == r"a\tb\r\n\x1b\x9b\u2028\u00e9".replace(r"\u00e9", "\u00e9")


def test_a_record_is_formatted_without_the_record_factory_of_the_program():
    file = importlib.import_module("retort.lifecycle.run").__file__
    record = logging.LogRecord("shop", logging.ERROR, file, 1, "failed", (), None)
    made = []

    logging.setLogRecordFactory(lambda *_, **__: made.append("a record"))
    try:
        shown = default_handler.format(record)
    finally:
        logging.setLogRecordFactory(logging.LogRecord)

    assert "ERROR in shop: failed" in shown
    assert record.module == "run"
    assert made == []
