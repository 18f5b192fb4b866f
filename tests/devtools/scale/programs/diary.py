from pathlib import Path

from flask import Flask, request

app = Flask(__name__)
diary = Path(app.root_path) / "diary.txt"


@app.post("/")
def write():
    with open(diary, "a", encoding="utf-8") as file:  # local: written-file
        file.write(request.form["line"] + "\n")
    return "", 204


@app.get("/")
def read():
    return diary.read_text(encoding="utf-8") if diary.exists() else ""
