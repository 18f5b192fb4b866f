"""A request is closed when the last of its contexts has ended."""

import threading

from retort.shared_request import SharedRequest


class Request:
    closings = 0

    def close(self):
        self.closings += 1


class Context:
    pass


def test_the_last_context_that_ends_closes_the_request():
    request = Request()
    shared = SharedRequest(request)
    first, second = Context(), Context()
    ends = [shared.join(first), shared.join(second)]

    ends[1]()
    assert request.closings == 0

    ends[0]()
    assert request.closings == 1


def test_a_context_ends_once():
    request = Request()
    shared = SharedRequest(request)
    first, second = Context(), Context()
    end, _ = shared.join(first), shared.join(second)

    end()
    end()
    del first

    assert request.closings == 0


def test_a_context_that_is_no_longer_referenced_has_ended():
    request = Request()
    shared = SharedRequest(request)
    context = Context()
    shared.join(context)

    del context

    assert request.closings == 1


def test_contexts_that_end_in_several_threads_at_once_close_the_request():
    for _ in range(50):
        request = Request()
        shared = SharedRequest(request)
        contexts = [Context() for _ in range(4)]
        gate = threading.Barrier(4)
        ends = [shared.join(context) for context in contexts]

        def leave(end, gate=gate):
            gate.wait(10)
            end()

        threads = [threading.Thread(target=leave, args=(end,)) for end in ends]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert request.closings >= 1
