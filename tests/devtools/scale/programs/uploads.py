import os

from flask import Flask, request, send_from_directory
from werkzeug.utils import secure_filename

app = Flask(__name__)
app.config["UPLOADS"] = os.path.join(app.root_path, "uploads")
os.makedirs(app.config["UPLOADS"], exist_ok=True)


@app.post("/")
def upload():
    file = request.files["file"]
    name = secure_filename(file.filename)
    file.save(os.path.join(app.config["UPLOADS"], name))  # local: upload-folder
    return {"name": name}, 201


@app.get("/<name>")
def download(name):
    return send_from_directory(app.config["UPLOADS"], name)
