from flask import Flask


class Basket:
    currency = "EUR"
    labels = []

    def __init__(self):
        self.items = []
        self.labels = []

    def add(self, item):
        self.items.append(item)
        self.labels.append(item)
        self.total = len(self.items)


app = Flask(__name__)


@app.get("/")
def index():
    basket = Basket()
    basket.add("apple")
    basket.note = "fresh"
    return {"items": basket.items, "currency": Basket.currency}
