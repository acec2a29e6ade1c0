"""cpu_optimized through Invoke: each action, cold and warm, against values computed here and real servers."""

import os

import pytest
from deployed import Call, cold_and_warm, deploy, deploy_twin
from doubles import Receiver
from servers import Postgres

FUNCTION = "cpu_optimized"
CORES = len(os.sched_getaffinity(0))


@pytest.fixture(scope="module")
def postgres():
    server = Postgres()
    yield server
    server.close()


@pytest.fixture
def web():
    def answer(method, path, headers, body):
        if path == "/moved":
            return 302, {"Location": "/page"}, b""
        return (404, {}, b"none") if path == "/none" else (200, {}, b"x" * 12345)

    server = Receiver(answer)
    yield server
    server.close()


def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


def expected(n):
    return {"input": n, "fibonacci": fibonacci(min(n, 35)), "is_prime": n > 1 and all(n % i for i in range(2, int(n**0.5) + 1)),
            "sum_of_squares": (n - 1) * n * (2 * n - 1) // 6 if n else 0}


def batch(numbers, **more):
    return {"action": "cpu_intensive_batch", "numbers": numbers, **more}


def without_time(result):
    assert result is None or result.pop("processing_time") >= 0
    return result


def test_cpu_intensive_batch(kiln, name):
    deploy(kiln, name, FUNCTION, MemorySize=1769, Timeout=60)
    numbers = [0, 1, 2, 17, 35, 36, 1000, 7919, 3_810_778]
    for body in cold_and_warm(kiln, name, batch(numbers)):
        assert [without_time(result) for result in body.pop("results")] == [expected(n) for n in numbers]
        assert body.pop("processing_time") > 0
        assert body == {"data_size": 9, "workers_used": 1, "cpu_count": CORES, "processing_mode": "sequential"}


@pytest.mark.parametrize("size, allowed, mode", [(100, True, "sequential"), (101, True, "threading"), (1000, True, "threading"),
                                                 (1001, True, "multiprocessing"), (1001, False, "threading")])
def test_modes_workers_and_order(kiln, name, size, allowed, mode):
    if CORES == 1 and mode == "multiprocessing":
        mode = "threading"
    deploy(kiln, name, FUNCTION, MemorySize=1769, Timeout=60)
    numbers = [(i * 7) % 20 for i in range(size)]
    numbers[50] = "broken"
    body = Call(kiln, name, batch(numbers, use_multiprocessing=allowed)).ok()
    assert (body["processing_mode"], body["data_size"]) == (mode, size)
    assert body["workers_used"] == min(CORES, max(1, size // 100))
    assert [without_time(result) for result in body["results"]] == [None if n == "broken" else expected(n) for n in numbers]


def test_failing_items_are_null_and_logged(kiln, name):
    deploy(kiln, name, FUNCTION, MemorySize=1769)
    numbers = [3, "4", None, -1, 2.5, 10**18, 3_810_779, [], {}, True, 5]
    call = Call(kiln, name, batch(numbers))
    assert [without_time(result) for result in call.ok()["results"]] == [expected(3), *[None] * 9, expected(5)]
    assert call.log.count("an item failed") == 9 and "an item failed index=5" in call.log


def test_the_end_of_the_invocation_comes_first(kiln, name):
    deploy(kiln, name, FUNCTION, MemorySize=1769, Timeout=2)
    call = Call(kiln, name, batch([35] * 2000))
    results = call.ok()["results"]
    done = sum(result is not None for result in results)
    assert len(results) == 2000 and 0 < done < 2000
    assert f"left_undone={2000 - done}" in call.log


def test_performance_benchmark(kiln, name):
    deploy(kiln, name, FUNCTION, MemorySize=1769, Timeout=60)
    for body in cold_and_warm(kiln, name, {"action": "performance_benchmark", "test_size": 300}):
        assert body["test_size"] == 300
        assert body["cpu_info"] == {"cpu_count": CORES, "estimated_vcpus": 1.0}
        for mode in ("sequential", "threading", "multiprocessing"):
            result = body["benchmark_results"].pop(mode)
            assert (result["processing_mode"], result["items_done"]) == (mode, 300)
            assert result["items_per_second"] == pytest.approx(300 / result["total_time"])
        assert body["benchmark_results"] == {}


def test_http_requests(kiln, name, web):
    deploy(kiln, name, FUNCTION)
    paths = ["/page", "/none", "/moved"]
    tasks = [{"type": "http_request", "url": web.url + path, "timeout": 10} for path in paths]
    for body in cold_and_warm(kiln, name, {"action": "async_tasks", "tasks": tasks}):
        assert body.pop("processing_time") > 0
        results = [(200, 12345), (404, 4), (200, 12345)]
        assert body == {"errors": [], "total_tasks": 3, "successful_results": [
            {"task_type": "http_request", "task_index": i, "url": web.url + paths[i], "status_code": status, "response_size": size}
            for i, (status, size) in enumerate(results)]}


def test_database_queries(kiln, name, postgres):
    postgres.query("CREATE TABLE IF NOT EXISTS parts (id int, name text, price numeric); TRUNCATE parts;"
                   "INSERT INTO parts VALUES (1, 'bolt', 0.5), (2, 'nut \"M4\" ä', NULL)")
    deploy(kiln, name, FUNCTION, {"DATABASE_URL": postgres.url})
    queries = ["SELECT id, name, price FROM parts ORDER BY id DESC;", "SELECT 1 AS one WHERE false", "VALUES (true, 2.5)",
               "WITH n AS (SELECT generate_series(1, 10000) AS i) SELECT i FROM n -- all of them"]
    tasks = [{"type": "database_query", "query": query} for query in queries]
    for body in cold_and_warm(kiln, name, {"action": "async_tasks", "tasks": tasks}):
        assert body["errors"] == []
        results = body["successful_results"]
        assert results[0] == {"task_type": "database_query", "task_index": 0, "query": queries[0], "result_count": 2, "rows": [
            {"id": 2, "name": 'nut "M4" ä', "price": None}, {"id": 1, "name": "bolt", "price": 0.5}]}
        assert [result["result_count"] for result in results] == [2, 0, 1, 10_000]
        assert list(results[2]["rows"][0].values()) == [True, 2.5]
        assert [row["i"] for row in results[3]["rows"]] == list(range(1, 10_001))


def test_queries_that_are_refused(kiln, name, postgres):
    postgres.query("CREATE TABLE IF NOT EXISTS kept (id int)")
    deploy(kiln, name, FUNCTION, {"DB_HOST": "127.0.0.1", "DB_NAME": f"postgres port={postgres.port}", "DB_USER": "kiln", "DATABASE_URL": postgres.url},
           MemorySize=1769, Timeout=30)
    queries = ["SELEC 1", "DROP TABLE kept", "SELECT 1; DROP TABLE kept", "INSERT INTO kept VALUES (1)", "SELECT * FROM missing",
               "SELECT generate_series(1, 10001)", "SELECT repeat('x', 4194304)", "SELECT 1) AS a; DROP TABLE kept; --"]
    tasks = [{"type": "database_query", "query": query} for query in queries] + [{"type": "database_query", "query": "SELECT count(*) AS rows FROM kept"}]
    body = Call(kiln, name, {"action": "async_tasks", "tasks": tasks}).ok()
    assert [error["task_index"] for error in body["errors"]] == list(range(8))
    assert "42P01" in body["errors"][4]["error"] and "10000" in body["errors"][5]["error"] and "4194304" in body["errors"][6]["error"]
    assert body["successful_results"][0]["rows"] == [{"rows": 0}]


def test_file_operations(kiln, name):
    deploy(kiln, name, FUNCTION)

    def run(*operations):
        tasks = [{"type": "file_operation", "operation": operation, "file_path": path, **({"content": content[0]} if content else {})}
                 for operation, path, *content in operations]
        body = Call(kiln, name, {"action": "async_tasks", "tasks": tasks}).ok()
        assert all(result["status"] == "completed" for result in body["successful_results"])
        return body

    path = "/tmp/notes.txt"
    for _ in range(2):  # cold and warm
        assert run(("write", path, "one ä"))["successful_results"][0]["bytes_written"] == 6
        assert run(("append", path, " two"))["successful_results"][0]["size"] == 10
        read = run(("read", path), ("stat", path))["successful_results"]
        assert (read[0]["content"], read[1]["size"], read[1]["type"]) == ("one ä two", 10, "file")
    body = run(("read", "/etc/passwd"), ("read", "/tmp/../etc/passwd"), ("read", "/tmp/missing"), ("stat", "/tmp"), ("delete", path), ("read", path))
    assert [error["task_index"] for error in body["errors"]] == [0, 1, 2, 3, 4]
    assert body["successful_results"][0]["task_index"] == 5


def test_each_error_is_at_its_own_index(kiln, name, web):
    deploy(kiln, name, FUNCTION)
    tasks = [{"type": "teleport"}, {"type": "http_request", "url": web.url}, 7, {"type": "http_request"}, {"type": "database_query", "query": "SELECT 1"},
             {"type": "file_operation", "operation": "write", "file_path": "/tmp/x", "content": ""}]
    body = Call(kiln, name, {"action": "async_tasks", "tasks": tasks}).ok()
    assert body["total_tasks"] == 6
    assert [error["task_index"] for error in body["errors"]] == [0, 2, 3, 4]
    assert [result["task_index"] for result in body["successful_results"]] == [1, 5]
    assert "teleport" in body["errors"][0]["error"] and "DATABASE_URL" in body["errors"][3]["error"]


@pytest.mark.parametrize("event", [{}, [], {"action": "cpu_test"}, {"action": 7}, batch("x"), batch([0] * 40_001), batch([], use_multiprocessing=1),
                                   {"action": "async_tasks"}, {"action": "async_tasks", "tasks": [0] * 1001},
                                   {"action": "performance_benchmark", "test_size": 0}], ids=range(10))
def test_what_makes_no_sense_is_400(kiln, name, event):
    deploy(kiln, name, FUNCTION)
    for cold in (True, False):
        call = Call(kiln, name, event)
        assert (call.status, call.cold, call.body["success"]) == (400, cold, False)
        assert call.body["error"]


def test_log_lines_and_level(kiln, name):
    deploy(kiln, name, FUNCTION, MemorySize=192, Timeout=7)
    log = Call(kiln, name, batch(["x"])).log
    assert "memory_limit_mb=192" in log
    assert 1000 < int(log.split("remaining_time_ms=")[1].split()[0]) <= 7000
    kiln.client("lambda").update_function_configuration(FunctionName=name, Environment={"Variables": {"LOG_LEVEL": "ERROR"}})
    log = Call(kiln, name, batch(["x"])).log
    assert "memory_limit_mb" not in log and "an item failed index=0" in log


def test_a_wrong_configuration_fails_init_by_name(kiln, name):
    deploy(kiln, name, FUNCTION, {"TIMEOUT_SECONDS": "soon"})
    answer = kiln.invoke(name)
    assert answer["FunctionError"] == "Unhandled" and "TIMEOUT_SECONDS is 'soon'" in answer["Body"]["errorMessage"]


def test_the_python_twin_answers_the_same(kiln, name):
    deploy(kiln, name, FUNCTION, MemorySize=1769, Timeout=60)
    deploy_twin(kiln, name + "py", FUNCTION, MemorySize=1769, Timeout=60)
    event = batch([0, 1, 2, 9, 10, 17, 20, 997, 10_000], use_multiprocessing=False)
    mine, theirs = (Call(kiln, each, event).ok() for each in (name, name + "py"))
    for body in (mine, theirs):
        del body["processing_time"], body["cpu_count"]
        body["results"] = [without_time(result) for result in body["results"]]
    assert mine == theirs
    assert all(Call(kiln, each, {"action": "nope"}).status == 400 for each in (name, name + "py"))
