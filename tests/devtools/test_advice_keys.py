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
