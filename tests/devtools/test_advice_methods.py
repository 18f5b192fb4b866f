"""405: which methods the route takes, and the change that adds the one that was sent."""

import pytest

LOGIN = """
    from flask import Flask, redirect, request, url_for

    app = Flask(__name__)


    {route}
    def login():
        if request.method == 'POST':
            return 'welcome ' + request.form['nm']
        return 'who are you?'
"""
TAKEN = "@app.route('/login', methods=['GET', 'POST'])"


@pytest.mark.parametrize(
    ("route", "mended"),
    [
        ("@app.route('/login')", TAKEN),
        ("@app.route('/login', methods=['GET'])", TAKEN),
        ("@app.get('/login')", TAKEN),
        ("@app.route(\n    '/login',\n    strict_slashes=False,\n)", "methods=['GET', 'POST'],\n)"),
        ('@app.route("/login")', '@app.route("/login", methods=["GET", "POST"])'),
    ],
)
def test_a_form_sent_to_a_get_route_adds_post(mistake, route, mended):
    mistake.write("program.py", LOGIN.format(route=route.replace("\n", "\n    ")))

    advice = mistake.advised("POST", "/login", data={"nm": "Bob"})

    assert advice.what == "POST /login arrived; login() (program.py:6) accepts GET only."
    assert advice.fix == "Let login() accept POST: write methods=['GET', 'POST'] at its route."
    assert advice.place.line == 6
    assert advice.place.source.startswith("@app.")
    assert mistake.mended("POST", "/login", data={"nm": "Bob"}).text == "welcome Bob"
    assert mended in (mistake.folder / "program.py").read_text()


def test_a_route_made_by_add_url_rule_is_changed_where_it_is_made(mistake):
    mistake.write(
        "program.py",
        """
        from flask import Flask, request

        def login():
            return 'welcome ' + request.form['nm']

        app = Flask(__name__)
        app.add_url_rule('/login', view_func=login)
        """,
    )

    advice = mistake.advised("POST", "/login", data={"nm": "Bob"})

    assert "login() (program.py:3) accepts GET only" in advice.what
    assert mistake.mended("POST", "/login", data={"nm": "Bob"}).text == "welcome Bob"


def test_a_route_of_a_blueprint_is_found_by_the_end_of_its_address(mistake):
    mistake.write(
        "program.py",
        """
        from flask import Blueprint, Flask, request

        auth = Blueprint('auth', __name__)

        @auth.route('/login')
        def login():
            return 'welcome ' + request.form['nm']

        app = Flask(__name__)
        app.register_blueprint(auth, url_prefix='/auth')
        """,
    )

    advice = mistake.advised("POST", "/auth/login", data={"nm": "Bob"})

    assert advice.what.startswith("POST /auth/login arrived; login() (program.py:5)")
    assert mistake.mended("POST", "/auth/login", data={"nm": "Bob"}).text == "welcome Bob"


def test_a_method_other_than_post_is_added_in_the_same_way(mistake):
    mistake.write("program.py", LOGIN.format(route=TAKEN))

    advice = mistake.advised("DELETE", "/login")

    assert advice.what == "DELETE /login arrived; login() (program.py:6) accepts GET and POST only."
    assert mistake.mended("DELETE", "/login").text == "who are you?"


def test_of_two_views_the_one_that_reads_the_form_is_to_take_it(mistake):
    mistake.write(
        "program.py",
        """
        from flask import Flask, request

        app = Flask(__name__)

        @app.put('/login')
        def replace():
            return 'replaced'

        @app.get('/login')
        def login():
            return 'welcome ' + request.form['nm']
        """,
    )

    advice = mistake.advised("POST", "/login", data={"nm": "Bob"})

    assert "replace() (program.py:5) accepts PUT only" in advice.what
    assert "login() (program.py:9) accepts GET only" in advice.what
    assert mistake.mended("POST", "/login", data={"nm": "Bob"}).text == "welcome Bob"


def test_a_class_needs_a_method_of_that_name(mistake):
    mistake.write(
        "program.py",
        """
        from flask import Flask
        from retort.views import MethodView

        app = Flask(__name__)

        class Item(MethodView):
            def get(self):
                return 'item'

        app.add_url_rule('/item', view_func=Item.as_view('item'))
        """,
    )

    advice = mistake.advised("POST", "/item")

    assert advice.what == "POST /item arrived; the class Item accepts GET only."
    assert advice.fix == "Write a method post(self) in the class Item."
    assert advice.diff == ""


def test_what_is_not_the_programs_own_is_named_by_its_endpoint(mistake):
    mistake.write("program.py", LOGIN.format(route=TAKEN))

    advice = mistake.advised("POST", "/static/x.css")

    assert advice.what == "POST /static/x.css arrived; the endpoint 'static' accepts GET only."
    assert advice.diff == ""


def test_methods_that_are_computed_are_not_changed(mistake):
    program = LOGIN.format(route="@app.route('/login', methods=list(('GET',)))")
    mistake.write("program.py", program)

    advice = mistake.advised("POST", "/login", data={"nm": "Bob"})

    assert "accepts GET only" in advice.what
    assert advice.diff == ""


POST_ONLY = """
    from flask import Flask, request

    app = Flask(__name__)

    @app.route('/login', methods=['POST'])
    def login():
        return 'welcome ' + request.form['nm']
"""


def test_a_view_for_post_that_was_opened_is_given_a_page_with_its_form(mistake):
    mistake.write("program.py", POST_ONLY)

    advice = mistake.advised("GET", "/login")

    assert advice.what == "You opened /login with GET; login() (program.py:5) accepts POST only."
    assert '<form action="/login" method="post">' in advice.fix
    assert advice.facts == (("Fields that are read", "nm"),)
    page = mistake.mended("GET", "/login").text
    assert '<form method="post">' in page
    assert '<input name="nm"' in page
    assert mistake.ask("POST", "/login", data={"nm": "Bob"}).text == "welcome Bob"


def test_the_page_of_a_route_with_variables_takes_them_too(mistake):
    mistake.write("program.py", POST_ONLY.replace("'/login'", "'/login/<int:number>'"))
    text = (mistake.folder / "program.py").read_text().replace("login():", "login(number):")
    mistake.write("program.py", text)

    mistake.advised("GET", "/login/7")

    assert "<form" in mistake.mended("GET", "/login/7").text


def test_where_there_is_a_form_already_its_page_is_named(mistake):
    mistake.write(
        "program.py",
        POST_ONLY
        + """
    @app.get('/')
    def index():
        return '<form action="/login" method="post"><input name="nm"></form>'
    """,
    )

    advice = mistake.advised("GET", "/login")

    assert advice.why == "There is a page with the form: /."
    assert advice.fix.startswith("Open the page with the form")
    assert advice.diff == ""


def test_a_form_without_a_method_that_is_sent_to_a_view_for_post_gets_one(mistake):
    mistake.write("program.py", POST_ONLY)
    mistake.write("login.html", '<form action="/login">\n  <input name="nm">\n</form>\n')

    advice = mistake.advised("GET", "/login?nm=Bob")

    assert advice.fix == 'Add method="post" to the form.'
    assert advice.place.file.endswith("login.html")
    mistake.apply(advice.diff)
    assert '<form action="/login" method="post">' in (mistake.folder / "login.html").read_text()


def test_a_page_with_a_form_does_not_take_the_name_of_another_view(mistake):
    mistake.write(
        "program.py",
        POST_ONLY
        + """
    @app.get('/sign-in')
    def login_form():
        return 'a page'
    """,
    )

    assert mistake.advised("GET", "/login").diff == ""


def test_head_is_not_called_get(mistake):
    mistake.write("program.py", POST_ONLY)

    assert mistake.advised("HEAD", "/login").what.startswith("You opened /login with HEAD; ")


def test_a_redirect_that_keeps_post_is_distinguished_from_a_form(mistake):
    mistake.write(
        "program.py",
        """
        from flask import Flask, redirect, url_for

        app = Flask(__name__)

        @app.post('/login')
        def login():
            return redirect(url_for('welcome'), code=307)

        @app.get('/welcome')
        def welcome():
            return 'welcome'
        """,
    )

    advice = mistake.advised("POST", "/login", follow_redirects=True)

    assert advice.what == (
        "POST /welcome arrived; welcome() (program.py:9) accepts GET only, and a redirect with"
        " status 307, which keeps the method, leads there."
    )
    assert advice.fix == "Redirect with 303 after a POST."
    assert advice.place.line == 7
    assert mistake.mended("POST", "/login", follow_redirects=True).text == "welcome"


def test_an_error_of_the_program_in_a_view_that_accepts_the_method_has_no_advice(mistake):
    mistake.write(
        "program.py",
        """
        from flask import Flask, abort

        app = Flask(__name__)

        @app.route('/', methods=['GET', 'POST'])
        def index():
            abort(405)
        """,
    )

    assert mistake.ask("POST", "/").status_code == 405
    assert mistake.advice is None
