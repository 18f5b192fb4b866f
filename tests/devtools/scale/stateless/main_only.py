import secrets
import threading

from flask import Flask

app = Flask(__name__)


@app.get("/")
def index():
    return {"token": secrets.token_hex(), "nonce": secrets.token_urlsafe()}


if __name__ == "__main__":
    app.secret_key = secrets.token_hex()
    threading.Thread(target=print, daemon=True).start()
    app.run()
