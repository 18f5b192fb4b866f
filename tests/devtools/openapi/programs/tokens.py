"""Tokens: a grant decides which fields count."""

from retort import Flask, jsonify, request

app = Flask(__name__)


def problem(code, status=400):
    return jsonify(error=code), status


def by_password():
    return request.form["username"], request.form["password"]


def by_refresh():
    return request.form["refresh_token"]


@app.post("/token")
def token():
    grant = request.form.get("grant_type")
    if grant is None:
        return problem("invalid_request")
    if grant == "password":
        by_password()
    elif grant == "refresh_token":
        by_refresh()
    else:
        return problem("unsupported_grant_type")
    scope = request.form.get("scope", "read")
    return jsonify(access_token="t", scope=scope)


@app.post("/revoke")
def revoke():
    print(request.form["token"], request.form.get("token_type_hint"))
    return "", 200


LABELS = {
    "POST /token": "form:grant_type form:username form:password form:refresh_token form:scope",
    "POST /revoke": "form:token! form:token_type_hint",
}
