"""A Flask program with the extension Flask-Login."""

from flask import Flask
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user

app = Flask(__name__)
app.config["SECRET_KEY"] = "only for this comparison"
manager = LoginManager(app)


class User(UserMixin):
    def __init__(self, name):
        self.id = name


@manager.user_loader
def load(name):
    return User(name)


@app.route("/hello")
def hello():
    return "hello"


@app.route("/login", methods=["POST"])
def login():
    login_user(User("ada"))
    return "in"


@app.route("/")
@login_required
def home():
    return f"welcome {current_user.id}"
