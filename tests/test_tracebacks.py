"""Tracebacks of a log: which frames they begin with."""

import json
import logging
import re
import sys

import pytest

import retort
from retort.logging import default_handler
from retort.tracebacks import format_from_program


@pytest.fixture
def records(app):
    """The records that the application logs."""
    found = []
    app.logger.addFilter(lambda record: found.append(record) or False)
    app.config["TESTING"] = False
    yield found
    app.logger.filters.clear()


def functions(text):
    return re.findall(r'^  File ".*", line \d+, in (.*)$', text, re.M)


def run(path, source, **names):
    """Execute the source as a module at this path, where no file needs to be."""
    namespace = {"__name__": "module", **names}
    exec(compile(source, str(path), "exec"), namespace)
    return namespace


def test_the_traceback_of_a_view_begins_with_the_view_and_has_the_librarys_frames_below_it(
    app, client, records
):
    @app.get("/")
    def index():
        return json.loads("[")

    client.get("/")

    names = functions(default_handler.format(records[0]))
    assert names[:2] == ["index", "loads"]


def test_the_traceback_of_a_hook_begins_with_the_hook(app, client, records):
    @app.before_request
    def check():
        return 1 // 0

    client.get("/")

    assert functions(default_handler.format(records[0])) == ["check"]


def test_each_traceback_of_a_chain_begins_with_the_program(app, client, records):
    @app.get("/")
    def index():
        try:
            return json.loads("[")
        except ValueError as error:
            raise LookupError("no data") from error

    client.get("/")

    text = default_handler.format(records[0])
    cause, error = text.split("The above exception was the direct cause")
    assert functions(cause)[0] == "index"
    assert functions(error) == ["index"]
    assert text.endswith("LookupError: no data")


def test_the_exception_keeps_all_of_its_frames_for_other_handlers(app, client, records):
    app.add_url_rule("/", "index", lambda: 1 // 0)
    client.get("/")
    record = records[0]

    default_handler.format(record)

    whole = logging.Formatter("%(message)s").format(record)
    assert "wsgi_app" in functions(whole)
    assert functions(whole)[-1] == "<lambda>"


def test_a_text_that_another_formatter_has_cached_is_not_used(app, client, records):
    app.add_url_rule("/", "index", lambda: 1 // 0)
    client.get("/")
    record = records[0]
    whole = logging.Formatter("%(message)s").format(record)

    assert functions(default_handler.format(record)) == ["<lambda>"]
    assert logging.Formatter("%(message)s").format(record) == whole


def test_a_text_without_the_exception_is_kept_as_in_a_record_from_a_queue():
    record = logging.LogRecord("n", logging.ERROR, "/dir/mod.py", 1, "failed", (), None)
    record.exc_text = "Traceback of another process"

    assert default_handler.format(record).endswith("failed\nTraceback of another process")


def test_a_traceback_without_a_frame_of_the_program_is_complete(app, client, records):
    app.add_url_rule("/", "index", json.loads, defaults={"s": "["})

    client.get("/")

    assert functions(default_handler.format(records[0]))[0] == "wsgi_app"


@pytest.mark.parametrize("folder", ["site-packages", "dist-packages"])
def test_the_traceback_of_an_installed_program_begins_with_its_package(
    app, client, records, tmp_path, folder
):
    packages = tmp_path / "lib" / folder
    library = run(packages / "werkzeug" / "library.py", "def call(view):\n    return view()\n")
    program = run(packages / "shop" / "views.py", "def index():\n    return 1 // 0\n")
    app.add_url_rule("/", "index", lambda: library["call"](program["index"]))
    app.view_functions["index"] = run(
        packages / "werkzeug" / "entry.py",
        "def entry():\n    return call(view)\n",
        call=library["call"],
        view=program["index"],
    )["entry"]

    client.get("/")

    assert functions(default_handler.format(records[0])) == ["index"]


def test_a_program_whose_frame_is_between_those_of_packages_is_found(tmp_path):
    packages = tmp_path / "site-packages"
    decorator = run(packages / "guard" / "__init__.py", "def guard(view):\n    return view()\n")

    def view():
        return json.loads("[")

    with pytest.raises(ValueError, match="Expecting value") as caught:
        decorator["guard"](view)
    trace = caught.value.__traceback__.tb_next  # the first frame is this test

    assert functions(format_from_program(caught.value, trace))[:2] == ["view", "loads"]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="another Python: 3.10 has no groups")
def test_a_group_of_exceptions_is_formatted():
    group = ExceptionGroup("several", [ValueError("one"), LookupError("two")])  # noqa: F821

    text = format_from_program(group, None)

    assert "ValueError: one" in text
    assert "LookupError: two" in text


def test_an_exception_without_a_traceback_is_its_message():
    assert format_from_program(ValueError("alone"), None) == "ValueError: alone\n"


def test_a_chain_that_leads_back_to_itself_ends():
    first, second = ValueError("first"), ValueError("second")
    first.__context__, second.__context__ = second, first

    assert "ValueError: first" in format_from_program(first, None)


def test_a_record_of_retorts_own_modules_has_the_loggers_name_instead_of_the_modules():
    for logger_name, module in (("retort.devtools", "devtools/layer.py"), ("shop", "wsgi.py")):
        path = retort.__file__.replace("__init__.py", module)
        record = logging.LogRecord(logger_name, logging.WARNING, path, 1, "text", (), None)

        assert default_handler.format(record).endswith(f"] WARNING in {logger_name}: text")
        assert record.module in ("layer", "wsgi")  # the record is not changed


def test_an_unhandled_exception_is_logged_in_app_as_by_flask(app, client, records):
    app.add_url_rule("/", "index", lambda: 1 // 0)

    client.get("/")

    assert "] ERROR in app: Exception on / [GET]\n" in default_handler.format(records[0])
