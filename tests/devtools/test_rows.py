"""Common mistakes through the development middleware, in all three formats.

The HTML page, the plain text and the problem details have the original status and one sentence,
which is also logged. With debug off, nothing is shown.
"""

import io
import json
import sys
from dataclasses import dataclass, field

import pytest
import werkzeug.test
from markupsafe import Markup

from retort.devtools import Failure, failure_page, with_debugger
from retort.devtools.warnings import watch
from retort.server.console import echo_failure

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
FORMS = {
    "a browser": ({"Accept": BROWSER}, "text/html"),
    "curl": ({"Accept": "*/*"}, "text/plain"),
    "a client for JSON": (
        {"Accept": "application/json, text/html;q=0.5"},
        "application/problem+json",
    ),
}
HEAD = """
    from flask import Flask, redirect, render_template, request, url_for
    import threading

    app = Flask(__name__)
"""
VIEW = "@app.route('/login', methods=['GET', 'POST'])\ndef login():\n    "
CROSS_SITE = {"Origin": "https://pay.example", "Sec-Fetch-Site": "cross-site"}


@dataclass
class Row:
    """A mistake.

    :param name: the name of the row in the table.
    :param program: the source after `HEAD`.
    :param says: the sentence; ``{folder}`` is the program's.
    :param also: further text in every format.
    """

    name: str
    program: str
    status: int
    says: str
    also: tuple[str, ...] = ()
    method: str = "GET"
    path: str = "/login"
    options: dict = field(default_factory=dict)
    files: dict = field(default_factory=dict)


ROWS = [
    Row(
        "405 after submitting a form",
        "@app.route('/login')\ndef login():\n    return request.form['nm']",
        405,
        "POST /login arrived; login() (program.py:5) accepts GET only.",
        ("methods=['GET', 'POST']", "@app.route('/login')"),
        "POST",
        options={"data": {"nm": "Bob"}},
    ),
    Row(
        "405 on opening the URL of a POST-only view",
        "@app.post('/login')\ndef login():\n    return request.form['nm']",
        405,
        "You opened /login with GET; login() (program.py:5) accepts POST only.",
        ('<form action="/login" method="post">',),
    ),
    Row(
        "400 for request.form['nm']",
        f"{VIEW}return request.form['nm']",
        400,
        "No field 'nm'. Received: name. Did you mean 'name'?",
        ('The input needs name="nm"; an id is not sent.', "application/x-www-form-urlencoded"),
        "POST",
        options={"data": {"name": "Bob"}},
    ),
    Row(
        "Form empty: GET vs POST confusion",
        f"{VIEW}return request.form['nm']",
        400,
        "The field 'nm' was sent in the query string (request.args), but you read request.form.",
        ("request.values", '<form method="post">'),
        path="/login?nm=Bob",
    ),
    Row(
        "Form empty: JSON sent",
        f"{VIEW}return request.form['nm']",
        400,
        "No field 'nm': the body is application/json, which request.form does not contain.",
        ("request.get_json()['nm']",),
        "POST",
        options={"json": {"nm": "Bob"}},
    ),
    Row(
        "Form empty: wrong enctype",
        f"{VIEW}return request.form['nm']",
        400,
        "The body is text/plain, which is not a form.",
        ("remove the enctype",),
        "POST",
        options={"data": "nm=Bob", "content_type": "text/plain"},
    ),
    Row(
        "Form empty: no boundary",
        f"{VIEW}return request.form['nm']",
        400,
        "The body is multipart/form-data without a boundary, so it cannot be parsed.",
        ("Remove the header Content-Type",),
        "POST",
        options={"data": "x", "content_type": "multipart/form-data"},
    ),
    Row(
        "File missing",
        "@app.post('/photo')\ndef photo():\n    return request.files['photo'].filename",
        400,
        "No file 'photo' arrived, only its name: the form was sent as"
        " application/x-www-form-urlencoded.",
        ('<form method="post" enctype="multipart/form-data">',),
        "POST",
        "/photo",
        options={"data": {"photo": "a.png"}},
    ),
    Row(
        "File missing: under another name",
        "@app.post('/photo')\ndef photo():\n    return request.files['photo'].filename",
        400,
        "No file 'photo'. Received: picture. Did you mean 'picture'?",
        ("request.files['picture']",),
        "POST",
        "/photo",
        options={"data": {"picture": (io.BytesIO(b"x"), "a.png")}},
    ),
    Row(
        "404 by trailing slash",
        "@app.get('/n')\ndef n():\n    return 'n'",
        404,
        "/n/ was not found, but /n exists, without the slash at the end.",
        ("Write /n/ in the route to accept both.", "@app.get('/n/')"),
        path="/n/",
    ),
    Row(
        "404: the nearest routes",
        f"{VIEW}return 'who?'",
        404,
        "No route /logni. Did you mean /login?",
        ("/login", "POST"),
        path="/logni",
    ),
    Row(
        "url_for BuildError: a path for a function's name",
        "@app.get('/cap.mjpg')\ndef video_feed():\n    return ''\n\n"
        f"{VIEW}return redirect(url_for('/cap.mjpg'))",
        500,
        "url_for('/cap.mjpg'): endpoints are names of functions, and this is a path."
        " /cap.mjpg belongs to 'video_feed'.",
        ("url_for('video_feed')",),
    ),
    Row(
        "url_for BuildError: required arguments",
        "@app.get('/success/<name>')\ndef success(name):\n    return name\n\n"
        f"{VIEW}return redirect(url_for('success', user='Bob'))",
        500,
        "url_for('success') needs 'name', for /success/<name>.",
        ("name='Bob'",),
    ),
    Row(
        "url_for BuildError: blueprint prefix",
        "from flask import Blueprint\nauth = Blueprint('auth', __name__)\n\n"
        "@auth.get('/in')\ndef enter():\n    return ''\n\n"
        "app.register_blueprint(auth)\n\n"
        f"{VIEW}return redirect(url_for('enter'))",
        500,
        "There is no endpoint 'enter'. Did you mean 'auth.enter'?",
        ("url_for('auth.enter')",),
    ),
    Row(
        "url_for with None",
        "@app.get('/success/<name>')\ndef success(name):\n    return name\n\n"
        f"{VIEW}user = request.args.get('nm')\n"
        "    return redirect(url_for('success', name=user))",
        500,
        "url_for('success') needs 'name', which was None: /login was opened without ?nm=...",
        ("user = request.args.get('nm')",),
    ),
    Row(
        "a view that takes no argument for its variable",
        "@app.get('/success/<name>')\ndef success():\n    return 'welcome'",
        500,
        "success() takes no 'name', but its route '/success/<name>' passes it.",
        ("def success(name):",),
        path="/success/Ada",
    ),
    Row(
        "a view with an argument that its route lacks",
        "@app.get('/success')\ndef success(name):\n    return name",
        500,
        "success() needs 'name', but its route '/success' does not pass it.",
        ("@app.get('/success/<name>')",),
        path="/success",
    ),
    Row(
        "an empty name in an address",
        "@app.get('/success/<name>')\ndef success(name):\n    return name",
        404,
        "/success/<name> needs a value for 'name', and the address /success/ has none.",
        ("url_for builds this address if 'name' is an empty text.",),
        path="/success/",
    ),
    Row(
        "a text and None",
        f"{VIEW}user = request.args.get('nm')\n    return 'welcome ' + user",
        500,
        "user is None: /login was opened without ?nm=...",
        ("user = request.args.get('nm', '')",),
    ),
    Row(
        "TemplateNotFound: the folder is called template",
        f"{VIEW}return render_template('login.html')",
        500,
        "There is no template 'login.html' in {folder}/templates; it is in {folder}/template.",
        ("template_folder='template'",),
        files={"template/login.html": "hello"},
    ),
    Row(
        "TemplateNotFound: the file lies beside app.py",
        f"{VIEW}return render_template('login.html')",
        500,
        "There is no template 'login.html' in {folder}/templates; it is in {folder}.",
        ("Move {folder}/login.html to {folder}/templates/login.html.",),
        files={"login.html": "hello"},
    ),
    Row(
        "TemplateNotFound: near names",
        f"{VIEW}return render_template('login.html')",
        500,
        "There is no template 'login.html' in {folder}/templates; did you mean 'login.htm'?",
        files={"templates/login.htm": "hello"},
    ),
    Row(
        "Working outside of application context: in a thread",
        "failed = []\n\ndef work():\n"
        "    try:\n        request.path\n    except RuntimeError as error:\n"
        "        failed.append(error)\n\n"
        "@app.get('/login')\ndef login():\n    thread = threading.Thread(target=work)\n"
        "    thread.start()\n    thread.join()\n    raise failed.pop()",
        500,
        "request was used in a thread, where there is no request: work() runs outside of it.",
        ("copy_current_request_context(work)",),
    ),
    Row(
        "CSRF token missing",
        "from werkzeug.exceptions import BadRequest\n\n"
        "class CSRFError(BadRequest):\n    description = 'The CSRF token is missing.'\n\n"
        "CSRFError.__module__ = 'flask_wtf.csrf'\n\n"
        f"{VIEW}raise CSRFError()",
        400,
        "POST /login came without a CSRF token: The CSRF token is missing.",
        ("csrf_token",),
        "POST",
        options={"data": {"nm": "Bob"}},
    ),
    Row(
        "403 cross-origin",
        f"app.config['CROSS_ORIGIN_PROTECTION'] = True\n\n{VIEW}return 'welcome'",
        403,
        "POST /login was refused: it was sent by a page of https://pay.example, which is another"
        " site.",
        ("cross-site", "CROSS_ORIGIN_TRUSTED_ORIGINS"),
        "POST",
        options={"data": {"nm": "Bob"}, "headers": CROSS_SITE},
    ),
    Row(
        "403 cross-origin: opened from disk",
        f"app.config['CROSS_ORIGIN_PROTECTION'] = True\n\n{VIEW}return 'welcome'",
        403,
        "POST /login was refused: it came from a page that was opened from disk, or hides its"
        " origin.",
        ("open http://shop.example/login.html instead",),
        "POST",
        options={"data": {"nm": "Bob"}, "headers": {"Origin": "null", "Host": "shop.example"}},
        files={"login.html": '<form action="/login" method="post"></form>'},
    ),
    Row(
        "View returned None",
        f"{VIEW}if request.method == 'POST':\n        return 'welcome'",
        500,
        "login() (program.py:5) returned None: if \"request.method == 'POST'\" (line 7) is"
        " false, nothing is returned.",
        ("Write a return below this if, for the case that it is false.",),
    ),
    Row(
        "View returned a number",
        f"{VIEW}return 42",
        500,
        "login() returned 42 (an int), which is no response.",
        ("Return str(42).", "return str(42)"),
    ),
    Row(
        "View returned an object in a dict",
        f"{VIEW}return {{'user': {{'roles': {{'admin'}}}}}}",
        500,
        "JSON cannot represent the set at ['user']['roles'] in the value that login() returned.",
        ("list({'admin'})",),
    ),
    Row(
        "View returned a function",
        f"{VIEW}return render_template",
        500,
        "login() returned the function render_template itself, not its result, which is no"
        " response.",
        ("write render_template(...) with its arguments",),
    ),
    Row(
        "A variable that hides a function",
        f"{VIEW}redirect = '/home'\n    return redirect('/')",
        500,
        "redirect is the variable of login() here, a str, and hides the function redirect().",
        ("Give the variable another name.",),
    ),
    Row(
        "Jinja: an expression that does not end",
        f"{VIEW}return render_template('login.html', name='Bob')",
        500,
        "{{ name } in line 1 of login.html must end with }}",
        ("Write }} in place of }",),
        files={"templates/login.html": "welcome {{ name }"},
    ),
    Row(
        "Jinja: a missing endif",
        f"{VIEW}return render_template('login.html', name='Bob')",
        500,
        "The {% if %} in line 1 of login.html is not closed.",
        ("Write {% endif %}",),
        files={"templates/login.html": "{% if name %}\nwelcome"},
    ),
    Row(
        "Jinja: an undefined name",
        f"{VIEW}return render_template('login.html', name='Bob')",
        500,
        "login.html uses 'nm', but login() (program.py:7) passed name; did you mean 'name'?",
        ("Write name in the template.", "{{ name.upper() }}"),
        files={"templates/login.html": "{{ nm.upper() }}"},
    ),
    Row(
        "Jinja: an unknown filter",
        f"{VIEW}return render_template('login.html', name='Bob')",
        500,
        "There is no filter 'uppr'; did you mean 'upper'?",
        ("{{ name|upper }}",),
        files={"templates/login.html": "{{ name|uppr }}"},
    ),
    Row(
        "405 after redirect",
        "@app.post('/login')\ndef login():\n    return redirect(url_for('home'), code=307)\n\n"
        "@app.get('/home')\ndef home():\n    return 'home'",
        405,
        "POST /home arrived; home() (program.py:9) accepts GET only, and a redirect with status"
        " 307, which keeps the method, leads there.",
        ("Redirect with 303 after a POST.",),
        "POST",
        "/home",
    ),
    Row(
        "session without SECRET_KEY",
        f"from flask import session\n\n{VIEW}session['nm'] = 'Bob'\n    return 'welcome'",
        500,
        "login() writes into the session, but the program has no SECRET_KEY to sign its cookie"
        " with.",
        ("app.config['SECRET_KEY'] = '", "session['nm'] = 'Bob'"),
    ),
    Row(
        "an exception of the program: a name that does not exist",
        f"{VIEW}user = 'Bob'\n    return 'welcome ' + usr",
        500,
        "There is no 'usr' here. Did you mean 'user'?",
        ("return 'welcome ' + user",),
    ),
    Row(
        "request.form('nm'): a part of the request is called",
        f"{VIEW}return 'welcome ' + request.form('nm')",
        500,
        "request.form is a dictionary of fields, not a function, but request.form('nm') calls it.",
        ("Write request.form['nm'].", "+ return 'welcome ' + request.form['nm']"),
        "POST",
        options={"data": {"nm": "Bob"}},
    ),
    Row(
        "request.form.nm: a field behind a dot",
        f"{VIEW}return 'welcome ' + request.form.nm",
        500,
        "request.form has its fields in square brackets, not behind a dot as in request.form.nm.",
        ("Write request.form['nm'].",),
        "POST",
        options={"data": {"nm": "Bob"}},
    ),
    Row(
        "request.json on a form",
        f"{VIEW}return 'welcome ' + request.json['nm']",
        415,
        "request.json reads JSON, but the body of POST /login is a form.",
        ("Read request.form['nm'], or send JSON",),
        "POST",
        options={"data": {"nm": "Bob"}},
    ),
    Row(
        "save() of a file without its name",
        "@app.post('/photo')\ndef photo():\n    request.files['photo'].save()\n    return ''",
        500,
        "save() needs the path to write to: request.files['photo'].save('...').",
        ("secure_filename(request.files['photo'].filename)",),
        "POST",
        "/photo",
        options={"data": {"photo": (io.BytesIO(b"x"), "a.png")}},
    ),
    Row(
        "SQLite: no such table",
        "import sqlite3\n\n@app.get('/login')\ndef login():\n"
        "    return str(sqlite3.connect('names.db').execute('select * from names').fetchall())",
        500,
        "There is no table 'names' in {folder}/names.db.",
        ("Create the table, or correct its name.",),
    ),
    Row(
        "method=put in a form",
        "@app.get('/')\ndef index():\n"
        '    return \'<form action="/login" method="put"><input name="nm"></form>\'\n\n'
        "@app.put('/login')\ndef login():\n    return request.form['nm']",
        405,
        "The form at program.py:7 has method='put', but HTML knows get and post only, so it is sent"
        " with GET.",
        ("app.config['METHOD_OVERRIDE'] = True", 'name="_method"'),
        path="/login?nm=Bob",
    ),
    Row(
        "404: a converter does not accept the address",
        "@app.get('/user/<int:id>')\ndef user(id):\n    return str(id)",
        404,
        "/user/ada was not found: <int:id> in /user/<int:id> accepts only whole numbers without a"
        " sign, and the address has 'ada'.",
        ("Write <id> in place of <int:id> to accept any text",),
        path="/user/ada",
    ),
]
TABLE = [pytest.param(row, id=row.name) for row in ROWS]


@pytest.fixture(autouse=True)
def quiet(capfd):
    yield
    capfd.readouterr()  # tracebacks are printed, too


def written(mistake, row):
    """The program of a row, loaded; and its sentence."""
    mistake.write("program.py", HEAD + "\n".join(f"    {line}" for line in row.program.split("\n")))
    for name, text in row.files.items():
        mistake.write(name, text)
    folder = str(mistake.folder.resolve())
    mistake.filled = [text.replace("{folder}", folder) for text in (row.says, *row.also)]
    return mistake.load()


def sent(app, row, accept):
    options = {**row.options}
    headers = {**options.pop("headers", {}), **accept}
    if "data" in options and isinstance(options["data"], dict):  # a file is read once
        options["data"] = {
            name: (io.BytesIO(b"x"), value[1]) if isinstance(value, tuple) else value
            for name, value in options["data"].items()
        }
    client = werkzeug.test.Client(app)
    return client.open(row.path, method=row.method, headers=headers, buffered=True, **options)


def shown(answer):
    """The words of an answer in one line, whatever its form."""
    text = answer.text
    if answer.mimetype == "text/html":
        text = Markup(text.rpartition("</style>")[2].partition("<script")[0]).striptags()
    elif answer.mimetype.endswith("json"):
        members = json.loads(text)
        text = "\n".join(words_in(members))
    return " ".join(text.split())


def words_in(value):
    """Every text in what JSON may hold."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield name
            yield from words_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from words_in(part)
    else:
        yield str(value)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("row", TABLE)
def test_the_mistake_is_explained_under_its_true_status(mistake, caplog, row, form):
    app = written(mistake, row)
    accept, mimetype = FORMS[form]

    answer = sent(with_debugger(app, console=False), row, accept)

    assert answer.status_code == row.status
    assert answer.mimetype == mimetype
    text = shown(answer)
    for words in mistake.filled:
        assert words in text
    logged = [record.getMessage() for record in caplog.records if record.name == "program"]
    assert logged.count(mistake.filled[0]) == 1
    if mimetype == "application/problem+json":
        members = answer.json
        assert members["detail"] == mistake.filled[0]
        assert members["status"] == row.status
        assert "place" in members


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("row", TABLE)
def test_with_debug_off_nothing_is_shown(mistake, caplog, row, form):
    app = written(mistake, row)
    app.debug = False

    answer = sent(app, row, FORMS[form][0])

    assert answer.status_code == row.status
    text = f"{answer.text} {shown(answer)}"
    for secret in (*mistake.filled[:1], "program.py", "--- a/", "Did you mean", "Traceback"):
        assert secret not in text
    assert str(mistake.folder) not in text
    logged = "".join(record.getMessage() for record in caplog.records)
    assert "--- a/" not in logged
    if row.status < 500:
        assert mistake.filled[0] not in logged


# Mistakes that keep the program from being loaded

BROKEN = [
    pytest.param(
        "program.py",
        "from flask import Flask\napp = Flask(__name__)\n\n@app.get('/')\ndef index()\n    pass\n",
        "expected ':'",
        "+def index():",
        id="Syntax error while reloading",
    ),
    pytest.param(
        "program.py",
        "from flask import Flask\napp = Flask(__name__)\nprint “ready”\n",
        "program.py, line 3 has the character “ (U+201C LEFT DOUBLE QUOTATION MARK)",
        'Write a plain ".',
        id="curly quotes",
    ),
    pytest.param(
        "program.py",
        "from flask import Flask\napp = Flask(__name__)\nprint 'ready'\n",
        "program.py, line 3 has a print statement of Python 2.",
        "+print('ready')",
        id="Python 2 print",
    ),
    pytest.param(
        "program.py",
        "from flask import Flask, Markup\napp = Flask(__name__)\n",
        "Flask 3.0 removed flask.Markup.",
        "+from markupsafe import Markup",
        id="a name that Flask removed",
    ),
    pytest.param(
        "program.py",
        "from Flask import flask\n",
        "There is no module 'Flask': its name is 'flask', and the letter case counts.",
        "+from flask import Flask",
        id="from Flask import flask",
    ),
    pytest.param(
        "flask.py",
        "from flask import Flask\n\napp = Flask(__name__)\n",
        "hides",
        "rename",
        id="app.run never reached: a file named flask.py",
    ),
    pytest.param(
        "program.py",
        "from flask import Flask, current_app\n\napp = Flask(__name__)\nprint(current_app.name)\n",
        "current_app was used while the program is imported, when no application is the current"
        " one.",
        "+print(app.name)",
        id="Working outside of application context: at import",
    ),
    pytest.param(
        "program.py",
        "from flask import Flask, request\n\napp = Flask(__name__)\nprint(request.path)\n",
        "request was used while the program is imported, when there is no request yet.",
        "Move this line into the view",
        id="Working outside of request context: at import",
    ),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("name", "program", "says", "also"), BROKEN)
def test_a_program_that_does_not_load_is_explained(
    mistake, monkeypatch, capfd, name, program, says, also, form
):
    file = mistake.write(name, program)
    if name == "flask.py":
        monkeypatch.setitem(sys.modules, "flask", sys.modules["program"])
        sys.modules["program"].__name__ = "flask"
        sys.modules["program"].__file__ = str(file)
    try:
        exec(compile(program, str(file), "exec"), {"__name__": "program", "__file__": str(file)})
    except Exception as error:
        failure = Failure.from_exception(error)
    accept, mimetype = FORMS[form]

    answer = werkzeug.test.Client(failure_page(failure)).get("/", headers=accept)
    echo_failure(failure.summary, failure.details, failure.explanation)

    assert answer.status_code == 500
    assert answer.mimetype == mimetype
    for words in (failure.advice.what, says, also, "The server waits"):
        assert words in shown(answer)
    assert failure.advice.what in capfd.readouterr().err


# Mistakes that raise no exception: they are logged, and the response does not change

SILENT = [
    pytest.param(
        f"{VIEW}return f\"welcome {{request.form.get('nm')}}\"",
        "/login?nm=Bob",
        {},
        "welcome None",
        "Data came in the query string (request.args), but login() reads 'nm' from request.form",
        id="Form empty: GET vs POST confusion, silent None",
    ),
    pytest.param(
        f"{VIEW}return f\"welcome {{request.form.get('nm')}}\"",
        "/login",
        {"method": "POST", "json": {"nm": "Bob"}},
        "welcome None",
        "The body is application/json, but login() reads 'nm' from request.form",
        id="Form empty: JSON sent, silent empty",
    ),
    pytest.param(
        "@app.route('/success/<name>')\ndef success(name):\n    return 'welcome %s' % name",
        "/success/<b>Bob",
        {},
        "welcome <b>Bob",
        "success() put text from the URL into its HTML unescaped",
        id="Name from URL shown unescaped",
    ),
    pytest.param(
        "@app.get('/a')\ndef a():\n    return redirect('/a')",
        "/a",
        {},
        None,
        "Redirect loop: /a to /a",
        id="302 loop",
    ),
]


@pytest.mark.parametrize("is_watched", [True, False], ids=["debug on", "debug off"])
@pytest.mark.parametrize(("program", "path", "options", "text", "says"), SILENT)
def test_what_fails_in_silence_is_in_the_log_once(
    mistake, caplog, program, path, options, text, says, is_watched
):
    app = written(mistake, Row("", program, 200, says))
    served = app
    if is_watched:
        watch(app)
        served = with_debugger(app, console=False)
    app.debug = is_watched

    for accept, _ in FORMS.values():
        answer = werkzeug.test.Client(served).open(path, headers=accept, **options)
        assert answer.status_code < 400
        assert text is None or answer.text == text

    logged = [record.getMessage() for record in caplog.records if record.name == "program"]
    assert sum(says in line for line in logged) == (1 if is_watched else 0)
