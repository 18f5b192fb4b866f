"""The threads for views that wait for a body."""

import threading

import pytest

from retort.server.pool import Pool


@pytest.fixture
def pool():
    pool = Pool(3)
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
