"""The threads for views that wait for a body."""

import threading

import pytest

from retort.server.protocol.thread_pool import ThreadPool


@pytest.fixture
def pool():
    pool = ThreadPool(3)
    yield pool
    pool.close()


def test_jobs_run_at_once_up_to_the_size_and_then_in_turn(pool):
    all_started, go_on, done = threading.Barrier(4), threading.Event(), []

    def job():
        all_started.wait(30)
        go_on.wait(30)

    for _ in range(3):
        pool.run(job)
    pool.run(lambda: done.append(1))
    all_started.wait(30)

    assert pool.threads == 3
    assert not done
    go_on.set()
    finished = threading.Event()
    pool.run(finished.set)
    assert finished.wait(30)
    assert done


def test_an_idle_thread_is_used_again(pool):
    for _ in range(20):
        finished = threading.Event()
        pool.run(finished.set)
        assert finished.wait(30)

    assert pool.threads <= 3


def test_jobs_given_before_the_end_are_done(pool):
    finished = threading.Event()
    pool.run(finished.set)
    pool.close()

    assert finished.wait(30)


def test_jobs_that_wait_for_their_client_keep_no_others_waiting(pool):
    all_wait, go_on, served = threading.Barrier(9), threading.Event(), threading.Event()

    def job():
        with pool.waiting():
            all_wait.wait(30)
            go_on.wait(30)

    for _ in range(8):
        pool.run(job)
    all_wait.wait(30)
    pool.run(served.set)

    assert served.wait(30)
    go_on.set()


def test_when_many_have_waited_no_more_jobs_are_begun_than_may_run_at_once(pool):
    all_wait, go_on, all_run = threading.Barrier(7), threading.Event(), threading.Barrier(7)
    finish, begun, done = threading.Event(), [], threading.Event()

    def job():
        with pool.waiting():
            all_wait.wait(30)
            go_on.wait(30)
        all_run.wait(30)
        finish.wait(30)

    def note():
        begun.append(finish.is_set())
        if len(begun) == 6:
            done.set()

    for _ in range(6):
        pool.run(job)
    all_wait.wait(30)
    go_on.set()
    all_run.wait(30)
    for _ in range(6):
        pool.run(note)
    finish.set()

    assert done.wait(30)
    assert begun == [True] * 6


def test_with_one_thread_a_job_that_waits_is_not_overtaken():
    single = ThreadPool(1)
    waits, go_on, order, done = threading.Event(), threading.Event(), [], threading.Event()

    def job():
        with single.waiting():
            waits.set()
            go_on.wait(30)
        order.append("first")

    single.run(job)
    waits.wait(30)
    single.run(lambda: order.append("second"))
    single.run(done.set)
    go_on.set()

    assert done.wait(30)
    assert order == ["first", "second"]
    assert single.threads == 1
    single.close()


def test_a_system_without_more_threads_leaves_jobs_to_those_there_are(pool, monkeypatch):
    started, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def job():
        started.set()
        go_on.wait(30)

    def start(thread):
        raise RuntimeError("can't start new thread")

    pool.run(job)
    started.wait(30)
    monkeypatch.setattr(threading.Thread, "start", start)
    pool.run(done.set)

    assert pool.threads == 1
    go_on.set()
    assert done.wait(30)
