"""An ordinary Flask program; for Quart, the import is renamed, and nothing else."""

from flask import Flask, flash, get_flashed_messages, redirect, request, session, url_for

app = Flask(__name__)
app.config["SECRET_KEY"] = "only for this comparison"


@app.route("/hello")
def hello():
    return "hello"


@app.route("/login", methods=["POST"])
def login():
    session["name"] = request.form["nm"]
    flash("logged in")
    return redirect(url_for("home"))


@app.route("/")
def home():
    return f"{session['name']}: {', '.join(get_flashed_messages())}"
