"""Copies of the form, and a dictionary of it."""

from retort import Flask, jsonify, request

app = Flask(__name__)


@app.post("/profile")
def profile():
    values = request.form.to_dict()
    name = values["name"]
    bio = values.get("bio", "")
    avatar = request.files.get("avatar")
    return jsonify(name=name, bio=bio, has_avatar=bool(avatar))


@app.post("/copy")
def copy():
    form = dict(request.form)
    title = form.pop("title")
    return jsonify(title=title, tags=request.form.getlist("tags"))


@app.post("/unpack")
def unpack():
    data = request.get_json()
    a, b = data["a"], data["b"]
    return jsonify(a=a, b=b)


@app.post("/splat")
def splat():
    def make(name, **more):
        return {"name": name, **more}

    return make(**request.get_json())


LABELS = {
    "POST /profile": "form:name! form:bio files:avatar",
    "POST /copy": "form:title form:tags*",
    "POST /unpack": "json:a! json:b!",
    "POST /splat": "json:name open:json",
}
