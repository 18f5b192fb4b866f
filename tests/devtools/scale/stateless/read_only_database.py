import sqlite3

from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    connection = sqlite3.connect("file:words.sqlite3?mode=ro", uri=True)
    rows = connection.execute("SELECT word FROM words")
    return {"words": [row[0] for row in rows]}


@app.get("/sorted")
def in_memory():
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE word (text)")
    return {"words": list(connection.execute("SELECT text FROM word"))}
