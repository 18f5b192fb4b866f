"""A session without a key: a key is made."""

import re

PROGRAM = """
    from flask import Flask, flash, session

    app = Flask(__name__)

    @app.get('/')
    def index():
        {line}
        return 'welcome'
"""


def test_a_program_whose_session_has_no_key_is_given_one(mistake):
    mistake.write("program.py", PROGRAM.format(line="session['nm'] = 'Bob'"))

    advice = mistake.advised("GET", "/")

    assert advice.what == (
        "index() writes into the session, but the program has no SECRET_KEY to sign its cookie"
        " with."
    )
    assert (advice.place.line, advice.place.source) == (7, "session['nm'] = 'Bob'")
    assert re.search(r"^\+app\.config\['SECRET_KEY'\] = '[0-9a-f]{64}'$", advice.diff, re.M)
    assert mistake.mended("GET", "/").text == "welcome"


def test_a_key_that_is_assigned_without_a_value_is_named(mistake):
    program = PROGRAM.replace(
        "= Flask(__name__)",
        "= Flask(__name__)\n    app.secret_key = __import__('os').getenv('NO_KEY')",
    )
    mistake.write("program.py", program.format(line="session['nm'] = 'Bob'"))

    advice = mistake.advised("GET", "/")

    assert advice.fix == "Set a key that is not empty: the one of program.py:4 has no value."
    assert advice.diff == ""


def test_a_session_interface_of_the_program_is_not_given_a_key(mistake):
    mistake.write(
        "program.py",
        PROGRAM.format(line="session['nm'] = 'Bob'")
        + """
    from retort.sessions import SessionInterface

    class Closed(SessionInterface):
        def open_session(self, app, request):
            return None

    app.session_interface = Closed()
    """,
    )
    mistake.ask("GET", "/")

    assert mistake.errors
    assert mistake.advice is None


def test_a_template_that_writes_into_the_session_is_named(mistake):
    mistake.write(
        "program.py",
        PROGRAM.format(line="return render_template('page.html')").replace(
            "flash,", "render_template,"
        ),
    )
    mistake.write("templates/page.html", "{{ session.pop('nm') }}\n")

    advice = mistake.advised("GET", "/")

    assert advice.what.startswith("page.html writes into the session, but the program has no")


def test_each_program_is_given_another_key(mistake):
    mistake.write("program.py", PROGRAM.format(line="flash('hello')"))

    first, second = mistake.advised("GET", "/").diff, mistake.advised("GET", "/").diff

    assert first != second


def test_a_program_whose_application_is_made_in_a_function_gets_no_diff(mistake):
    mistake.write(
        "program.py",
        """
        from flask import Flask, session

        def create_app():
            app = Flask(__name__)

            @app.get('/')
            def index():
                session['nm'] = 'Bob'

            return app

        app = create_app()
        """,
    )

    advice = mistake.advised("GET", "/")

    assert "SECRET_KEY" in advice.what
    assert advice.diff == ""
