from flask import Flask

app = Flask(__name__)


def remember(word, words=[]):  # noqa: B006
    words.append(word)  # local: module-data
    return words


@app.get("/<word>")
def index(word):
    return {"words": remember(word)}
