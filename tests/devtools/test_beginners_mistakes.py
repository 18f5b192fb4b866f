"""The mistakes that beginners make, by group: what is said, where, and the change that corrects it.

Each row is a program with one mistake. The headline, the line and the fix are compared, and the
program works after its diff was applied. `GROUPS` has the name of each group, so that none is
left out.
"""

# ruff: noqa: RUF001 - ambiguous characters are what one of these programs has

import gc
import socket
import subprocess
import sys
import threading
import warnings
from dataclasses import dataclass, field

import pytest
import werkzeug.test
from markupsafe import Markup

from retort.devtools import with_debugger
from retort.devtools.checks import check
from retort.devtools.notes import notes
from retort.devtools.warnings import watch
from retort.server.script import note_ignored_run

GROUPS = [
    "field name typo",
    "methods missing",
    "wrong endpoint; path in url_for",
    "url_for without value",
    "url_for with None (tutorial)",
    "indentation, tabs, route below",
    "missing colon",
    "template misspelt; beside the program; template/",
    "flask.py (target; sibling)",
    "no return",
    "return int, set; object in dict",
    "two views one name",
    "port in use",
    "no app",
    "wrong folder, no target",
    "curly quotes",
    "request not imported",
    "request at import; url_for at import",
    "no secret key (session, flash)",
    "input without name",
    "enctype missing",
    'method="put"',
    "redirect loop",
    "circular import",
    "newer Python, Python 2 print",
    "view argument missing / too many",
    "rule without slash",
    "converter does not fit",
    "Jinja syntax, endif, undefined",
    "from Flask import flask, import flask",
    "package not installed",
    "request.form(), .nm, None + str, index",
    "methods='POST'",
    "wrong action",
    "@app.route without ()",
    "sqlite table, thread",
    "empty name -> 404",
    "request.json on a form",
    "app.run() at the top",
    "slash too few on POST",
]

FLASK = (
    "from flask import Flask, flash, jsonify, redirect, render_template, request, session, url_for"
)
HEAD = f"{FLASK}\napp = Flask(__name__)\n"  # the program of a row begins at line 3
VIEW = "@app.route('/login', methods=['GET', 'POST'])\ndef login():\n    "
INDEX = "@app.route('/')\ndef index():\n    "
SUCCESS = "\n@app.route('/success/<name>')\ndef success(name):\n    return 'welcome ' + name\n"
FORM = "return render_template('form.html')\n"

OLD_PYTHON = pytest.mark.skipif(
    sys.version_info >= (3, 12), reason="another Python: the statement is valid here"
)


@dataclass
class Row:
    """A program with a mistake, the request that shows it, and the advice.

    :param says: the headline; ``{folder}`` is the folder of the program.
    :param line: of the program, or of ``file``.
    :param mended: what the program answers after the diff was applied: a text in the response;
        ``None`` if there is no diff.
    :param again: the request after the change, if it is another one.
    """

    group: str
    name: str
    program: str
    says: str
    line: int
    fix: str
    mended: str | None = None
    method: str = "GET"
    path: str = "/login"
    data: object = None
    again: tuple | None = None
    files: dict = field(default_factory=dict)
    file: str = "program.py"
    head: str = HEAD
    marks: tuple = ()


def form(text, name="form.html"):
    return {f"templates/{name}": text}


# At a request

AT_REQUEST = [
    Row(
        "field name typo",
        "a name that is similar to one that was sent",
        f"{VIEW}return 'welcome ' + request.form['nm']",
        "No field 'nm'. Received: name. Did you mean 'name'?",
        5,
        "Read request.form['name'], or rename the input.",
        "welcome Bob",
        "POST",
        data={"name": "Bob"},
    ),
    Row(
        "methods missing",
        "a form is sent to a view that accepts GET",
        "@app.route('/login')\ndef login():\n    return 'welcome ' + request.form['nm']",
        "POST /login arrived; login() (program.py:3) accepts GET only.",
        3,
        "Let login() accept POST: write methods=['GET', 'POST'] at its route.",
        "welcome Bob",
        "POST",
        data={"nm": "Bob"},
    ),
    Row(
        "wrong endpoint; path in url_for",
        "a misspelt endpoint",
        f"{VIEW}return redirect(url_for('sucess', name='Bob'))\n{SUCCESS}",
        "There is no endpoint 'sucess'. Did you mean 'success'?",
        5,
        "Write 'success' for 'sucess'.",
        "/success/Bob",
    ),
    Row(
        "wrong endpoint; path in url_for",
        "a misspelt endpoint without the value that the right one needs",
        f"{VIEW}return redirect(url_for('sucess'))\n{SUCCESS}",
        "There is no endpoint 'sucess'. Did you mean 'success'?",
        5,
        "Write 'success' for 'sucess', and pass name=... to url_for.",
    ),
    Row(
        "wrong endpoint; path in url_for",
        "a path",
        f"{VIEW}return redirect(url_for('/home'))\n\n@app.get('/home')\ndef home():\n    return ''",
        "url_for('/home'): endpoints are names of functions, and this is a path. /home belongs to"
        " 'home'.",
        5,
        "Write 'home' for '/home'.",
        "/home",
    ),
    Row(
        "url_for without value",
        "a variable has the value",
        f"{VIEW}name = 'Bob'\n    return redirect(url_for('success'))\n{SUCCESS}",
        "url_for('success') needs 'name', for /success/<name>.",
        6,
        "Write url_for('success', name=...).",
        "/success/Bob",
    ),
    Row(
        "url_for with None (tutorial)",
        "the page of the form's target is opened by hand",
        f"{VIEW}user = request.args.get('nm')\n    return redirect(url_for('success', name=user))\n"
        f"{SUCCESS}",
        "url_for('success') needs 'name', which was None: /login was opened without ?nm=...",
        5,
        "Before url_for, handle the case that user is None: return another page there.",
    ),
    Row(
        "template misspelt; beside the program; template/",
        "misspelt",
        f"{VIEW}return render_template('logn.html')",
        "There is no template 'logn.html' in {folder}/templates; did you mean 'login.html'?",
        5,
        "Write 'login.html', or rename the file.",
        "welcome",
        files=form("welcome", "login.html"),
    ),
    Row(
        "template misspelt; beside the program; template/",
        "beside the program",
        f"{VIEW}return render_template('login.html')",
        "There is no template 'login.html' in {folder}/templates; it is in {folder}.",
        5,
        "Move {folder}/login.html to {folder}/templates/login.html.",
        files={"login.html": "welcome"},
    ),
    Row(
        "template misspelt; beside the program; template/",
        "the folder is called template",
        f"{VIEW}return render_template('login.html')",
        "There is no template 'login.html' in {folder}/templates; it is in {folder}/template.",
        5,
        "Rename the folder template to templates, or write template_folder='template'.",
        "welcome",
        files={"template/login.html": "welcome"},
    ),
    Row(
        "no return",
        "a template without return",
        f"{VIEW}{FORM.removeprefix('return ')}",
        "login() (program.py:3) returned None: it ends at line 5 without a return.",
        5,
        "Write return before this line.",
        "welcome",
        files=form("welcome"),
    ),
    Row(
        "no return",
        "one branch",
        f"{VIEW}if request.method == 'POST':\n        return 'welcome'",
        "login() (program.py:3) returned None: if \"request.method == 'POST'\" (line 5) is false,"
        " nothing is returned.",
        5,
        "Write a return below this if, for the case that it is false.",
    ),
    Row(
        "return int, set; object in dict",
        "an int",
        f"{VIEW}return 42",
        "login() returned 42 (an int), which is no response.",
        5,
        "Return str(42).",
        "42",
    ),
    Row(
        "return int, set; object in dict",
        "a set",
        f"{VIEW}return {{7}}",
        "login() returned {7} (a set), which is no response.",
        5,
        "Return list({7}).",
        "7",
    ),
    Row(
        "return int, set; object in dict",
        "an object in a dict",
        f"class User:\n    pass\n\n{VIEW}return {{'user': User()}}",
        "JSON cannot represent the User at ['user'] in the value that login() returned.",
        8,
        "Send a dict with the attributes that are needed.",
    ),
    Row(
        "request not imported",
        "request",
        f"app = Flask(__name__)\n\n{VIEW}return 'welcome ' + request.args.get('nm', '')",
        "request is not imported in program.py.",
        6,
        "Write 'from flask import request'.",
        "welcome",
        head="from flask import Flask\n",
    ),
    Row(
        "no secret key (session, flash)",
        "session",
        f"{VIEW}session['nm'] = 'Bob'\n    return 'welcome'",
        "login() writes into the session, but the program has no SECRET_KEY to sign its cookie"
        " with.",
        5,
        "Set a key; this one was generated just now.",
        "welcome",
    ),
    Row(
        "no secret key (session, flash)",
        "flash",
        f"{VIEW}flash('hello')\n    return 'welcome'",
        "login() writes into the session, but the program has no SECRET_KEY to sign its cookie"
        " with.",
        5,
        "Set a key; this one was generated just now.",
        "welcome",
    ),
    Row(
        "input without name",
        "an id only",
        f"{VIEW}if request.method == 'POST':\n        return 'welcome ' + request.form['nm']\n"
        f"    {FORM}",
        "No field 'nm': the input with this id (form.html:2) has no name, and an id is not sent.",
        2,
        'Write name="nm" in the input.',
        'name="nm"',
        "POST",
        data={},
        again=("GET", "/login"),
        files=form('<form action="/login" method="post">\n<input id="nm">\n</form>\n'),
        file="templates/form.html",
    ),
    Row(
        "enctype missing",
        "a form with a file",
        f"{VIEW}if request.method == 'POST':\n        return request.files['photo'].filename\n"
        f"    {FORM}",
        "No file 'photo' arrived, only its name: the form was sent as"
        " application/x-www-form-urlencoded.",
        6,
        'Write <form method="post" enctype="multipart/form-data">.',
        'enctype="multipart/form-data"',
        "POST",
        data={"photo": "a.png"},
        again=("GET", "/login"),
        files=form(
            '<form action="/login" method="post">\n<input type="file" name="photo">\n</form>\n'
        ),
    ),
    Row(
        'method="put"',
        "a form for a view that accepts PUT",
        f"{INDEX}{FORM}\n@app.route('/item', methods=['PUT'])\ndef item():\n"
        "    return 'welcome ' + request.form['nm']",
        "The form at form.html:1 has method='put', but HTML knows get and post only, so it is sent"
        " with GET.",
        1,
        'Write method="post" and a hidden field _method with the value PUT, and set'
        " app.config['METHOD_OVERRIDE'] = True.",
        "welcome Bob",
        path="/item?nm=Bob",
        again=("POST", "/item", {"_method": "PUT", "nm": "Bob"}),
        files=form('<form action="/item" method="put"><input name="nm"></form>\n'),
        file="templates/form.html",
    ),
    Row(
        'method="put"',
        "a form without fields",
        f"{INDEX}{FORM}\n@app.delete('/item')\ndef item():\n    return 'welcome'",
        "The form at form.html:1 has method='delete', but HTML knows get and post only, so it is"
        " sent with GET.",
        1,
        'Write method="post" and a hidden field _method with the value DELETE, and set'
        " app.config['METHOD_OVERRIDE'] = True.",
        "welcome",
        path="/item",
        again=("POST", "/item", {"_method": "DELETE"}),
        files=form('<form action="/item" method="delete"><button>go</button></form>\n'),
        file="templates/form.html",
    ),
    Row(
        "view argument missing / too many",
        "missing",
        "@app.route('/success/<name>')\ndef success():\n    return 'welcome'",
        "success() takes no 'name', but its route '/success/<name>' passes it.",
        4,
        "Write def success(name).",
        "welcome",
        path="/success/Bob",
    ),
    Row(
        "view argument missing / too many",
        "too many",
        "@app.route('/success')\ndef success(name):\n    return 'welcome ' + name",
        "success() needs 'name', but its route '/success' does not pass it.",
        4,
        "Write <name> in the route, or remove the argument.",
        "welcome Bob",
        path="/success",
        again=("GET", "/success/Bob"),
    ),
    Row(
        "converter does not fit",
        "text for an int",
        "@app.route('/user/<int:id>')\ndef user(id):\n    return str(id)",
        "/user/ada was not found: <int:id> in /user/<int:id> accepts only whole numbers without a"
        " sign, and the address has 'ada'.",
        3,
        "Write <id> in place of <int:id> to accept any text, or correct the address.",
        path="/user/ada",
    ),
    Row(
        "Jinja syntax, endif, undefined",
        "an expression that does not end",
        f"{VIEW}return render_template('form.html', name='Bob')",
        "{{ name } in line 2 of form.html must end with }}",
        2,
        "Write }} in place of }",
        "welcome Bob",
        files=form("<p>\nwelcome {{ name }\n"),
        file="templates/form.html",
    ),
    Row(
        "Jinja syntax, endif, undefined",
        "a missing endif",
        f"{VIEW}return render_template('form.html', name='Bob')",
        "The {% if %} in line 2 of form.html is not closed.",
        2,
        "Write {% endif %} where its part of the page ends.",
        files=form("<p>\n{% if name %}\nwelcome\n"),
        file="templates/form.html",
    ),
    Row(
        "Jinja syntax, endif, undefined",
        "an undefined name",
        f"{VIEW}return render_template('form.html', user={{'name': 'Bob'}})",
        "form.html uses 'usr', but login() (program.py:5) passed user; did you mean 'user'?",
        2,
        "Write user in the template.",
        "welcome Bob",
        files=form("<p>\nwelcome {{ usr.name }}\n"),
        file="templates/form.html",
    ),
    Row(
        "from Flask import flask, import flask",
        "request after import flask",
        f"import flask\napp = flask.Flask(__name__)\n{VIEW}return request.args.get('nm', 'hello')",
        "request is not imported in program.py.",
        5,
        "Write 'from flask import request'.",
        "hello",
        head="",
    ),
    Row(
        "request.form(), .nm, None + str, index",
        "request.form('nm')",
        f"{VIEW}return 'welcome ' + request.form('nm')",
        "request.form is a dictionary of fields, not a function, but request.form('nm') calls it.",
        5,
        "Write request.form['nm'].",
        "welcome Bob",
        "POST",
        data={"nm": "Bob"},
    ),
    Row(
        "request.form(), .nm, None + str, index",
        "request.form.nm",
        f"{VIEW}return 'welcome ' + request.form.nm",
        "request.form has its fields in square brackets, not behind a dot as in request.form.nm.",
        5,
        "Write request.form['nm'].",
        "welcome Bob",
        "POST",
        data={"nm": "Bob"},
    ),
    Row(
        "request.form(), .nm, None + str, index",
        "a text and None",
        f"{VIEW}nm = request.args.get('nm')\n    return 'welcome ' + nm",
        "nm is None: /login was opened without ?nm=...",
        6,
        "Give a default: request.args.get('nm', '').",
        "welcome",
    ),
    Row(
        "request.form(), .nm, None + str, index",
        "a number for a name",
        f"{VIEW}return 'welcome ' + request.form[0]",
        "request.form has fields by name, not by number, so request.form[0] finds none.",
        5,
        "Name the field, as in request.form['nm'].",
        "welcome Bob",
        "POST",
        data={"nm": "Bob"},
    ),
    Row(
        "wrong action",
        "a misspelt address",
        f"{INDEX}{FORM}\n{VIEW}return 'welcome'",
        "No route /logn. A form is sent there (form.html:1). Did you mean /login?",
        1,
        "Send the form to /login.",
        'action="/login"',
        "POST",
        "/logn",
        data={"nm": "Bob"},
        again=("GET", "/"),
        files=form('<form action="/logn" method="post"><input name="nm"></form>\n'),
        file="templates/form.html",
    ),
    Row(
        "@app.route without ()",
        "the only route",
        "@app.route\ndef index():\n    return 'welcome'",
        "No route /: @app.route has no parentheses, so index() has no address.",
        3,
        "Write the address in parentheses: @app.route('/').",
        "welcome",
        path="/",
    ),
    Row(
        "sqlite table, thread",
        "no table",
        f"import sqlite3\n{VIEW}db = sqlite3.connect('shop.db')\n"
        "    return str(db.execute('select * from users').fetchall())",
        "There is no table 'users' in {folder}/shop.db.",
        7,
        "Create the table, or correct its name.",
    ),
    Row(
        "sqlite table, thread",
        "another thread",
        f"import sqlite3\ndb = sqlite3.connect('shop.db')\n{VIEW}"
        "return str(db.execute('select 1').fetchall())",
        "db was used in another thread than the one that opened it.",
        7,
        "Open a connection for each request.",
        "[(1,)]",
    ),
    Row(
        "empty name -> 404",
        "the address that url_for builds",
        f"{VIEW}return redirect(url_for('success', name=request.form['nm']))\n{SUCCESS}",
        "/success/<name> needs a value for 'name', and the address /success/ has none.",
        7,
        "Test that 'name' is not empty before url_for builds the address.",
        path="/success/",
    ),
    Row(
        "request.json on a form",
        "a field",
        f"{VIEW}return 'welcome ' + request.json['nm']",
        "request.json reads JSON, but the body of POST /login is a form.",
        5,
        "Read request.form['nm'], or send JSON with the header Content-Type: application/json.",
        "welcome Bob",
        "POST",
        data={"nm": "Bob"},
    ),
]


# While the program is loaded

PROGRAM = f"{INDEX}return 'welcome'\n"
WORKING = f"{HEAD}\n{PROGRAM}"

AT_LOADING = [
    Row(
        "indentation, tabs, route below",
        "no indentation",
        "@app.route('/')\ndef index():\nreturn 'welcome'\n",
        "program.py, line 5: the function definition in line 4 has no indented line below it.",
        5,
        "Indent the lines of the function.",
        "welcome",
    ),
    Row(
        "indentation, tabs, route below",
        "tabs and spaces",
        f"{INDEX}x = 'welcome'\n\treturn x\n",
        "program.py, line 6 is indented inconsistently with tabs and spaces.",
        6,
        "Indent all lines with spaces.",
        "welcome",
    ),
    Row(
        "indentation, tabs, route below",
        "the route below its function",
        "def index():\n    return 'welcome'\n\n@app.route('/')\n",
        "program.py, line 6: @app.route('/') has no function below it.",
        6,
        "Move it directly above def index.",
        "welcome",
    ),
    Row(
        "missing colon",
        "def",
        "@app.route('/')\ndef index()\n    return 'welcome'\n",
        "Python cannot parse program.py, line 4: expected ':'.",
        4,
        "Write a colon at the end of the line.",
        "welcome",
    ),
    Row(
        "two views one name",
        "with two addresses",
        f"{PROGRAM}\n@app.route('/bye')\ndef index():\n    return 'bye'\n",
        "Two views have the endpoint 'index': index() (program.py:3) and index() (program.py:7).",
        8,
        "Rename the second function, for instance to bye().",
        "welcome",
    ),
    Row(
        "curly quotes",
        "of a word processor",
        "@app.route(‘/’)\ndef index():\n    return “welcome”\n",
        "program.py, line 3 has the character ‘ (U+2018 LEFT SINGLE QUOTATION MARK); Python needs a"
        " plain ' there.",
        3,
        "Write a plain '.",
        "welcome",
    ),
    Row(
        "request at import; url_for at import",
        "request",
        "nm = request.args.get('nm')\n",
        "request was used while the program is imported, when there is no request yet.",
        3,
        "Move this line into the view that needs it.",
    ),
    Row(
        "request at import; url_for at import",
        "url_for",
        f"{PROGRAM}home = url_for('index')\n",
        "url_for was called while the program is imported, when there is no request yet.",
        6,
        "Move this line into the view that needs it.",
    ),
    Row(
        "circular import",
        "views before the application",
        "from views import x\nfrom flask import Flask\napp = Flask(__name__)\n",
        "Circular import: program.py:1 imports views.py, and views.py:1 needs app of program.py,"
        " which line 3 defines later.",
        1,
        "Move line 1 of program.py below line 3, or use a Blueprint in views.py and register it in"
        " program.py.",
        "welcome",
        files={"views.py": f"from program import app\nx = 1\n{PROGRAM}"},
        file="views.py",
        head="",
    ),
    Row(
        "newer Python, Python 2 print",
        "a statement of Python 3.12",
        f"type Name = str\n{PROGRAM}",
        "program.py, line 3 has the statement type, which came with Python 3.12; this is Python"
        f" {sys.version_info.major}.{sys.version_info.minor}.",
        3,
        "Run the program with Python 3.12 or newer, or write Name = ... without 'type'.",
        marks=(OLD_PYTHON,),
    ),
    Row(
        "newer Python, Python 2 print",
        "print of Python 2",
        f"print 'ready'\n{PROGRAM}",
        "program.py, line 3 has a print statement of Python 2.",
        3,
        "Write parentheses: print(...).",
        "welcome",
    ),
    Row(
        "rule without slash",
        "login",
        "@app.route('login')\ndef login():\n    return 'welcome'\n",
        "The route 'login' does not begin with a slash.",
        3,
        "Write '/login'.",
        "welcome",
        again=("GET", "/login"),
    ),
    Row(
        "from Flask import flask, import flask",
        "from Flask import flask",
        f"from Flask import flask\napp = flask(__name__)\n{PROGRAM}",
        "There is no module 'Flask': its name is 'flask', and the letter case counts.",
        1,
        "Write 'from flask import Flask'.",
        "welcome",
        head="",
    ),
    Row(
        "from Flask import flask, import flask",
        "from flask import flask",
        f"from flask import flask\napp = flask(__name__)\n{PROGRAM}",
        "flask has no 'flask': its name is 'Flask', and the letter case counts.",
        1,
        "Write 'from flask import Flask'.",
        "welcome",
        head="",
    ),
    Row(
        "from Flask import flask, import flask",
        "import Flask",
        f"import Flask\napp = Flask(__name__)\n{PROGRAM}",
        "There is no module 'Flask': its name is 'flask', and the letter case counts.",
        1,
        "Write 'from flask import Flask', or 'import flask'.",
        "welcome",
        head="",
    ),
    Row(
        "from Flask import flask, import flask",
        "import flask, Flask(...)",
        f"import flask\napp = Flask(__name__)\n{PROGRAM}",
        "Flask is not imported in program.py.",
        2,
        "Write 'from flask import Flask'.",
        "welcome",
        head="",
    ),
    Row(
        "from Flask import flask, import flask",
        "import flask, flask(...)",
        f"import flask\napp = flask(__name__)\n{PROGRAM}",
        "flask is a module, and a module cannot be called.",
        2,
        "Write flask.Flask(...).",
        "welcome",
        head="",
    ),
    Row(
        "package not installed",
        "a module of a known package",
        "import cv2\n",
        "The package opencv-python is not installed: it provides the module 'cv2'.",
        3,
        f"Install it: {sys.executable} -m pip install opencv-python",
    ),
    Row(
        "package not installed",
        "an unknown module",
        "import not_there_at_all\n",
        "There is no module 'not_there_at_all' beside the program or among the installed packages.",
        3,
        f"Correct the name, or install the package that provides it: {sys.executable} -m pip"
        " install PACKAGE",
    ),
    Row(
        "methods='POST'",
        "a string",
        "@app.route('/login', methods='POST')\ndef login():\n    return 'welcome'\n",
        "The methods of a route are a list, but methods='POST' is a string.",
        3,
        "Write methods=['POST'].",
        "welcome",
        again=("POST", "/login"),
    ),
]


def params(rows):
    return [pytest.param(row, id=f"{row.group}: {row.name}", marks=row.marks) for row in rows]


@pytest.fixture(autouse=True)
def quiet(capfd):
    yield
    capfd.readouterr()  # tracebacks are printed, too


@pytest.fixture
def closed(mistake):
    """Delete a program whose connections to a database are open."""
    yield
    program = sys.modules["program"]
    if "sqlite3" not in vars(program):
        return
    mistake.app = mistake.advice = None
    mistake.errors.clear()
    vars(program).clear()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def write(mistake, row):
    (mistake.folder / "program.py").write_text(row.head + row.program, encoding="utf-8")
    for name, text in row.files.items():
        mistake.write(name, text)


def compare(mistake, row, advice):
    """Headline, place and fix."""
    folder = str(mistake.folder.resolve())
    assert advice.what == row.says.replace("{folder}", folder)
    assert "\n" not in advice.what
    assert advice.place.file == str(mistake.folder.resolve() / row.file)
    assert advice.place.line == row.line
    assert advice.fix == row.fix.replace("{folder}", folder)


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize("row", params(AT_REQUEST))
def test_a_mistake_at_a_request_is_explained_and_its_diff_corrects_it(mistake, monkeypatch, row):
    write(mistake, row)
    if row.name == "another thread":
        monkeypatch.setattr(mistake, "load", in_thread(mistake, mistake.load))

    advice = mistake.advised(row.method, row.path, data=row.data)

    compare(mistake, row, advice)
    if row.mended is None:
        assert advice.diff == "" or row.name == "beside the program"
        return
    method, path, *data = row.again or (row.method, row.path, row.data)
    answer = mistake.mended(method, path, data=data[0] if data else None)
    assert answer.status_code < 400
    assert row.mended in f"{answer.text} {answer.location}"


def in_thread(mistake, load):
    """A server loads a program in one thread, and calls views in others."""

    def load_in_thread():
        thread = threading.Thread(target=load)
        thread.start()
        thread.join()
        return mistake.app

    return load_in_thread


@pytest.mark.parametrize("row", params(AT_LOADING))
def test_a_mistake_at_loading_is_explained_and_its_diff_corrects_it(mistake, broken, row):
    write(mistake, row)

    advice = broken.advice()

    compare(mistake, row, advice)
    if row.mended is None:
        assert advice.diff == ""
        return
    mistake.apply(advice.diff)
    app = broken.load("program").app
    method, path = row.again or ("GET", "/")
    assert werkzeug.test.Client(app).open(path, method=method).text == row.mended


# Of commands


@pytest.fixture
def port_in_use():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


@dataclass
class Command:
    """What ``retort run`` prints with these arguments: what happened, and the fix."""

    group: str
    name: str
    files: dict
    arguments: tuple
    says: str
    fix: str


COMMANDS = [
    Command(
        "wrong folder, no target",
        "a file that does not exist",
        {"shop/login.py": WORKING},
        ("login.py",),
        "Could not import 'login': there is no file {folder}/login.py.",
        "Did you mean shop/login.py?",
    ),
    Command(
        "wrong folder, no target",
        "no target",
        {"shop/login.py": WORKING},
        (),
        "Could not locate a Flask application: {folder} has no wsgi.py or app.py, and none was"
        " named.",
        "Applications here: shop/login.py. Name one: 'retort run shop/login.py'",
    ),
    Command(
        "flask.py (target; sibling)",
        "flask.py as the program",
        {"flask.py": WORKING},
        ("flask.py",),
        "Could not import 'flask' as a program: this is the name of the framework.",
        "If your program is in flask.py, rename the file.",
    ),
    Command(
        "no app",
        "a program without an application",
        {"login.py": "x = 1\n"},
        ("login.py",),
        "Failed to find Flask application or factory in module 'login' (login.py)",
        "Write app = Flask(__name__) in it.",
    ),
    Command(
        "port in use",
        "a port that another process uses",
        {"login.py": WORKING},
        ("login.py", "--port", "{port}"),
        "Port {port} on 127.0.0.1 is in use",
        "or choose another port: --port ",
    ),
]
NAMED_COMMANDS = [pytest.param(one, id=f"{one.group}: {one.name}") for one in COMMANDS]


@pytest.mark.parametrize("command", NAMED_COMMANDS)
def test_a_command_that_cannot_serve_says_what_to_type(mistake, port_in_use, command):
    for file, text in command.files.items():
        mistake.write(file, text)
    filled = {"{folder}": str(mistake.folder.resolve()), "{port}": str(port_in_use)}

    def fill(text):
        for key, value in filled.items():
            text = text.replace(key, value)
        return text

    done = subprocess.run(
        [sys.executable, "-m", "retort", "run", *map(fill, command.arguments)],
        cwd=mistake.folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode != 0
    printed = " ".join(done.stderr.split())
    assert printed.startswith(f"Error: {fill(command.says)}")
    assert command.fix in printed
    assert "Traceback" not in printed


# Without an error: notes at the start, findings of `retort check`, warnings


def finding(mistake, rule):
    """The only finding of a rule."""
    (found,) = [each for each in check(mistake.load()) if each.rule == rule]
    return found


def noted(mistake):
    return " ".join(" ".join(notes(mistake.load(), 64)).split())


def written(mistake, text, **files):
    mistake.write("program.py", HEAD + text)
    for name, content in files.items():
        mistake.write(f"{name.replace('__', '/')}.html", content)


def test_flask_py_beside_the_program_is_a_note(mistake):
    written(mistake, PROGRAM)
    mistake.write("flask.py", "x = 1\n")

    assert (
        "flask.py:1: The file flask.py can hide the package flask: 'import flask' finds the file"
        " where the program's folder comes first in sys.path. Rename flask.py, for instance to"
        " app.py." in noted(mistake)
    )


def test_a_route_without_parentheses_is_found_before_a_request(mistake):
    written(mistake, "@app.route\ndef index():\n    return 'welcome'\n")

    found = finding(mistake, "route-parentheses")

    assert (found.line, found.level) == (3, "error")
    assert found.fix == "Write its argument in parentheses: @app.route('/index')."
    assert f"program.py:3: {found.message}" in noted(mistake)


@pytest.mark.parametrize("row", params([row for row in AT_REQUEST if "argument" in row.group]))
def test_a_view_that_its_route_cannot_call_is_found_before_a_request(mistake, row):
    write(mistake, row)

    found = finding(mistake, "view-arguments")

    assert (found.message, found.line, found.fix) == (row.says, row.line, row.fix)
    assert f"program.py:4: {row.says} {row.fix}" in noted(mistake)


@pytest.mark.parametrize(
    ("group", "rule", "place", "fix"),
    [
        ("url_for without value", "url-values", "program.py:6", "name=..."),
        ("no return", "no-return", "program.py:5", "Write return before it"),
        ("request not imported", "undefined-name", "program.py:6", "from flask import request"),
        ("enctype missing", "file-enctype", "form.html:2", "enctype='multipart/form-data'"),
        ('method="put"', "form-verb", "form.html:1", "METHOD_OVERRIDE"),
        ("wrong action", "form-target", "form.html:1", "Did you mean /login?"),
        (
            "template misspelt; beside the program; template/",
            "missing-template",
            "program.py:5",
            "Write 'login.html'",
        ),
        ("Jinja syntax, endif, undefined", "template-syntax", "form.html:2", "two braces"),
    ],
)
def test_the_mistake_is_a_finding_of_the_command_check(mistake, group, rule, place, fix):
    write(mistake, next(row for row in AT_REQUEST if row.group == group))

    found = finding(mistake, rule)

    assert f"{found.file}:{found.line}".endswith(place)
    assert fix in found.fix


def test_a_template_beside_the_program_is_to_be_moved(mistake):
    written(mistake, f"{INDEX}return render_template('login.html')\n", login="welcome")

    found = finding(mistake, "missing-template")

    assert (found.line, found.fix) == (5, "Move login.html to templates/login.html.")


def served(mistake):
    """A client of the program as debug mode serves it."""
    app = mistake.load()
    watch(app)
    return werkzeug.test.Client(with_debugger(app, console=False))


def test_a_redirect_loop_has_a_page_and_is_a_finding(mistake):
    written(mistake, f"{INDEX}return redirect(url_for('index'))\n")
    browser = {"Accept": "text/html,*/*;q=0.8", "User-Agent": "Browser"}

    client = served(mistake)
    for _ in range(20):
        response = client.get("/", headers=browser)
        if response.status_code != 302:
            break

    assert response.status_code == 508
    page = Markup(response.text.partition("<body")[2]).striptags()
    assert "Redirect loop: / to /" in page
    assert "program.py" in page
    assert "Return a page at /." in page
    found = finding(mistake, "redirect-loop")
    assert (found.line, found.fix) == (5, "Redirect to another view, or return a page here.")


def test_an_undefined_name_that_a_template_prints_is_logged(mistake, caplog):
    written(
        mistake,
        f"{INDEX}return render_template('form.html', user='Bob')\n",
        templates__form="<p>\nwelcome {{ usr }}\n",
    )

    assert served(mistake).get("/").status_code == 200

    (logged,) = [record.getMessage() for record in caplog.records if record.name == "program"]
    assert logged == (
        "form.html prints 'usr', but index() (program.py:5) passed user; did you mean 'user'?"
        " (form.html:2). Write user."
    )


def test_app_run_at_the_top_says_that_it_has_no_effect(capfd):
    note_ignored_run()

    assert 'Put the call under `if __name__ == "__main__":`.' in capfd.readouterr().err


def test_a_form_sent_without_the_slash_of_its_route_arrives(mistake):
    written(
        mistake,
        "@app.post('/login/')\ndef login():\n    return 'welcome ' + request.form['nm']\n",
    )
    client = werkzeug.test.Client(mistake.load())

    response = client.post("/login", data={"nm": "Bob"}, follow_redirects=True)

    assert [each.status_code for each in response.history] == [308]
    assert response.text == "welcome Bob"


# All groups

ELSEWHERE = {  # the groups whose mistakes raise no error
    "redirect loop": test_a_redirect_loop_has_a_page_and_is_a_finding,
    "app.run() at the top": test_app_run_at_the_top_says_that_it_has_no_effect,
    "slash too few on POST": test_a_form_sent_without_the_slash_of_its_route_arrives,
}


def test_each_of_the_forty_groups_has_a_test():
    tested = [row.group for row in (*AT_REQUEST, *AT_LOADING)]
    tested += [command.group for command in COMMANDS]

    assert len(GROUPS) == len(set(GROUPS)) == 40
    assert {*tested, *ELSEWHERE} == {*GROUPS}
