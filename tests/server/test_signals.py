"""Waiting for several things at once."""

import os
import signal
import threading

import pytest

from retort.server.process.signals import StopSignals, WakeupPipe


@pytest.fixture
def wakeup():
    wakeup = WakeupPipe()
    yield wakeup
    wakeup.close()


def test_a_wake_up_before_the_wait_is_noticed(wakeup):
    wakeup.wake()

    wakeup.wait()  # or this test hangs


def test_another_thread_can_wake_up(wakeup):
    threading.Timer(0.05, wakeup.wake).start()

    wakeup.wait()


def test_several_wake_ups_end_one_wait(wakeup):
    wakeup.wake()
    wakeup.wake()
    wakeup.wait()

    wakeup.wait(0.01)  # comes back without one
    assert wakeup.reader.gettimeout() == 0.01


def test_waking_up_works_without_end_and_after_the_close(wakeup):
    for _ in range(20_000):
        wakeup.wake()
    wakeup.close()

    wakeup.wake()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_before_the_wait_is_handled(wakeup, number):
    stopped = []
    before = signal.getsignal(number)
    with StopSignals(wakeup, lambda: stopped.append(number)):
        os.kill(os.getpid(), number)
        wakeup.wait()

    assert stopped == [number]
    assert signal.getsignal(number) is before


def test_in_another_thread_signals_stay_as_they_are(wakeup):
    found = []

    def enter():
        with StopSignals(wakeup, wakeup.wake):
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()

    assert found == [signal.getsignal(signal.SIGTERM)]
