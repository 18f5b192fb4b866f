from flask import Flask, current_app


class Greeter:
    def __init__(self, app=None):
        self.words = {}
        if app is not None:
            self.init_app(app)

    def init_app(self, app):
        app.extensions["greeter"] = self
        app.config.setdefault("GREETING", "Hello")
        self.words["en"] = app.config["GREETING"]
        app.context_processor(lambda: {"greet": self.greet})

    def greet(self, language):
        return self.words.get(language, "?")


def create_app():
    app = Flask(__name__)
    Greeter(app)

    @app.get("/")
    def index():
        return current_app.extensions["greeter"].greet("en")

    return app
