"""Pictures are uploaded, one or several."""

import os

from werkzeug.utils import secure_filename

from retort import Flask, redirect, request, send_from_directory

app = Flask(__name__)
app.config["FOLDER"] = "/nowhere"
ALLOWED = {"png", "jpg"}


def is_allowed(name):
    return "." in name and name.rsplit(".", 1)[1] in ALLOWED


@app.post("/upload")
def upload():
    if "picture" not in request.files:
        return redirect("/")
    picture = request.files["picture"]
    if picture.filename == "" or not is_allowed(picture.filename):
        return "Not a picture", 415
    picture.save(os.path.join(app.config["FOLDER"], secure_filename(picture.filename)))
    caption = request.form.get("caption")
    return f"{caption}", 201


@app.post("/albums/<name>")
def album(name):
    for one in request.files.getlist("pictures"):
        one.save(os.path.join(app.config["FOLDER"], name, secure_filename(one.filename)))
    return "", 204


@app.get("/pictures/<path:name>")
def picture(name):
    return send_from_directory(app.config["FOLDER"], name)


LABELS = {
    "POST /upload": "files:picture form:caption",
    "POST /albums/{name}": "files:pictures*",
}
