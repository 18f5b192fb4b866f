"""A view that returned nothing: the way that ends without ``return``."""

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
        "index() (program.py:5) returned None: the branch ends at line 7 without a return."
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
