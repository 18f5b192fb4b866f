from collections import Counter

from flask import Flask

app = Flask(__name__)
votes = Counter()


@app.post("/vote/<choice>")
def vote(choice):
    count(votes, choice)
    return "", 204


@app.get("/")
def result():
    return dict(votes)


def count(into, choice):
    into[choice] += 1  # local: module-data
