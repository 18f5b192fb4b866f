import io
import tempfile
from pathlib import Path

from flask import Flask, request, send_file

app = Flask(__name__)


@app.post("/")
def convert():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "input"
        request.files["file"].save(path)
        (Path(folder) / "output").write_bytes(path.read_bytes())
        with open(Path(folder) / "log", "w") as log:
            log.write("done")
        content = (Path(folder) / "output").read_bytes()
    buffer = io.BytesIO()
    request.files["file"].save(buffer)
    return send_file(io.BytesIO(content), mimetype="text/plain")
