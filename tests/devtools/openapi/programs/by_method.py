"""Several functions for one address."""

from retort import Flask, redirect, request

app = Flask(__name__)


@app.get("/contact")
def contact():
    return f"About {request.args.get('subject')}"


@contact.post
def contact():
    sender, text = request.form["sender"], request.form["text"]
    copies = request.form.getlist("cc")
    print(sender, text, copies)
    return redirect("/thanks")


@contact.delete
def contact():
    return request.args["token"]


LABELS = {
    "GET /contact": "query:subject",
    "POST /contact": "form:sender! form:text! form:cc*",
    "DELETE /contact": "query:token!",
}
