from flask import Flask, render_template_string

app = Flask(__name__)
MENU = [{"title": "Home", "address": "/"}]


@app.context_processor
def menu():
    return {"menu": MENU, "years": [year + 1 for year in range(3)]}


@app.template_filter("shout")
def shout(text):
    parts = text.split()
    parts.append("!")
    return " ".join(parts).upper()


@app.errorhandler(404)
def missing(error):
    return {"menu": [item["title"] for item in MENU]}, 404


@app.get("/")
def index():
    return render_template_string("{{ 'hello'|shout }}{{ menu[0].title }}")
