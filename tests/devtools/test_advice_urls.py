"""Addresses: 404 and ``url_for``."""

from pathlib import Path

import pytest

LOGIN = Path(__file__).parents[2] / "examples" / "login" / "login.py"
PROGRAM = """
    from flask import Flask, redirect, request, url_for

    app = Flask(__name__)

    @app.route('/n')
    def n():
        return 'n'

    @app.route('/login', methods=['GET', 'POST'])
    def login():
        return 'welcome ' + request.values.get('nm', '')

    @app.get('/users/<int:id>')
    def user(id):
        return f'user {id}'
"""


def test_an_address_with_a_slash_too_many_is_added_to_the_route(mistake):
    mistake.write("program.py", PROGRAM)

    advice = mistake.advised("GET", "/n/")

    assert advice.what == "/n/ was not found, but /n exists, without the slash at the end."
    assert advice.fix == "Write /n/ in the route to accept both."
    assert advice.place.source == "@app.route('/n')"
    assert mistake.mended("GET", "/n/").text == "n"
    assert mistake.ask("GET", "/n", follow_redirects=True).text == "n"


def test_the_nearest_routes_are_listed_with_their_methods(mistake):
    mistake.write("program.py", PROGRAM)

    advice = mistake.advised("GET", "/logn")

    assert advice.what == "No route /logn. Did you mean /login?"
    [(label, routes)] = advice.facts
    assert label == "Nearest routes"
    assert routes.startswith("/login (GET, POST), ")


@pytest.mark.parametrize(
    ("method", "taken", "fix"),
    [
        ("GET", ["GET", "POST"], "Open /login, or correct the link that led here."),
        ("GET", ["POST"], "Send a form to /login (POST), or correct the link that led here."),
        ("POST", ["POST"], "Send it to /login, or correct the link that led here."),
    ],
)
def test_a_similar_route_is_suggested_with_a_method_it_accepts(mistake, method, taken, fix):
    mistake.write(
        "program.py",
        f"""
        from flask import Flask
        app = Flask(__name__)

        @app.route('/login', methods={taken})
        def login():
            return 'welcome'
        """,
    )

    assert mistake.advised(method, "/logni").fix == fix


def test_a_form_with_a_wrong_action_is_corrected(mistake):
    mistake.write("program.py", PROGRAM)
    mistake.write(
        "login.html",
        '<form action = "http://localhost:5000/logon" method = "post"><input name=nm></form>\n',
    )

    advice = mistake.advised("POST", "/logon", data={"nm": "Bob"})

    assert advice.what == (
        "No route /logon. A form is sent there (login.html:1). Did you mean /login?"
    )
    mistake.apply(advice.diff)
    assert 'action = "http://localhost:5000/login"' in (mistake.folder / "login.html").read_text()


def test_a_file_beside_the_program_is_no_address(mistake):
    mistake.write("program.py", PROGRAM)
    mistake.write("login.html", "<p>hello")

    advice = mistake.advised("GET", "/login.html")

    assert (
        advice.what == "/login.html was not found: login.html is a file, and addresses are routes."
    )
    assert str(mistake.folder) in advice.why
    assert mistake.mended("GET", "/login.html").text == "<p>hello"


def test_a_static_file_that_is_missing_is_looked_for_under_a_near_name(mistake):
    mistake.write("program.py", PROGRAM)
    mistake.write("static/style.css", "")

    advice = mistake.advised("GET", "/static/styles.css")

    assert "Did you mean 'style.css'?" in advice.what


def test_a_static_folder_of_another_name_is_named(mistake):
    mistake.write(
        "program.py",
        PROGRAM.replace("Flask(__name__)", "Flask(__name__, static_folder='assets')"),
    )
    mistake.write("assets/style.css", "")
    mistake.write("login.html", "<p>hello")

    advice = mistake.advised("GET", "/login.html")

    assert "Files in the folder assets are served as /assets/..." in advice.why


def test_a_program_without_static_files_is_not_said_to_serve_them(mistake):
    mistake.write(
        "program.py", PROGRAM.replace("Flask(__name__)", "Flask(__name__, static_folder=None)")
    )
    mistake.write("login.html", "<p>hello")

    assert "are served" not in mistake.advised("GET", "/login.html").why


def test_a_static_file_that_a_view_refuses_is_not_said_to_be_missing(mistake):
    mistake.write(
        "program.py",
        PROGRAM
        + """
    from flask import abort

    app.view_functions['static'] = lambda filename: abort(404)
    """,
    )
    mistake.write("static/style.css", "")
    mistake.ask("GET", "/static/style.css")

    assert mistake.errors
    assert mistake.advice is None


def test_an_address_of_another_subdomain_is_not_said_to_have_no_route(mistake):
    mistake.write(
        "program.py",
        """
        from flask import Flask

        app = Flask(__name__, subdomain_matching=True)
        app.config['SERVER_NAME'] = 'shop.example'

        @app.get('/orders', subdomain='api')
        def orders():
            return ''
        """,
    )

    advice = mistake.advised("GET", "/orders", base_url="http://shop.example/")

    assert advice.what == "No route /orders on the host shop.example."
    assert advice.why == "/orders is a route of the subdomain 'api'."


def test_a_404_of_a_view_gets_no_advice(mistake):
    mistake.write(
        "program.py",
        """
        from flask import Flask, abort
        app = Flask(__name__)

        @app.get('/')
        def index():
            abort(404)
        """,
    )

    assert mistake.ask("GET", "/").status_code == 404
    assert mistake.advice is None


# A variable without a value

TUTORIAL = """
    from flask import Flask, redirect, request, url_for

    app = Flask(__name__)

    @app.route('/success/<name>')
    def success(name):
        return 'welcome ' + name

    @app.route('/login')
    def login():
        user = request.args.get('nm')
        return redirect(url_for('success', name=user))
"""


def test_an_empty_value_in_an_address_is_named_with_the_calls_that_build_it(mistake):
    mistake.write("program.py", TUTORIAL)

    advice = mistake.advised("GET", "/login?nm=", follow_redirects=True)

    assert advice.what == (
        "/success/<name> needs a value for 'name', and the address /success/ has none."
    )
    assert advice.why == "url_for builds this address if 'name' is an empty text."
    assert ("url_for is called with it in", "program.py:12") in advice.facts
    assert advice.fix == "Test that 'name' is not empty before url_for builds the address."
    assert advice.place.source == "@app.route('/success/<name>')"


def test_an_address_that_ends_before_the_variable_is_not_blamed_on_url_for(mistake):
    mistake.write("program.py", TUTORIAL)

    advice = mistake.advised("GET", "/success")

    assert advice.what == (
        "/success/<name> needs a value for 'name', and the address /success has none."
    )
    assert advice.why == ""
    assert advice.fix == "Open /success/<name> with a value for 'name'."


def test_an_empty_value_that_a_converter_cannot_build_is_not_blamed_on_url_for(mistake):
    mistake.write("program.py", PROGRAM)

    advice = mistake.advised("GET", "/users/")

    assert advice.what == (
        "/users/<int:id> needs a value for 'id', and the address /users/ has none."
    )
    assert "url_for" not in f"{advice.why} {advice.fix}"


def test_an_address_that_differs_before_the_variable_needs_no_value(mistake):
    mistake.write("program.py", TUTORIAL)

    assert "needs a value" not in mistake.advised("GET", "/welcome/").what


# url_for

BUILDING = """

    @app.get('/go')
    def go():
        name = 'Ada'
        return redirect(url_for({arguments}))

    @app.get('/hello/<name>')
    def hello(name):
        return 'hello ' + name
"""


def building(mistake, arguments, more=""):
    mistake.write("program.py", PROGRAM + BUILDING.replace("{arguments}", arguments) + more)


@pytest.mark.parametrize(
    ("arguments", "path", "hint", "right"),
    [
        ("'/login'", "/login", "/login belongs to 'login'.", "/login"),
        ("'/hello', name='Bob'", "/hello", "Did you mean 'hello'?", "/hello/Bob"),
    ],
)
def test_a_path_in_place_of_an_endpoint_gets_the_endpoint(mistake, arguments, path, hint, right):
    building(mistake, arguments)

    advice = mistake.advised("GET", "/go")

    assert advice.what == (
        f"url_for({path!r}): endpoints are names of functions, and this is a path. {hint}"
    )
    assert advice.place.source == f"return redirect(url_for({arguments}))"
    assert mistake.mended("GET", "/go").location == right


@pytest.mark.parametrize(("written", "meant"), [("logn", "login"), ("Login", "login")])
def test_a_near_endpoint_is_proposed(mistake, written, meant):
    building(mistake, repr(written))

    advice = mistake.advised("GET", "/go")

    assert advice.what == f"There is no endpoint {written!r}. Did you mean {meant!r}?"
    assert ("Endpoints", "go, hello, login, n, static, user") in advice.facts
    assert mistake.mended("GET", "/go").location == "/login"


def test_an_argument_that_is_missing_is_taken_from_the_variable_of_that_name(mistake):
    building(mistake, "'hello'")

    advice = mistake.advised("GET", "/go")

    assert advice.what == "url_for('hello') needs 'name', for /hello/<name>."
    assert mistake.mended("GET", "/go").location == "/hello/Ada"


def test_an_argument_under_another_name_is_renamed(mistake):
    building(mistake, "'hello', nm=name")

    advice = mistake.advised("GET", "/go")

    assert ("Given", "nm") in advice.facts
    assert mistake.mended("GET", "/go").location == "/hello/Ada"


@pytest.mark.parametrize("value", ["page=2", "name=2"])
def test_an_argument_that_the_view_reads_from_the_query_is_not_renamed(mistake, value):
    name = value.partition("=")[0]
    building(
        mistake,
        f"'listed', {value}",
        f"""
    @app.get('/listed/<letter>')
    def listed(letter):
        return letter + request.args.get('{name}', '')
    """,
    )

    advice = mistake.advised("GET", "/go")

    assert advice.what == "url_for('listed') needs 'letter', for /listed/<letter>."
    assert advice.fix == "Write url_for('listed', letter=...)."
    assert advice.diff == ""


def test_all_missing_arguments_are_in_the_fix(mistake):
    building(
        mistake, "'day'", "\n    @app.get('/<m>/<d>')\n    def day(m, d):\n        return m + d\n"
    )

    advice = mistake.advised("GET", "/go")

    assert advice.what == "url_for('day') needs 'd' and 'm', for /<m>/<d>."
    assert advice.fix == "Write url_for('day', d=..., m=...)."


def test_of_several_routes_the_one_with_the_fewest_missing_values_is_named(mistake):
    building(
        mistake,
        "'day', m=1",
        "\n    @app.get('/<m>/<d>')\n    @app.get('/<m>/<d>/<h>')\n"
        "    def day(m, d, h=0):\n        return m + d\n",
    )

    assert mistake.advised("GET", "/go").what == "url_for('day') needs 'd', for /<m>/<d>."


def test_a_value_that_is_none_is_traced_to_the_line_that_read_it(mistake):
    mistake.write("program.py", TUTORIAL)

    advice = mistake.advised("GET", "/login")

    assert advice.what == (
        "url_for('success') needs 'name', which was None: /login was opened without ?nm=..."
    )
    assert advice.place.line == 11
    assert advice.place.source == "user = request.args.get('nm')"
    assert advice.facts[0] == (
        "url_for is called in",
        "line 12: return redirect(url_for('success', name=user))",
    )
    assert ("Given", "name (None)") in advice.facts
    assert advice.diff == ""
    assert "url_for('success', name=...)" not in advice.fix


def test_the_program_of_the_tutorial_is_explained_where_its_form_was_not_used(mistake):
    program = LOGIN.read_text(encoding="utf-8").partition("if __name__")[0]
    mistake.write("program.py", program)

    advice = mistake.advised("GET", "/login")

    assert advice.what == (
        "url_for('success') needs 'name', which was None: /login was opened without ?nm=..."
    )
    assert (advice.place.line, advice.place.source) == (14, "user = request.args.get('nm')")


def test_a_value_that_is_none_for_an_unknown_reason_is_only_said_to_be_none(mistake):
    building(mistake, "'hello', name=print()")

    advice = mistake.advised("GET", "/go")

    assert advice.what == "url_for('hello') needs 'name', which was None."
    assert advice.place.source == "return redirect(url_for('hello', name=print()))"


def test_a_value_that_is_none_in_a_template_is_said_to_be_none(mistake):
    mistake.write(
        "program.py",
        TUTORIAL.replace("redirect,", "redirect, render_template,").replace(
            "return redirect(url_for('success', name=user))",
            "return render_template('page.html', user=user)",
        ),
    )
    mistake.write("templates/page.html", "{{ url_for('success', name=user) }}\n")

    advice = mistake.advised("GET", "/login")

    assert advice.what == "url_for('success') needs 'name', which was None."
    assert advice.place.file.endswith("templates/page.html")


def test_two_calls_in_a_line_are_not_confused(mistake):
    building(
        mistake,
        "'hello', name=url_for('hello', name=None) and name), url_for('hello', name=name",
    )

    assert mistake.advised("GET", "/go").what == "url_for('hello') needs 'name', which was None."


def test_a_method_that_no_route_accepts_is_named(mistake):
    building(mistake, "'hello', name='Ada', _method='DELETE'")

    advice = mistake.advised("GET", "/go")

    assert (
        advice.what == "url_for('hello') has _method='DELETE', which /hello/<name> does not accept."
    )


def test_values_that_do_not_fit_a_default_are_not_called_missing(mistake):
    building(
        mistake,
        "'first', page=2",
        "\n    @app.get('/first', defaults={'page': 1})\n    def first(page):\n        return ''\n",
    )

    advice = mistake.advised("GET", "/go")

    assert advice.what == "url_for('first') does not match /first with these values."
    assert "=..." not in advice.fix


def test_an_endpoint_of_a_blueprint_is_given_its_prefix(mistake):
    building(
        mistake,
        "'sign_in'",
        """
    from flask import Blueprint
    auth = Blueprint('auth', __name__)

    @auth.get('/in')
    def sign_in():
        return 'in'

    app.register_blueprint(auth)
    """,
    )

    advice = mistake.advised("GET", "/go")

    assert advice.what == "There is no endpoint 'sign_in'. Did you mean 'auth.sign_in'?"
    assert advice.why == "The endpoint 'auth.sign_in' belongs to the blueprint 'auth'."
    assert mistake.mended("GET", "/go").location == "/in"


def test_of_two_blueprints_with_such_an_endpoint_none_is_written(mistake):
    building(
        mistake,
        "'shown'",
        """
    from flask import Blueprint

    for name in ('users', 'orders'):
        part = Blueprint(name, __name__, url_prefix='/' + name)
        part.add_url_rule('/', 'shown', lambda: '')
        app.register_blueprint(part)
    """,
    )

    advice = mistake.advised("GET", "/go")

    assert advice.what == "There is no endpoint 'shown'. Did you mean 'orders.shown'?"
    assert "()" not in advice.why
    assert advice.diff == ""


def test_an_endpoint_in_a_template_is_corrected_in_the_template(mistake):
    mistake.write(
        "program.py",
        """
        from flask import Flask, render_template
        app = Flask(__name__)

        @app.get('/')
        def index():
            return render_template('page.html')
        """,
    )
    mistake.write("templates/page.html", "<p>\n<a href=\"{{ url_for('indx') }}\">home</a>\n")

    advice = mistake.advised("GET", "/")

    assert advice.place.file.endswith("templates/page.html")
    assert advice.place.line == 2
    assert 'href="/"' in mistake.mended("GET", "/").text


@pytest.mark.parametrize(
    ("call", "fix", "corrected"),
    [
        ("'sucess', name='x'", "Write 'success' for 'sucess'.", "url_for('success', name='x')"),
        (
            "'sucess'",
            "Write 'success' for 'sucess', and pass name=... to url_for.",
            "url_for('success', name=name)",
        ),
        ("'sucess', nm='x'", "Write 'success' for 'sucess', and pass name=... to url_for.", ""),
    ],
)
def test_a_corrected_endpoint_gets_the_values_that_it_needs(mistake, call, fix, corrected):
    mistake.write(
        "program.py",
        f"""
        from flask import Flask, url_for
        app = Flask(__name__)

        @app.get("/")
        def index():
            {"other" if "nm=" in call else "name"} = "Ada"
            return url_for({call})

        @app.get("/success/<name>")
        def success(name):
            return name
        """,
    )

    advice = mistake.advised("GET", "/")

    assert advice.fix == fix
    assert (f"+    return {corrected}" in advice.diff) if corrected else (advice.diff == "")
    if corrected:
        assert mistake.mended("GET", "/").status_code == 200


def test_a_route_without_parentheses_is_the_reason_why_there_are_no_routes(mistake):
    mistake.write(
        "program.py",
        """
        from flask import Flask
        app = Flask(__name__)

        @app.route
        def index():
            return "welcome"
        """,
    )

    advice = mistake.advised("GET", "/")

    assert advice.what == "No route /: @app.route has no parentheses, so index() has no address."
    assert advice.place.line == 4
    assert advice.fix == "Write the address in parentheses: @app.route('/')."
    assert mistake.mended("GET", "/").text == "welcome"
