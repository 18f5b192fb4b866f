"""A form that comes back: a class declares its fields, and a page shows what was typed.

Run it with `retort run --debug examples/signup/signup.py` and open http://localhost:5000.
It has no JavaScript.
"""

import datetime as dt
import secrets
from typing import Annotated

import msgspec
from msgspec import Meta
from werkzeug.security import generate_password_hash

from retort import Control, Draft, Retort, Upload, flash, redirect, render_template, url_for

app = Retort(__name__)
app.config["MAX_CONTENT_LENGTH"] = 2_000_000  # bytes
app.config["SECRET_KEY"] = secrets.token_hex()  # for flashed messages; lasts until a restart

members = {}  # a program would use a database


class Signup(msgspec.Struct):
    email: Annotated[
        str,
        Meta(pattern=r"^[^@\s]+@[^@\s]+$", max_length=200),
        Control(type="email", label="E-mail"),
    ]
    password: Annotated[str, Meta(min_length=8, max_length=200), Control(type="password")]
    age: Annotated[int, Meta(ge=18, le=150)]
    birthday: dt.date | None = None
    newsletter: bool = False
    photo: Annotated[Upload | None, Control(accept="image/*", max_bytes=1_000_000)] = None
    about: Annotated[str, Meta(max_length=500), Control(type="textarea", label="About you")] = ""


class Profile(msgspec.Struct):
    """What a member may change."""

    birthday: dt.date | None = None
    newsletter: bool = False
    about: Annotated[str, Meta(max_length=500), Control(type="textarea", label="About you")] = ""


class Member:
    """What is stored: an object as of a database."""

    def __init__(self, signup):
        self.email = signup.email
        self.password_hash = generate_password_hash(signup.password)
        self.age = signup.age
        self.birthday = signup.birthday
        self.newsletter = signup.newsletter
        self.about = signup.about
        self.photo_bytes = len(signup.photo.read()) if signup.photo else 0


@app.get("/")
def index():
    return render_template("members.html", members=members)


@app.route("/signup", methods=["GET", "POST"])
def signup(form: Draft[Signup]):
    if form.is_valid and form.value.email in members:
        form.add_error("email", "Is in use.")
    if form.is_valid:
        members[form.value.email] = Member(form.value)
        flash(f"Welcome, {form.value.email}!")
        return redirect(url_for("index"), 303)
    return render_template("signup.html", form=form), form.status


@app.route("/members/<email>", methods=["GET", "POST"])
def edit(email, form: Draft[Profile]):
    member = members.get(email)
    if member is None:
        return "There is no such member.", 404
    if form.is_valid:
        for name in ("birthday", "newsletter", "about"):
            setattr(member, name, getattr(form.value, name))
        flash("Saved.")
        return redirect(url_for("index"), 303)
    if not form.is_submitted:
        form = Draft.of(member, Profile)
    return render_template("edit.html", form=form, email=email), form.status


if __name__ == "__main__":
    app.run(debug=True)
