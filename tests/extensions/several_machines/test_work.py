"""Jobs of three queues, and work at fixed times: done once, whichever replica begins it."""

import re

import pytest

WORKERS = {
    "rq": ("-m", "rq.cli", "worker", "--burst", "--url"),
    "celery": ("-m", "celery", "-A", "shop.queue", "worker", "--pool", "solo"),
    "dramatiq": ("-m", "dramatiq", "shop", "--processes", "1", "--threads", "2"),
}


def mails(text):
    return re.findall(r"Mail to (\S+)\.", text)


@pytest.mark.parametrize("queue", WORKERS)
def test_jobs_that_both_replicas_begin_are_done_once_by_a_worker(
    visit, machines, sample, queue, under_alias, redis_url
):
    program = sample("Jobs", f"{queue}")
    visitor = visit(program)
    addresses = [f"{number}@b.example" for number in range(4)]
    for address in addresses:
        assert visitor.post("/order", data={"address": address}).status_code == 202

    words = [*under_alias, *WORKERS[queue], *([redis_url] if queue == "rq" else [])]
    env = {"REDIS_URL": redis_url}
    worker = machines.start("worker", program, *words, env=env)
    output = worker.wait_for_output(lambda text: len(mails(text)) >= len(addresses))

    assert sorted(mails(output)) == addresses


def test_schedules_of_two_machines_do_the_work_once(
    machines, framework, sample, load, store, redis_url
):
    words = ["-m", framework, "--app", "shop", "expire"]
    env = {"REDIS_URL": redis_url}
    both = [machines.start(name, sample("Schedules"), *words, env=env) for name in ("one", "two")]

    assert [each.process.wait(60) for each in both] == [0, 0]
    output = "".join(each.output() for each in both)
    assert output.count("Nothing to delete.") == 1
    assert output.count("Another process has begun today.") == 1
    (key,) = store.keys("expire:*")
    assert 24 * 60 * 60 < store.ttl(key) <= 2 * 24 * 60 * 60


def test_schedules_may_try_again_after_an_error_and_not_after_a_success(
    load, sample, store, caplog
):
    work = 'app.logger.warning("Nothing to delete.")'
    broken = load(sample("Schedules").replace(work, 'raise ValueError("broken")'))
    whole = load(sample("Schedules"))

    assert str(broken.test_cli_runner().invoke(args=["expire"]).exception) == "broken"
    for _ in range(2):
        assert whole.test_cli_runner().invoke(args=["expire"]).exit_code == 0
    expected = ["Nothing to delete.", "Another process has begun today."]
    assert [record.message for record in caplog.records] == expected
