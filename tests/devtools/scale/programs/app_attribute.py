from flask import Flask, current_app

app = Flask(__name__)
app.is_open = True


@app.post("/close")
def close():
    current_app.is_open = False  # local: module-data
    return "", 204


@app.get("/")
def index():
    return "open" if app.is_open else "closed"
