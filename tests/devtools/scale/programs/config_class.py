import os

from flask import Flask, session


class Config:
    SECRET_KEY = os.urandom(24)  # local: random-key
    MOTTO = "Hello"


def create_app():
    app = Flask(__name__)
    app.config.from_object(Config)

    @app.get("/")
    def index():
        session["visits"] = session.get("visits", 0) + 1
        return f"{session['visits']}"

    return app
