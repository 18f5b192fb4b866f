import sqlite3

from flask import Flask, g, request

app = Flask(__name__)


def database():
    if "database" not in g:
        g.database = sqlite3.connect("notes.sqlite3")  # local: local-database
        g.database.execute("CREATE TABLE IF NOT EXISTS note (text TEXT)")
    return g.database


@app.teardown_appcontext
def close(error):
    if "database" in g:
        g.database.close()


@app.route("/", methods=["GET", "POST"])
def index():
    if request.method == "POST":
        with database() as connection:
            connection.execute("INSERT INTO note VALUES (?)", [request.form["text"]])
    return {"notes": [row[0] for row in database().execute("SELECT text FROM note")]}
