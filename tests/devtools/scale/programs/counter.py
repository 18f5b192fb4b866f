from flask import Flask

app = Flask(__name__)
visits = 0


@app.get("/")
def index():
    global visits
    visits += 1  # local: module-data
    return f"{visits} visits"
