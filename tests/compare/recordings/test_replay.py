"""Requests of a recording are sent in order, and deviations from it are counted."""

from retort.compare.messages import NoResponse, Request, Response, Step
from retort.compare.recordings import Recorded, replay


def recorded(target, status=200, body=b""):
    response = None if status is None else Response(status, "", (), body)
    return Recorded(Request("GET", target), f"entry {target}", response)


class Exchange:
    """Records what is sent, and responds with the given outcome to a target, or 200."""

    def __init__(self, **outcomes):
        self.outcomes = outcomes
        self.sent = []

    def __call__(self, origin, requests):
        self.sent.append((origin, {side: one.target for side, one in requests.items()}))
        outcomes = {
            side: self.outcomes.get(one.path.strip("/"), Response(200, "", (), b""))
            for side, one in requests.items()
        }
        return Step(len(self.sent), origin, requests, outcomes)


def test_requests_are_sent_in_order_to_all_sides():
    exchange = Exchange()

    done = replay([recorded("/a"), recorded("/b", None)], exchange, ["flask", "retort"])

    assert exchange.sent == [
        ("entry /a", {"flask": "/a", "retort": "/a"}),
        ("entry /b", {"flask": "/b", "retort": "/b"}),
    ]
    assert (done.count, done.recorded, done.deviating, done.note()) == (2, 1, 0, None)


def test_skipped_targets_are_not_sent_and_do_not_count():
    exchange = Exchange()

    entries = [recorded(f"/static/{number}") for number in range(5)] + [recorded("/a")]
    done = replay(entries, exchange, ["flask"], skip=["^/static/", "logout$"], max_requests=1)

    assert [sent for _, sent in exchange.sent] == [{"flask": "/a"}]
    assert done.count == 1


def test_the_limits_of_requests_and_of_time_end_it():
    exchange = Exchange()
    entries = [recorded(f"/{number}") for number in range(9)]

    assert replay(entries, exchange, ["flask"], max_requests=2).count == 2
    assert replay(entries, exchange, ["flask"], is_over=lambda: len(exchange.sent) >= 5).count == 3


def test_statuses_that_differ_from_the_recording_are_counted_with_an_example():
    exchange = Exchange(
        account=Response(302, "", (), b""),
        slow=NoResponse("timeout", "no response within 10 s"),
    )
    entries = [recorded("/a"), recorded("/account"), recorded("/slow"), recorded("/account", None)]

    done = replay(entries, exchange, ["flask"])

    assert (done.recorded, done.deviating) == (3, 2)
    assert done.note() == (
        "2 of 3 recorded responses had another status than the first side's (GET /account: 200 in"
        " the recording, 302 here). The recording may need other data (--reset) or a login"
        " (--login)."
    )


def test_a_missing_response_is_an_example_too():
    exchange = Exchange(slow=NoResponse("timeout", "no response within 10 s"))

    done = replay([recorded("/slow")], exchange, ["flask"])

    assert "(GET /slow: 200 in the recording, no response within 10 s)" in done.note()


def test_a_recorded_304_does_not_deviate_because_its_condition_is_not_sent():
    done = replay([recorded("/a", 304)], Exchange(), ["flask"])

    assert done.note() is None
