from flask import Flask, current_app, request

app = Flask(__name__)
app.config["MOTTO"] = "Hello"


@app.post("/motto")
def change():
    current_app.config["MOTTO"] = request.form["motto"]  # local: module-data
    return "", 204


@app.get("/")
def index():
    return current_app.config["MOTTO"]
