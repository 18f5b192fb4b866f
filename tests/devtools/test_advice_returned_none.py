"""A view that returned nothing: the branch that ends without ``return``."""

PROGRAM = """
    from flask import Flask, redirect, render_template_string, request

    app = Flask(__name__)

    @app.route('/', methods=['GET', 'POST'])
    def index():
        {body}
"""


def view(mistake, body):
    body = body.replace("\n", "\n        ")
    mistake.write("program.py", PROGRAM.replace("{body}", body))


def test_a_value_that_is_thrown_away_is_returned(mistake):
    view(mistake, "render_template_string('hello')")

    advice = mistake.advised("GET", "/")

    assert advice.what == (
        "index() (program.py:5) returned None: it ends at line 7 without a return."
    )
    assert advice.fix == "Write return before this line."
    assert mistake.mended("GET", "/").text == "hello"


def test_the_branch_with_the_value_is_found_among_others(mistake):
    view(
        mistake,
        "if request.method == 'POST':\n    return redirect('/')\nelse:\n    'who are you?'",
    )

    advice = mistake.advised("GET", "/")

    assert advice.place.line == 10
    assert mistake.mended("GET", "/").text == "who are you?"


def test_an_if_without_else_is_named(mistake):
    view(mistake, "if request.method == 'POST':\n    return 'posted'")

    advice = mistake.advised("GET", "/")

    assert "is false, nothing is returned" in advice.what
    assert "request.method == 'POST'" in advice.what
    assert advice.place.line == 7
    assert advice.diff == ""


def test_a_return_of_nothing_is_named(mistake):
    view(mistake, "for number in range(3):\n    return\nreturn 'done'")

    assert "line 8 returns nothing" in mistake.advised("GET", "/").what


def test_ways_through_try_with_and_match_are_followed(mistake):
    view(
        mistake,
        """
try:
    with open(__file__) as file:
        file.read()
except OSError:
    return 'no file'
""".strip(),
    )

    advice = mistake.advised("GET", "/")

    assert advice.place.line == 9
    assert advice.facts == (("Branches without a return", "line 9"),)


def test_a_match_without_a_default_can_end_without_a_response(mistake):
    view(
        mistake,
        """
match request.method:
    case 'POST':
        return 'posted'
""".strip(),
    )

    assert "no case of line 7 matches" in mistake.advised("GET", "/").what


def test_a_decorator_without_a_return_is_named_and_not_the_view(mistake):
    mistake.write(
        "program.py",
        """
        import functools
        from flask import Flask

        app = Flask(__name__)

        def logged(view):
            @functools.wraps(view)
            def wrapper(*args, **kwargs):
                view(*args, **kwargs)
            return wrapper

        @app.get('/')
        @logged
        def index():
            return 'hello'
        """,
    )

    advice = mistake.advised("GET", "/")

    assert advice.what == (
        "wrapper() (program.py:7) returned None: it ends at line 9 without a return."
    )


def test_an_error_handler_without_a_return_is_named_and_not_the_view(mistake):
    view(mistake, "return 1 / 0")
    mistake.write(
        "program.py",
        (mistake.folder / "program.py").read_text()
        + "\n@app.errorhandler(ZeroDivisionError)\ndef sorry(error):\n    print(error)\n",
    )

    advice = mistake.advised("GET", "/")

    assert advice.what.startswith("sorry() (program.py:9) returned None")


def test_two_functions_that_may_have_returned_nothing_are_both_listed(mistake):
    view(mistake, "if request.args:\n    return 'args'")
    mistake.write(
        "program.py",
        (mistake.folder / "program.py").read_text()
        + "\n@app.errorhandler(404)\ndef sorry(error):\n    print(error)\n",
    )

    advice = mistake.advised("GET", "/")

    assert advice.what == "The return value for GET / is None."
    assert advice.facts == (
        ("index() (program.py:5)", "line 7"),
        ("sorry() (program.py:10)", "line 12"),
    )


def test_of_two_open_branches_neither_is_said_to_have_run(mistake):
    view(mistake, "if request.args:\n    print('args')\nelse:\n    print('none')")

    advice = mistake.advised("GET", "/")

    assert advice.what == (
        "index() (program.py:5) returned None: no value is returned by the branches that end at"
        " lines 8 and 10."
    )


def test_a_branch_that_aborts_is_no_open_end(mistake):
    view(mistake, "if request.args:\n    abort(400)\nelse:\n    print('none')")
    program = (mistake.folder / "program.py").read_text()
    mistake.write("program.py", program.replace("import Flask", "import abort, Flask"))

    assert "the branch ends at line 10 without a return" in mistake.advised("GET", "/").what


def test_a_loop_that_ends_is_named(mistake):
    view(mistake, "for name in request.args:\n    return 'name'")

    assert "after the loop of line 7, nothing is returned" in mistake.advised("GET", "/").what


def test_a_value_that_is_none_is_named(mistake):
    view(mistake, "name = request.args.get('name')\nreturn name")

    advice = mistake.advised("GET", "/")

    assert advice.what == "index() (program.py:5) returned None: name in line 8 is None."
    assert advice.place.source == "return name"
    assert advice.fix == "Return something else if name is None."


def test_a_branch_is_not_blamed_if_a_value_may_have_been_none(mistake):
    view(
        mistake,
        "if request.method == 'POST':\n    print('posted')\nelse:\n"
        "    return request.args.get('name')",
    )

    advice = mistake.advised("GET", "/")

    assert advice.what == "index() (program.py:5) returned None."
    assert advice.facts == (
        ("Branches without a return", "line 8"),
        ("Returns whose value may be None", "line 10"),
    )
    assert advice.diff == ""


def test_make_response_of_nothing_is_not_blamed_on_a_branch_of_the_view(mistake):
    view(mistake, "if request.args:\n    app.make_response(None)\nelse:\n    print('none')")

    advice = mistake.advised("GET", "/?a=1")

    assert advice.what == "make_response() got None, which is no response."
    assert advice.place.source == "app.make_response(None)"
