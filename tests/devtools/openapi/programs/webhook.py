"""A webhook with a signature in the header and nested JSON."""

import hashlib
import hmac

from retort import Flask, abort, request

app = Flask(__name__)
SECRET = b"s"


def is_signed():
    signature = request.headers.get("X-Hub-Signature-256", "")
    digest = hmac.new(SECRET, request.get_data(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature, f"sha256={digest}")


@app.post("/hooks/push")
def push():
    if not is_signed():
        abort(403)
    event = request.headers["X-GitHub-Event"]
    if event == "ping":
        return "pong"
    payload = request.get_json()
    repository = payload["repository"]
    print(repository["full_name"], payload["pusher"]["name"])
    for commit in payload["commits"]:
        print(commit["id"], commit.get("message"))
    return "", 202


LABELS = {
    "POST /hooks/push": "header:X-Hub-Signature-256 header:X-GitHub-Event!"
    " json:repository.full_name json:pusher.name json:commits.[].id json:commits.[].message",
}
