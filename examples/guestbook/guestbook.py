"""A guestbook: a form, a page, the same entries as JSON, and SQLite to keep them.

Run it with `retort run --debug examples/guestbook/guestbook.py` and open http://localhost:5000.
It imports Flask's names only, so it is a Flask program too.
"""

import sqlite3
from pathlib import Path

from flask import Blueprint, Flask, abort, flash, g, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException

LONGEST = {"name": 40, "message": 500}  # characters
LAST_ID = 2**63 - 1  # SQLite's largest row number; the URL converter refuses more
ENTRY = f"/<int(max={LAST_ID}):id>"

app = Flask(__name__)
app.config["DATABASE"] = str(Path(app.root_path) / "guestbook.sqlite3")
app.config["MAX_CONTENT_LENGTH"] = 64 * 1024  # bytes; a longer body is answered with 413
app.config["SECRET_KEY"] = "signs the cookie that carries flashed messages; make your own"
app.config.from_prefixed_env("GUESTBOOK")  # GUESTBOOK_DATABASE=... and so on


# The database: one connection for each request, opened when first used.


def database():
    if "database" not in g:
        g.database = sqlite3.connect(app.config["DATABASE"])
        g.database.row_factory = sqlite3.Row
        g.database.execute(
            "CREATE TABLE IF NOT EXISTS entry"
            " (id INTEGER PRIMARY KEY, name TEXT NOT NULL, message TEXT NOT NULL)"
        )
    return g.database


@app.teardown_appcontext
def close_database(error):
    if "database" in g:
        g.database.close()


def newest_entries():
    rows = database().execute("SELECT * FROM entry ORDER BY id DESC LIMIT 100")
    return [dict(row) for row in rows]


def find_entry(id):
    row = database().execute("SELECT * FROM entry WHERE id = ?", (id,)).fetchone()
    return dict(row) if row else None


def save_entry(fields, id=None):
    """Write an entry and return its id: a new one, or `id` if that was given."""
    with database() as transaction:  # commits, or rolls back when an error passes through
        cursor = transaction.execute(
            "INSERT OR REPLACE INTO entry VALUES (?, ?, ?)", (id, fields["name"], fields["message"])
        )
    return cursor.lastrowid


def validate(values):
    """The name and the message without the space around them, and what is wrong with each."""
    fields, errors = {}, {}
    for field, longest in LONGEST.items():
        value = values.get(field)
        # JSON can spell half a character ("\ud800"), which no database stores.
        text = value.encode(errors="replace").decode().strip() if isinstance(value, str) else ""
        if not text:
            errors[field] = f"Please fill in the {field}."
        elif len(text) > longest:
            errors[field] = f"The {field} can have {longest} characters, not {len(text)}."
        fields[field] = text
    return fields, errors


# The page, for people: GET shows the form, POST takes what was typed into it.


@app.get("/")
def book():
    return render_template("guestbook.html", entries=newest_entries(), fields={}, errors={})


@app.post("/")
def sign():
    fields, errors = validate(request.form)
    if errors:  # show the form again, with what was typed
        page = render_template(
            "guestbook.html", entries=newest_entries(), fields=fields, errors=errors
        )
        return page, 400
    save_entry(fields)
    flash(f"Thank you, {fields['name']}.")
    return redirect(url_for("book"), 303)  # "see other": a reload does not send the form again


# The same entries, for programs: one URL for the collection, one for each entry.

entries = Blueprint("entries", __name__, url_prefix="/entries")


@entries.errorhandler(HTTPException)
def explain(error):
    return {"error": error.description}, error.code


def sent_fields():
    """The entry in the JSON body. No JSON is answered with 415, broken JSON with 400."""
    sent = request.get_json()
    if not isinstance(sent, dict):
        abort(400, "Send an object with a name and a message.")
    fields, errors = validate(sent)
    if errors:
        abort(400, " ".join(errors.values()))
    return fields


def created(id):
    location = url_for("entries.show", id=id)
    return find_entry(id), 201, {"Location": location}


@entries.get("")
def list_all():
    return newest_entries()


@entries.post("")
def add():
    return created(save_entry(sent_fields()))


@entries.get(ENTRY)
def show(id):
    return find_entry(id) or abort(404, f"There is no entry {id}.")


@entries.put(ENTRY)
def replace(id):
    fields = sent_fields()
    is_new = find_entry(id) is None
    save_entry(fields, id)
    return created(id) if is_new else find_entry(id)


@entries.delete(ENTRY)
def remove(id):
    with database() as transaction:
        cursor = transaction.execute("DELETE FROM entry WHERE id = ?", (id,))
    if cursor.rowcount == 0:
        abort(404, f"There is no entry {id}.")
    return "", 204


app.register_blueprint(entries)

if __name__ == "__main__":
    app.run(debug=True)
