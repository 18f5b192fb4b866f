"""Waiting for several things at once."""

import os
import signal
import threading

import pytest

from retort.server.signals import Bell, StopSignals


@pytest.fixture
def bell():
    bell = Bell()
    yield bell
    bell.close()


def test_a_bell_rung_before_the_wait_is_heard(bell):
    bell.ring()

    bell.wait()  # or this test hangs


def test_a_bell_is_heard_from_another_thread(bell):
    threading.Timer(0.05, bell.ring).start()

    bell.wait()


def test_ringing_is_forgotten_once_heard(bell):
    bell.ring()
    bell.ring()
    bell.wait()

    bell.wait(0.01)  # comes back without a ring
    assert bell.hearing.gettimeout() == 0.01


def test_a_bell_may_be_rung_without_end_and_after_it_was_closed(bell):
    for _ in range(20_000):
        bell.ring()
    bell.close()

    bell.ring()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_the_wait_is_heard_and_handled(bell, number):
    stopped = []
    before = signal.getsignal(number)
    with StopSignals(bell, lambda: stopped.append(number)):
        os.kill(os.getpid(), number)
        bell.wait()

    assert stopped == [number]
    assert signal.getsignal(number) is before


def test_in_another_thread_signals_stay_as_they_are(bell):
    found = []

    def enter():
        with StopSignals(bell, bell.ring):
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()

    assert found == [signal.getsignal(signal.SIGTERM)]
