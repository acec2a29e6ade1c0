"""What goes wrong under optimized_cold_start and concurrency_controller: the answer says it, the environment lives on and loses nothing."""

import socket
import subprocess
import threading
import time

import pytest
from deployed import Call, assert_nothing_left, deploy, environment_pid, invoke_often
from harness import ROOT, wait_for
from servers import Postgres, Redis, free_port

FUNCTION = "optimized_cold_start"
ORDER = {"action": "process_order", "data": {"user_id": "u", "amount": 1}}
FETCH = {"action": "fetch_data", "key": "user:1"}
VALIDATE = {"action": "validate_user", "data": {}}
# It is the server that cuts the statement off, after a millisecond: so 10,000 slow ones take seconds.
HURRIED = "?options=-c%20statement_timeout%3D1"
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'optimized_cold_start'"


@pytest.fixture(scope="module")
def postgres():
    server = Postgres()
    server.query((ROOT / "functions" / FUNCTION / "schema.sql").read_text())
    yield server
    server.close()


@pytest.fixture(scope="module")
def redis():
    server = Redis()
    yield server
    server.close()


@pytest.fixture
def backends(postgres, redis):
    redis.command("FLUSHALL")
    return {"DATABASE_URL": postgres.url, "REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(redis.port)}


@pytest.fixture
def silent_port():
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as server:
        yield server.getsockname()[1]


@pytest.fixture
def locked(postgres):
    """While it holds, nobody reads or writes the tables: a database that is slow without end."""
    command = [postgres.programs / "psql", "-XAtq", postgres.url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
        session.stdin.write("BEGIN; LOCK TABLE orders, items IN ACCESS EXCLUSIVE MODE; SELECT 'locked';\n")
        session.stdin.flush()
        assert session.stdout.readline() == "locked\n"
        yield
        session.stdin.close()


def assert_works(kiln, name, pid):
    """The same environment as before answers all that it is asked."""
    for event in (ORDER, FETCH, VALIDATE):
        assert Call(kiln, name, event).ok()["success"] is True
    assert environment_pid(kiln, name) == pid


def test_with_the_cache_down_the_database_answers(kiln, name, redis, backends):
    deploy(kiln, name, FUNCTION, backends, MemorySize=1769, Timeout=30)
    assert [Call(kiln, name, FETCH).ok()["result"]["source"] for _ in range(2)] == ["database", "cache"]
    pid = environment_pid(kiln, name)
    redis.stop()
    try:
        call = Call(kiln, name, FETCH)
        assert call.ok()["result"] | {"data": None} == {"data": None, "source": "database_fallback", "cache_hit": False}
        assert call.body["result"]["data"]["value"] == "Ada"
        assert "the cache is down" in call.log and str(redis.port) in call.log
        assert_nothing_left(kiln, name, FETCH, 200, count=10_000)
    finally:
        redis.start()
    assert [Call(kiln, name, FETCH).ok()["result"]["source"] for _ in range(2)] == ["database", "cache"]
    assert_works(kiln, name, pid)


@pytest.mark.alone
def test_a_cache_that_is_silent_costs_a_part_of_the_time(kiln, name, silent_port, backends):
    deploy(kiln, name, FUNCTION, {**backends, "REDIS_PORT": str(silent_port)}, Timeout=3)
    start = time.monotonic()
    assert Call(kiln, name, FETCH).ok()["result"]["source"] == "database_fallback"
    assert time.monotonic() - start < 2


def test_with_the_database_down_the_answer_is_500(kiln, name, postgres, backends):
    deploy(kiln, name, FUNCTION, backends, MemorySize=1769, Timeout=30)
    assert Call(kiln, name, ORDER).ok()
    pid = environment_pid(kiln, name)
    postgres.stop()
    try:
        for event in (ORDER, FETCH, ORDER):
            call = Call(kiln, name, event)
            assert (call.status, call.body["success"]) == (500, False) and str(postgres.port) in call.body["error"]
            assert call.log.count("request failed") == 1
        assert Call(kiln, name, VALIDATE).ok()
        assert_nothing_left(kiln, name, ORDER, 500, count=10_000)
    finally:
        postgres.start()
    assert_works(kiln, name, pid)
    assert int(postgres.query(SESSIONS)) == 1  # the restart ended those of other tests


def test_with_both_down_the_answer_is_500(kiln, name):
    deploy(kiln, name, FUNCTION, {"DATABASE_URL": f"postgresql://kiln@127.0.0.1:{free_port()}/x", "REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(free_port())}, MemorySize=1769, Timeout=30)
    assert_nothing_left(kiln, name, FETCH, 500, count=10_000, at_once=4)
    assert Call(kiln, name, VALIDATE).ok()


def test_a_slow_database_is_cut_off_before_the_functions_time_is_up(kiln, name, postgres, redis, backends, locked):
    deploy(kiln, name, FUNCTION, backends, Timeout=2)
    for event in (ORDER, FETCH):
        call = Call(kiln, name, event)
        assert call.status == 500 and "57014" in call.body["error"]
    pid = environment_pid(kiln, name)
    assert Call(kiln, name, VALIDATE).ok() and environment_pid(kiln, name) == pid


def test_a_database_that_is_silent_is_given_up_before_the_functions_time_is_up(kiln, name, silent_port):
    deploy(kiln, name, FUNCTION, {"DATABASE_URL": f"postgresql://kiln@127.0.0.1:{silent_port}/x"}, Timeout=2)
    for cold in (True, False):
        call = Call(kiln, name, ORDER)
        assert (call.status, call.cold) == (500, cold) and "no answer within" in call.body["error"]


def test_ten_thousand_slow_statements_leave_nothing(kiln, name, postgres, backends, locked):
    deploy(kiln, name, FUNCTION, {**backends, "DATABASE_URL": postgres.url + HURRIED}, MemorySize=1769, Timeout=30)
    assert_nothing_left(kiln, name, ORDER, 500, count=10_000, at_once=8)
    idle = "AND state <> 'idle'"
    wait_for(lambda: postgres.query(f"{SESSIONS} {idle}") == "0", what="the end of the statements")
    assert int(postgres.query(SESSIONS + " AND state LIKE '%transaction%'")) == 0


def test_ten_thousand_refused_statements_leave_no_transaction_open(kiln, name, postgres, backends):
    postgres.query("ALTER TABLE orders ADD CONSTRAINT no_seven CHECK (amount <> 7)")
    try:
        deploy(kiln, name, FUNCTION, backends, MemorySize=1769, Timeout=30)
        assert Call(kiln, name, ORDER).ok()
        before = int(postgres.query(SESSIONS))
        seven = {"action": "process_order", "data": {"user_id": "u", "amount": 7}}
        assert "no_seven" in Call(kiln, name, seven).body["error"]
        assert_nothing_left(kiln, name, seven, 500, count=10_000)
        assert int(postgres.query(SESSIONS)) == before
        assert int(postgres.query(SESSIONS + " AND state LIKE '%transaction%'")) == 0
        assert_works(kiln, name, environment_pid(kiln, name))
    finally:
        postgres.query("ALTER TABLE orders DROP CONSTRAINT no_seven")


def test_connections_that_the_server_breaks_are_replaced(kiln, name, postgres, backends):
    """An administrator ends the function's sessions again and again while it works."""
    deploy(kiln, name, FUNCTION, backends, MemorySize=1769, Timeout=30)
    Call(kiln, name, ORDER).ok()
    pid = environment_pid(kiln, name)
    statuses = set()
    caller = threading.Thread(target=lambda: statuses.update(invoke_often(kiln, name, ORDER, 2000)))
    caller.start()
    while caller.is_alive():
        postgres.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'optimized_cold_start'")
    caller.join()
    assert 200 in statuses and statuses <= {200, 500}
    assert_works(kiln, name, pid)


# concurrency_controller

CONTROLLER = "concurrency_controller"
ANALYZE = {"action": "analyze_performance", "function_name": "any"}
HEALTH = {"action": "health_check"}


def test_without_cloudwatch_the_answer_is_500_and_not_zeros(kiln, name):
    deploy(kiln, name, CONTROLLER, {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}, MemorySize=1769, Timeout=30)
    call = Call(kiln, name, ANALYZE)
    assert (call.status, call.body["success"]) == (500, False) and "GetMetricData" in call.body["error"]
    assert "request failed" in call.log
    # Each waits for its second and third attempt: some at once, and fewer.
    assert_nothing_left(kiln, name, ANALYZE, 500, count=400, at_once=20)
    assert Call(kiln, name, HEALTH).ok()["status"] == "healthy"


def test_a_cloudwatch_that_is_silent_is_given_up_before_the_functions_time_is_up(kiln, name, silent_port):
    deploy(kiln, name, CONTROLLER, {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent_port}"}, Timeout=2)
    for cold in (True, False):
        call = Call(kiln, name, ANALYZE)
        assert (call.status, call.cold) == (500, cold) and "Timeout" in call.body["error"]


def test_ten_thousand_questions_about_a_function_that_is_not_there_leave_nothing(kiln, name):
    deploy(kiln, name, CONTROLLER, MemorySize=1769, Timeout=30)
    call = Call(kiln, name, {**ANALYZE, "function_name": "no-such-function"})
    assert call.status == 500 and "ResourceNotFoundException" in call.body["error"]
    assert_nothing_left(kiln, name, {**ANALYZE, "function_name": "no-such-function"}, 500, count=10_000, at_once=4)
    assert Call(kiln, name, HEALTH).ok()


def test_a_reserve_that_the_account_has_not_got_is_500(own_kiln):
    engine = own_kiln(args=["--account-concurrency", "110"])
    engine.create_echo("target")
    engine.client("lambda").put_function_concurrency(FunctionName="target", ReservedConcurrentExecutions=0)
    with pytest.raises(engine.client("lambda").exceptions.TooManyRequestsException):
        engine.invoke("target")
    engine.client("lambda").put_function_concurrency(FunctionName="target", ReservedConcurrentExecutions=9)
    deploy(engine, "controller", CONTROLLER)
    call = Call(engine, "controller", {"action": "optimize_concurrency", "function_name": "target", "apply": True})
    assert call.status == 500 and "PutFunctionConcurrency" in call.body["error"], call.body
    assert engine.client("lambda").get_function_concurrency(FunctionName="target")["ReservedConcurrentExecutions"] == 9
