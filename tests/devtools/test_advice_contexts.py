"""``request``, ``current_app`` and kin outside of a context: the line, and the change."""

import sys
import threading

import pytest

from retort.devtools.advice import advise


def failure(mistake, program):
    """Why the program cannot be imported."""
    mistake.write("program.py", program)
    with pytest.raises(RuntimeError) as caught:
        mistake.load()
    return advise(caught.value, None, None)


def test_current_app_while_the_program_is_imported_is_the_application(mistake):
    advice = failure(
        mistake,
        """
        from flask import Flask, current_app

        app = Flask(__name__)
        title = current_app.name

        @app.get('/')
        def index():
            return title
        """,
    )

    assert advice.what == (
        "current_app was used while the program is imported, when no application is the"
        " current one."
    )
    assert (advice.place.line, advice.place.source) == (4, "title = current_app.name")
    assert "retort shell" in advice.why
    mistake.apply(advice.diff)
    assert mistake.ask("GET", "/").text == "program"


def test_a_call_that_needs_the_application_is_put_below_its_context(mistake):
    advice = failure(
        mistake,
        """
        from flask import Flask, g

        app = Flask(__name__)

        def prepare():
            g.ready = True

        prepare()

        @app.get('/')
        def index():
            return 'prepared'
        """,
    )

    assert advice.what == (
        "g was used in prepare(), which was called outside of the application's context."
    )
    assert advice.fix == "Call it below 'with app.app_context():'."
    mistake.apply(advice.diff)
    assert mistake.ask("GET", "/").text == "prepared"
    text = (mistake.folder / "program.py").read_text()
    assert "with app.app_context():\n    prepare()\n" in text


def test_a_request_while_the_program_is_imported_belongs_into_a_view(mistake):
    advice = failure(
        mistake,
        """
        from flask import Flask, request as asked

        app = Flask(__name__)
        name = asked.args.get('name')
        """,
    )

    assert advice.what == (
        "asked was used while the program is imported, when there is no request yet."
    )
    assert advice.fix == "Move this line into the view that needs it."
    assert advice.diff == ""


def test_a_thread_is_started_with_a_copy_of_the_context(mistake, monkeypatch):
    mistake.write(
        "program.py",
        """
        import threading

        from flask import Flask, request

        app = Flask(__name__)
        said = []

        def work():
            said.append(request.path)

        @app.get('/')
        def index():
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
            return ''.join(said)
        """,
    )
    failures = []
    monkeypatch.setattr(threading, "excepthook", failures.append)
    mistake.ask("GET", "/")

    [failed] = failures
    advice = advise(failed.exc_value, mistake.app, None)

    assert advice.what == (
        "request was used in a thread, where there is no request: work() runs outside of it."
    )
    assert advice.place.source == "said.append(request.path)"
    mistake.apply(advice.diff)
    assert mistake.ask("GET", "/").text == "/"
    assert len(failures) == 1


def test_a_function_that_is_called_outside_of_a_request_is_named(mistake):
    mistake.write(
        "program.py",
        """
        from flask import Flask, request

        app = Flask(__name__)

        def path():
            return request.path
        """,
    )
    mistake.load()

    with pytest.raises(RuntimeError) as caught:
        sys.modules["program"].path()
    advice = advise(caught.value, mistake.app, None)

    assert advice.what == "request was used in path(), which was called outside of a request."
    assert "test_request_context" in advice.fix


def test_a_function_that_a_thread_starts_elsewhere_is_not_said_to_run_in_one(mistake):
    advice = failure(
        mistake,
        """
        import threading

        from flask import Flask, current_app

        app = Flask(__name__)

        def work():
            return current_app.name

        def start():
            threading.Thread(target=work).start()

        work()
        """,
    )

    assert "copy_current_request_context" not in f"{advice.why} {advice.fix} {advice.diff}"
    assert advice.what == (
        "current_app was used in work(), which was called outside of the application's context."
    )


@pytest.mark.parametrize(
    "start",
    [
        "threading.Thread(target=work)\nthread.start()\nthread.join()",
        "ThreadPoolExecutor()\nthread.submit(work).exception()\nthread.shutdown()",
    ],
)
def test_a_thread_that_no_request_starts_is_not_given_a_copy_of_the_context(mistake, start):
    mistake.write(
        "program.py",
        "import threading\nfrom concurrent.futures import ThreadPoolExecutor\n\n"
        "from flask import Flask, request\n\napp = Flask(__name__)\nfailed = []\n\n"
        "def work():\n    try:\n        request.path\n    except RuntimeError as error:\n"
        f"        failed.append(error)\n\nthread = {start}\n",
    )
    mistake.load()

    advice = advise(sys.modules["program"].failed[0], mistake.app, None)

    assert "in a thread" in advice.what
    assert advice.fix == "Pass the values that work() needs as arguments."
    assert advice.diff == ""


def test_a_script_is_not_said_to_be_imported(mistake):
    file = mistake.write(
        "program.py", "from flask import Flask, request\n\napp = Flask(__name__)\nrequest.path\n"
    )
    with pytest.raises(RuntimeError) as caught:
        exec(compile(file.read_bytes(), str(file), "exec"), {"__name__": "__main__"})

    advice = advise(caught.value, None, None)

    assert advice.what == "request was used outside of functions, when there is no request yet."


def test_other_errors_of_this_kind_are_not_explained():
    assert advise(RuntimeError("something else"), None, None) is None


URL_AT_IMPORT = """
    from flask import Flask, url_for

    app = Flask(__name__)
    app.config["SERVER_NAME"] = {server_name!r}

    @app.get("/")
    def index():
        return home

    home = url_for("index")
    """


def test_url_for_while_the_program_is_imported_belongs_into_a_view(mistake):
    advice = failure(mistake, URL_AT_IMPORT.format(server_name=None))

    assert advice.what == (
        "url_for was called while the program is imported, when there is no request yet."
    )
    assert advice.place.line == 10
    assert advice.fix == "Move this line into the view that needs it."
    assert advice.diff == ""  # an application context is not enough


def test_url_for_with_a_server_name_needs_only_the_application_context(mistake):
    advice = failure(mistake, URL_AT_IMPORT.format(server_name="shop.example"))

    mistake.apply(advice.diff)

    assert mistake.ask("GET", "/", base_url="http://shop.example").text == "http://shop.example/"


@pytest.mark.parametrize("returned", ["body(1)", "Response(body(1))"])
def test_a_generator_keeps_the_context_while_it_is_sent(mistake, returned):
    mistake.write(
        "program.py",
        f"""
        from flask import Flask, Response, request

        app = Flask(__name__)

        def body(count):
            yield request.path * count

        @app.get('/')
        def index():
            return {returned}
        """,
    )

    advice = mistake.advised("GET", "/")

    assert advice.what == (
        "request was used in the generator body(), after the request's context had ended."
    )
    assert mistake.mended("GET", "/").text == "/"
