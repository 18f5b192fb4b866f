from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    index.calls += 1  # local: module-data
    return f"{index.calls}"


index.calls = 0
