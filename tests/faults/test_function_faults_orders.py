"""What goes wrong under critical, standard and batch_handler: each is done once and in its time, or said to be undone; nothing is lost."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import uuid

import pytest
from deployed import Call, assert_nothing_left, deploy, environment_pid
from harness import ROOT, wait_for
from servers import Postgres

CRITICAL, STANDARD, BATCH = FUNCTIONS = ["critical_handler", "standard_handler", "batch_handler"]
# Failing calls of each. The three share their store and what surrounds a request.
COUNTS = {CRITICAL: 10_000, STANDARD: 2000, BATCH: 2000}
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'orders'"


@pytest.fixture(scope="module")
def postgres():
    server = Postgres()
    server.query((ROOT / "functions" / "orders" / "schema.sql").read_text())
    yield server
    server.close()


@pytest.fixture
def locked(postgres):
    """While it holds, nobody reads or writes the tables: a database that is slow without end. unlock() ends it."""
    command = [postgres.programs / "psql", "-XAtq", postgres.url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
        session.stdin.write("BEGIN; LOCK TABLE payment_authorizations, enriched_orders IN ACCESS EXCLUSIVE MODE; SELECT 'locked';\n")
        session.stdin.flush()
        assert session.stdout.readline() == "locked\n"

        def unlock():
            session.stdin.close()
            session.wait(10)

        yield unlock
        if not session.stdin.closed:
            unlock()


@pytest.fixture
def silent_port():
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield server.getsockname()[1]


@pytest.fixture
def key():
    return f"r-{uuid.uuid4()}"


def event_of(function, key, count=3):
    """One payment, one order, or a batch of so many."""
    if function == CRITICAL:
        return {"request_id": key, "user_id": "u", "amount": 12.5}
    order = {"user_id": "u", "amount": 12.5, "name": "ada", "email": "a@b.cd"}
    if function == STANDARD:
        return {**order, "request_id": key}
    return {"Records": [{"messageId": f"{key}-{i}", "body": json.dumps(order)} for i in range(count)]}


def stored(postgres, key):
    """How many rows there are of a key."""
    tables = ("payment_authorizations", "enriched_orders")
    return sum(int(postgres.query(f"SELECT count(*) FROM {table} WHERE request_id LIKE '{key}%'")) for table in tables)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_database_that_is_down(kiln, name, function, key):
    """The database is one of this test's own, so that the others' goes on."""
    own = Postgres()
    try:
        own.query((ROOT / "functions" / "orders" / "schema.sql").read_text())
        deploy(kiln, name, function, {"DATABASE_URL": own.url}, MemorySize=1769, Timeout=30)
        event = event_of(function, key)
        Call(kiln, name, event).ok()
        pid = environment_pid(kiln, name)
        own.stop()
        call = Call(kiln, name, event)
        if function == BATCH:
            ids = [record["messageId"] for record in event["Records"]]
            assert (call.status, call.failures, call.body["left_undone"]) == (200, ids, ids[1:])
            assert [one["itemIdentifier"] for one in call.body["failed"]] == ids[:1] and str(own.port) in call.body["failed"][0]["error"]
        else:
            assert (call.status, call.body["success"]) == (500, False) and str(own.port) in call.body["error"]
            assert call.log.count("request failed") == 1
        assert_nothing_left(kiln, name, event, call.status, count=COUNTS[function])
        own.start()
        again = Call(kiln, name, event)
        assert again.ok()["success"] is True and again.failures == []
        assert environment_pid(kiln, name) == pid
        assert stored(own, key) == (3 if function == BATCH else 1)
        assert int(own.query(SESSIONS)) == 1
    finally:
        own.close()


@pytest.mark.alone
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_slow_database_is_left_before_the_time_is_up(kiln, name, function, key, postgres, locked):
    deploy(kiln, name, function, {"DATABASE_URL": postgres.url}, Timeout=2)
    event = event_of(function, key)
    start = time.monotonic()
    call = Call(kiln, name, event)
    assert time.monotonic() - start < 5
    pid = environment_pid(kiln, name)
    if function == BATCH:
        ids = [record["messageId"] for record in event["Records"]]
        assert (call.status, call.failures) == (200, ids)
        assert sorted(call.body["left_undone"] + [one["itemIdentifier"] for one in call.body["failed"]]) == ids
    else:
        assert (call.status, call.body["left_undone"]) == (503, [key]) and "the time is up" in call.log
    locked()
    wait_for(lambda: postgres.query(f"{SESSIONS} AND state = 'active'") == "0", what="the end of the statements")
    assert stored(postgres, key) == 0  # undone is not half done
    again = Call(kiln, name, event)
    assert again.ok()["success"] is True and again.failures == [] and environment_pid(kiln, name) == pid
    assert stored(postgres, key) == (3 if function == BATCH else 1)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_max_processing_time_ends_a_request_before_the_functions_own(kiln, name, function, key, postgres, locked):
    deploy(kiln, name, function, {"DATABASE_URL": postgres.url, "MAX_PROCESSING_TIME": "1"}, Timeout=60)
    start = time.monotonic()
    call = Call(kiln, name, event_of(function, key))
    assert time.monotonic() - start < 10
    assert call.failures if function == BATCH else call.status == 503


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_database_that_is_silent_is_given_up_before_the_time_is_up(kiln, name, function, key, silent_port):
    deploy(kiln, name, function, {"DATABASE_URL": f"postgresql://kiln@127.0.0.1:{silent_port}/x"}, Timeout=2)
    for cold in (True, False):
        call = Call(kiln, name, event_of(function, key))
        assert call.cold is cold
        assert len(call.failures) == 3 if function == BATCH else call.status == 500


def test_a_batch_stops_in_time_and_the_rest_comes_again(kiln, name, key, postgres):
    """Delivered again and again with what failed, as Lambda does it, a batch that is too large for its time is done in the end: each once."""
    deploy(kiln, name, BATCH, {"DATABASE_URL": postgres.url, "MAX_PROCESSING_TIME": "1"}, MemorySize=128, Timeout=60)
    left = {record["messageId"]: record for record in event_of(BATCH, key, 6000)["Records"]}
    deliveries = 0
    while left:
        call = Call(kiln, name, {"Records": list(left.values())})
        assert call.failures == call.body["left_undone"] and len(call.failures) < len(left)
        assert call.body["processed_records"] == len(left) - len(call.failures)
        left = {one: left[one] for one in call.failures}
        deliveries += 1
    assert deliveries > 1
    assert postgres.query(f"SELECT count(*), count(DISTINCT request_id) FROM enriched_orders WHERE request_id LIKE '{key}%'") == "6000|6000"


@pytest.mark.parametrize("function", [CRITICAL, STANDARD])
def test_the_same_request_in_many_environments_at_once_is_stored_once(kiln, name, function, key, postgres):
    deploy(kiln, name, function, {"DATABASE_URL": postgres.url}, Timeout=30)
    bodies = []
    threads = [threading.Thread(target=lambda: bodies.append(Call(kiln, name, event_of(function, key)).ok())) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bodies) == 12 and [body["duplicate"] for body in bodies].count(False) == 1
    assert len({body["authorization_id"] if function == CRITICAL else body["order"]["order_id"] for body in bodies}) == 1
    assert stored(postgres, key) == 1


def test_an_asynchronous_order_that_is_tried_again_is_stored_once(own_kiln, postgres):
    """The environment dies under its first try, the order's row being on its way; Lambda tries again under the same request id."""
    postgres.query("TRUNCATE enriched_orders;"
                   "CREATE OR REPLACE FUNCTION slow() RETURNS trigger AS $$ BEGIN PERFORM pg_sleep(2); RETURN NEW; END $$ LANGUAGE plpgsql;"
                   "CREATE TRIGGER slow AFTER INSERT ON enriched_orders FOR EACH ROW EXECUTE FUNCTION slow()")
    engine = own_kiln(args=["--speed", "60"])  # the second try comes after a second
    deploy(engine, "standard", STANDARD, {"DATABASE_URL": postgres.url}, Timeout=60)
    active = f"{SESSIONS} AND state = 'active'"

    def log_text():
        events = engine.client("logs").filter_log_events(logGroupName="/aws/lambda/standard")["events"]
        return "".join(event["message"] for event in events)

    try:
        engine.client("lambda").invoke(FunctionName="standard", InvocationType="Event", Payload=json.dumps({"user_id": "u", "amount": 1}))
        wait_for(lambda: postgres.query(active) == "1", what="the first try's statement")
        os.kill(environment_pid(engine, "standard"), signal.SIGKILL)
        wait_for(lambda: "order stored" in log_text(), what="the second try")
        wait_for(lambda: postgres.query(active) == "0", what="the end of the statements")
        starts = re.findall(r"START RequestId: (\S+)", log_text())
        assert len(starts) == 2 and len(set(starts)) == 1
        assert "duplicate=true" in log_text()
        assert postgres.query("SELECT request_id FROM enriched_orders") == starts[0]
    finally:
        postgres.query("DROP TRIGGER slow ON enriched_orders")


# What is refused


@pytest.mark.parametrize("function", FUNCTIONS)
def test_refused_requests_leave_nothing(kiln, name, function, key, postgres):
    deploy(kiln, name, function, {"DATABASE_URL": postgres.url}, MemorySize=1769, Timeout=30)
    Call(kiln, name, event_of(function, key)).ok()
    before = int(postgres.query(SESSIONS))
    # Another payment under a request id that was used.
    event = event_of(function, key)
    if function == BATCH:
        event["Records"] = [{"messageId": "m", "body": json.dumps({"user_id": "other", "amount": 1, "request_id": f"{key}-0"})}]
    else:
        event["user_id"] = "other"
    assert_nothing_left(kiln, name, event, 200 if function == BATCH else 409, count=COUNTS[function])
    assert (int(postgres.query(SESSIONS)), stored(postgres, key)) == (before, 3 if function == BATCH else 1)
    assert int(postgres.query(f"{SESSIONS} AND state LIKE '%transaction%'")) == 0


@pytest.mark.parametrize("function", FUNCTIONS)
def test_events_that_are_no_object_leave_nothing(kiln, name, function):
    deploy(kiln, name, function, MemorySize=1769)
    event = {"Records": [{"messageId": "m", "body": "[]"}, {"messageId": "n", "body": "7"}]} if function == BATCH else ["no object"]
    assert_nothing_left(kiln, name, event, 200 if function == BATCH else 400, count=COUNTS[function])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_file_that_cannot_be_made_is_500_and_named(kiln, name, function, key):
    deploy(kiln, name, function, {"SQLITE_PATH": "/var/task/orders.db"})
    call = Call(kiln, name, event_of(function, key))
    if function == BATCH:
        assert len(call.failures) == 3 and "SQLITE_PATH" in call.body["failed"][0]["error"]
    else:
        assert call.status == 500 and "SQLITE_PATH" in call.body["error"]
