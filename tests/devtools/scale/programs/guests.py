from flask import Flask, request

app = Flask(__name__)
guests = []


@app.route("/", methods=["GET", "POST"])
def index():
    if request.method == "POST":
        guests.append(request.form["name"])  # local: module-data
    return {"guests": guests}
