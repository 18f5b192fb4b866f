from flask import Flask


class Ticket:
    issued = 0

    def __init__(self):
        Ticket.issued += 1  # local: module-data
        self.number = Ticket.issued


app = Flask(__name__)


@app.get("/ticket")
def ticket():
    return {"number": Ticket().number}
