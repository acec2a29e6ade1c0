"""What goes wrong under memory_optimized and cpu_optimized: the answer says it, the environment lives on and loses nothing."""

import json
import os
import signal
import socket
import threading
import time

import pytest
from deployed import Call, assert_nothing_left, deploy, environment_pid
from harness import wait_for
from servers import Postgres, free_port


@pytest.fixture(scope="module")
def postgres():
    server = Postgres()
    yield server
    server.close()


@pytest.fixture
def silent_server():
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def tasks(*each):
    return {"action": "async_tasks", "tasks": list(each)}


def query(sql, **more):
    return {"type": "database_query", "query": sql, **more}


def request(url, **more):
    return {"type": "http_request", "url": url, **more}


STAT = {"type": "file_operation", "operation": "stat", "file_path": "/tmp/none"}


# memory_optimized


def test_memory_beyond_the_limit_is_507_and_the_environment_lives(kiln, name):
    deploy(kiln, name, "memory_optimized", MemorySize=128, Timeout=60)
    assert Call(kiln, name, {"action": "memory_test", "test_size_mb": 64}).ok()
    pid = environment_pid(kiln, name)
    for size in (128, 129, 100_000, 1e300):
        call = Call(kiln, name, {"action": "memory_test", "test_size_mb": size})
        assert (call.status, call.body["error"], call.body["test_size_mb"]) == (507, "Out of memory", size)
        assert call.body["memory_report"]["start_memory_mb"] > 0
        assert "out of memory" in call.log
        after = Call(kiln, name, {"action": "memory_test", "test_size_mb": 64})
        assert after.ok() and not after.cold
    assert environment_pid(kiln, name) == pid


def test_the_most_that_fits_is_had(kiln, name):
    """No size kills the process: each is had or is 507, and once it is 507 all larger ones are."""
    deploy(kiln, name, "memory_optimized", MemorySize=128, Timeout=60)
    assert Call(kiln, name, {"action": "memory_test", "test_size_mb": 1}).ok()
    pid = environment_pid(kiln, name)
    sizes = [100, *range(116, 130)]
    statuses = [Call(kiln, name, {"action": "memory_test", "test_size_mb": size}).status for size in sizes]
    had = statuses.count(200)
    assert statuses == [200] * had + [507] * (len(sizes) - had) and 1 <= had <= 12
    assert environment_pid(kiln, name) == pid


def test_a_record_that_is_none_is_skipped(kiln, name):
    deploy(kiln, name, "memory_optimized")
    good = {"id": 1, "name": "a", "email": "a@b"}
    bad = [None, 5, "x", [], [good], True, {"name": 5}, {"id": {}}, {"score": "x"}]
    call = Call(kiln, name, {"action": "process_large_dataset", "data": [good, *bad, good]})
    assert (call.ok()["total_records"], call.body["results_count"]) == (11, 2)
    assert call.log.count("a record is skipped") == 9
    pid = environment_pid(kiln, name)
    # Such an id would take a recursive copy to its end, and the process with it.
    deep = "[" * 500_000 + "]" * 500_000
    body = '{"action":"process_large_dataset","data":[{"id":%s}]}' % deep
    status, _, answer = kiln.http("POST", f"/2015-03-31/functions/{name}/invocations", body)
    assert status == 200 and json.loads(answer)["statusCode"] == 400
    assert Call(kiln, name, {"action": "process_large_dataset", "data": [good]}).ok()["results_count"] == 1
    assert environment_pid(kiln, name) == pid


# cpu_optimized


@pytest.mark.alone
def test_a_url_that_hangs_and_a_port_that_refuses(kiln, name, silent_server):
    deploy(kiln, name, "cpu_optimized", Timeout=60)
    refused = f"http://127.0.0.1:{free_port()}/"
    start = time.monotonic()
    body = Call(kiln, name, tasks(request(silent_server, timeout=0.3), request(refused, timeout=20), STAT)).ok()
    assert time.monotonic() - start < 15
    assert [error["task_index"] for error in body["errors"]] == [0, 1, 2]
    assert all(error["error"] for error in body["errors"])
    # Without a time-out of its own the end of the invocation is the limit.
    kiln.client("lambda").update_function_configuration(FunctionName=name, Timeout=2, MemorySize=1769)
    body = Call(kiln, name, tasks(request(silent_server))).ok()
    assert [error["task_index"] for error in body["errors"]] == [0]


@pytest.mark.alone
def test_a_database_that_is_slow(kiln, name, postgres):
    deploy(kiln, name, "cpu_optimized", {"DATABASE_URL": postgres.url, "TIMEOUT_SECONDS": "1"}, Timeout=60)
    body = Call(kiln, name, tasks(query("SELECT pg_sleep(60)", timeout=30), query("SELECT 1 AS one"))).ok()
    assert [error["task_index"] for error in body["errors"]] == [0] and "57014" in body["errors"][0]["error"]
    assert body["successful_results"][0]["rows"] == [{"one": 1}]
    # The task's own time may be up first; the next invocation is answered by the same environment nevertheless.
    body = Call(kiln, name, tasks(query("SELECT pg_sleep(60)", timeout=0.2))).ok()
    assert body["errors"][0]["error"] == "not done in its time" and body["processing_time"] < 1
    after = Call(kiln, name, tasks(query("SELECT 2 AS two")))
    assert after.ok()["successful_results"][0]["rows"] == [{"two": 2}] and not after.cold
    wait_for(lambda: postgres.query("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()") == "0", what="the end of the queries")


def test_a_database_that_is_down(kiln, name, postgres):
    deploy(kiln, name, "cpu_optimized", {"DATABASE_URL": postgres.url, "TIMEOUT_SECONDS": "5"}, Timeout=60)
    one = tasks(query("SELECT 1 AS one"))
    assert Call(kiln, name, one).ok()["errors"] == []
    pid = environment_pid(kiln, name)
    postgres.stop()
    try:
        for _ in range(2):
            body = Call(kiln, name, one).ok()
            assert [error["task_index"] for error in body["errors"]] == [0]
            assert str(postgres.port) in body["errors"][0]["error"]
    finally:
        postgres.start()
    assert Call(kiln, name, one).ok()["successful_results"][0]["rows"] == [{"one": 1}]
    assert environment_pid(kiln, name) == pid


def test_a_worker_process_that_is_killed_fails_its_item_alone(kiln, name):
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one core: no processes")
    deploy(kiln, name, "cpu_optimized", MemorySize=1769, Timeout=120)
    Call(kiln, name, {"action": "cpu_intensive_batch", "numbers": [1]}).ok()
    pid = environment_pid(kiln, name)
    answers = []
    call = threading.Thread(target=lambda: answers.append(Call(kiln, name, {"action": "cpu_intensive_batch", "numbers": [28] * 1500}).ok()))
    call.start()
    workers = wait_for(lambda: children_of(pid), what="a worker process")
    os.kill(workers[0], signal.SIGKILL)
    call.join()
    results = answers[0]["results"]
    assert answers[0]["processing_mode"] == "multiprocessing"
    assert len(results) == 1500 and results.count(None) <= 1
    assert all(result["fibonacci"] == 317_811 for result in results if result)
    wait_for(lambda: not children_of(pid), what="the end of the workers")
    assert Call(kiln, name, {"action": "cpu_intensive_batch", "numbers": [2]}).cold is False


def children_of(pid):
    return [int(child) for child in open(f"/proc/{pid}/task/{pid}/children").read().split()]


# both


@pytest.mark.parametrize("function", ["memory_optimized", "cpu_optimized"])
def test_ten_thousand_failing_calls_leave_nothing(kiln, name, function):
    deploy(kiln, name, function, MemorySize=256)
    assert_nothing_left(kiln, name, {"action": "nope"}, 400, count=10_000)


def test_failing_tasks_leave_nothing(kiln, name):
    deploy(kiln, name, "cpu_optimized", {"DATABASE_URL": f"postgresql://kiln@127.0.0.1:{free_port()}/x"}, MemorySize=512)
    event = tasks(request(f"http://127.0.0.1:{free_port()}/"), query("SELECT 1"), STAT, {"type": "nonsense"})
    assert_nothing_left(kiln, name, event, 200, count=2000, descriptors=1, memory_mb=4)  # the connection to the next try


def test_failing_memory_tests_leave_nothing(kiln, name):
    deploy(kiln, name, "memory_optimized", MemorySize=128)
    assert_nothing_left(kiln, name, {"action": "memory_test", "test_size_mb": 1000}, 507, count=10_000)
