import sqlite3
from pathlib import Path

from flask import Flask

app = Flask(__name__)
imported = []


@app.cli.command("fill")
def fill():
    imported.append("rows")
    Path("report.txt").write_text("filled")
    sqlite3.connect("local.sqlite3").execute("CREATE TABLE one (two)")


@app.get("/")
def index():
    return "hello"
