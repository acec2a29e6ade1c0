"""critical_handler, standard_handler and batch_handler through Invoke: cold and warm, with SQLite and with PostgreSQL."""

import json
import uuid

import pytest
from deployed import Call, cold_and_warm, deploy, deploy_twin
from harness import ROOT
from servers import Postgres

CRITICAL, STANDARD, BATCH = FUNCTIONS = ["critical_handler", "standard_handler", "batch_handler"]
SCHEMA = (ROOT / "functions" / "orders" / "schema.sql").read_text()
ITEMS = [{"sku": "a", "quantity": 3, "price": 0.1}, {"sku": "b", "quantity": 2, "price": "10.35"}]  # 21.00


@pytest.fixture(scope="module")
def postgres():
    server = Postgres()
    server.query(SCHEMA)
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgres"])
def variables(request):
    return {} if request.param == "sqlite" else {"DATABASE_URL": request.getfixturevalue("postgres").url}


@pytest.fixture
def key():
    """A request id that no other test uses."""
    return f"r-{uuid.uuid4()}"


def payment(key, **more):
    return {"request_id": key, "user_id": "u1", "amount": 12.5, **more}


def order(**more):
    return {"user_id": "u1", "items": ITEMS, "name": "  ada von LOVELACE ", "email": " Ada@Example.COM ", **more}


def records(*bodies):
    return {"Records": [{"messageId": f"m{i}", "body": body if isinstance(body, str) else json.dumps(body)} for i, body in enumerate(bodies)]}


def answered(body, level):
    """What is left of an answer without the fields that all have."""
    body = dict(body)
    assert body.pop("success") is True and body.pop("priority_level") == level
    assert body.pop("processing_time") > 0 and body.pop("remaining_time_ms") > 0
    return body


# critical_handler


def test_a_payment_is_authorised_once(kiln, name, variables, key):
    deploy(kiln, name, CRITICAL, variables, Timeout=30)
    first, again = (answered(body, "CRITICAL") for body in cold_and_warm(kiln, name, payment(key, currency="eur")))
    assert first["authorization_id"] >= 1
    assert first == {"request_id": key, "authorization_id": first["authorization_id"], "status": "authorized", "amount": 12.5, "currency": "EUR", "duplicate": False}
    assert again == {**first, "duplicate": True}
    other = answered(Call(kiln, name, payment(key + "b")).ok(), "CRITICAL")
    assert other["authorization_id"] != first["authorization_id"] and (other["currency"], other["duplicate"]) == ("USD", False)
    for wrong in ({"amount": 12.51}, {"user_id": "u2"}, {"currency": "GBP"}):
        call = Call(kiln, name, {**payment(key, currency="EUR"), **wrong})
        assert (call.status, call.body["success"]) == (409, False) and key in call.body["error"]


def test_what_was_authorised_is_in_the_database(kiln, name, postgres, key):
    deploy(kiln, name, CRITICAL, {"DATABASE_URL": postgres.url, "PAYMENT_LIMIT": "100.00", "PRIORITY_LEVEL": "HIGHEST"})
    sent = {key + "a": ("100.00", "authorized"), key + "b": (100.01, "declined"), key + "c": (0.01, "authorized"), key + "d": (999999999.99, "declined")}
    for request_id, (amount, status) in sent.items():
        for duplicate in (False, True):
            body = answered(Call(kiln, name, payment(request_id, amount=amount, user_id=7)).ok(), "HIGHEST")
            assert (body["status"], body["amount"], body["duplicate"]) == (status, float(amount), duplicate)
    rows = postgres.query(f"SELECT request_id, user_id, amount_cents, currency, status FROM payment_authorizations WHERE request_id LIKE '{key}%' ORDER BY 1")
    assert rows.splitlines() == [f"{request_id}|7|{round(float(amount) * 100)}|USD|{status}" for request_id, (amount, status) in sent.items()]


@pytest.mark.parametrize("wrong", [{"request_id": ""}, {"request_id": None}, {"request_id": "x" * 129}, {"request_id": 7}, {"user_id": None}, {"user_id": 1.5}, {"user_id": "a\0"},
                                   {"amount": 0}, {"amount": -1}, {"amount": 1.005}, {"amount": 10**9}, {"amount": "1e2"}, {"amount": True}, {"amount": None},
                                   {"currency": "EURO"}, {"currency": 5}], ids=str)
def test_a_payment_that_makes_no_sense_is_400(kiln, name, key, wrong):
    deploy(kiln, name, CRITICAL)
    for cold in (True, False):
        call = Call(kiln, name, {**payment(key), **wrong})
        assert (call.status, call.cold, call.body["success"]) == (400, cold, False)
        assert f"'{next(iter(wrong))}'" in call.body["error"]


# standard_handler


def test_an_order_is_enriched_and_stored_once(kiln, name, variables, key):
    deploy(kiln, name, STANDARD, variables, Timeout=60)
    first, again = (answered(body, "STANDARD") for body in cold_and_warm(kiln, name, {"order": order(request_id=key)}))
    found = dict(first["order"])
    assert len(found.pop("received_at")) == len("2026-01-02T03:04:05.678Z") and found.pop("order_id") >= 1
    assert first["duplicate"] is False
    assert found == {"request_id": key, "user_id": "u1", "amount": 21, "currency": "USD", "item_count": 5, "priority": "STANDARD", "status": "stored",
                     "customer": {"name": "Ada Von Lovelace", "email": "ada@example.com", "validation_status": "valid"}}
    assert again["duplicate"] is True and again["order"]["order_id"] == first["order"]["order_id"]
    call = Call(kiln, name, order(request_id=key, user_id="another"))
    assert call.status == 409 and key in call.body["error"]


def test_orders_are_in_the_database(kiln, name, postgres, key):
    deploy(kiln, name, STANDARD, {"DATABASE_URL": postgres.url})
    sent = [order(request_id=key + "a", currency="chf", email="nobody"), order(request_id=key + "b", items=None, amount=0.29, name=" "),
            {"request_id": key + "c", "user_id": 9, "amount": 5}]
    bodies = [answered(Call(kiln, name, one).ok(), "STANDARD")["order"] for one in sent]
    rows = postgres.query("SELECT id, request_id, user_id, amount_cents, currency, item_count, customer_name, customer_email, customer_status, priority, "
                          "to_char(received_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') "
                          f"FROM enriched_orders WHERE request_id LIKE '{key}%' ORDER BY request_id").splitlines()
    expected = ["u1|2100|CHF|5|Ada Von Lovelace|nobody|invalid_email", "u1|29|USD|0||ada@example.com|invalid_name", "9|500|USD|0|||"]
    assert rows == [f"{body['order_id']}|{body['request_id']}|{row}|STANDARD|{body['received_at']}" for body, row in zip(bodies, expected)]


def test_an_order_without_an_id_has_the_invocations(kiln, name):
    deploy(kiln, name, STANDARD)
    answer = kiln.invoke(name, order())
    assert json.loads(answer["Body"]["body"])["order"]["request_id"] == answer["ResponseMetadata"]["RequestId"]


@pytest.mark.parametrize("wrong, named", [({"amount": 20.99}, "'amount'"), ({"items": "x"}, "'items'"), ({"items": [{"sku": "a", "price": 1}]}, "'quantity'"),
                                          ({"items": [{"sku": "a", "quantity": 1, "price": 0}]}, "'price'"), ({"items": [{"quantity": 1, "price": 1}]}, "'sku'"),
                                          ({"items": [ITEMS[0]] * 1001}, "1000"), ({"items": None, "amount": None}, "'amount'"), ({"items": []}, "'items'"), ({"user_id": ""}, "'user_id'"),
                                          ({"name": 7}, "'name'"), ({"email": "a\0"}, "'email'")], ids=range(11))
def test_an_order_that_makes_no_sense_is_400(kiln, name, wrong, named):
    deploy(kiln, name, STANDARD)
    for cold in (True, False):
        call = Call(kiln, name, {"order": {**order(), **wrong}})
        assert (call.status, call.cold, call.body["success"]) == (400, cold, False)
        assert named in call.body["error"]


# batch_handler


def test_a_batch_is_stored_each_record_once(kiln, name, variables, postgres, key):
    deploy(kiln, name, BATCH, variables, MemorySize=512, Timeout=60)
    event = records(*[order(request_id=f"{key}{i}") for i in range(200)])
    for body in cold_and_warm(kiln, name, event):  # delivered twice
        assert answered(body, "BATCH") == {"total_records": 200, "processed_records": 200, "failed": [], "left_undone": []}
    if variables:
        assert postgres.query(f"SELECT count(*), sum(amount_cents) FROM enriched_orders WHERE request_id LIKE '{key}%'") == "200|420000"


def test_what_fails_is_named_for_another_try(kiln, name, variables, key):
    deploy(kiln, name, BATCH, variables)
    bad = {"m1": "no json", "m2": "[]", "m4": json.dumps(order(amount=1)), "m5": json.dumps(order(name=7)), "m6": json.dumps(order(request_id=f"{key}0", user_id="another"))}
    bodies = [bad.get(f"m{i}", order(request_id=f"{key}{i}")) for i in range(9)]
    event = records(*bodies)
    del event["Records"][8]["body"]
    for cold in (True, False):
        call = Call(kiln, name, event)
        assert (call.status, call.cold, call.failures) == (200, cold, [*bad, "m8"])
        body = answered(call.body, "BATCH")
        assert (body["total_records"], body["processed_records"], body["left_undone"]) == (9, 3, [])
        assert [one["itemIdentifier"] for one in body["failed"]] == [*bad, "m8"]
        for one, said in zip(body["failed"], ("JSON", "object", "'amount'", "'name'", "another request", "body")):
            assert said in one["error"]


def test_a_message_is_stored_under_its_id(kiln, name, postgres, key):
    deploy(kiln, name, BATCH, {"DATABASE_URL": postgres.url})
    event = {"Records": [{"messageId": key, "body": json.dumps({"order": order()})}]}
    assert [answered(body, "BATCH")["processed_records"] for body in cold_and_warm(kiln, name, event)] == [1, 1]
    assert postgres.query(f"SELECT count(*) FROM enriched_orders WHERE request_id = '{key}'") == "1"


@pytest.mark.parametrize("event", [{}, {"Records": {}}, {"Records": [{"body": "{}"}]}, {"Records": ["x"]}, {"Records": [{"messageId": "", "body": "{}"}]}], ids=range(5))
def test_a_batch_that_cannot_be_named_fails_as_a_whole(kiln, name, event):
    deploy(kiln, name, BATCH)
    for cold in (True, False):
        call = Call(kiln, name, event)
        assert (call.status, call.cold, call.failures, call.body["success"]) == (400, cold, [""], False)


# all three


@pytest.mark.parametrize("function", FUNCTIONS)
def test_log_lines_and_level(kiln, name, function):
    deploy(kiln, name, function, MemorySize=192, Timeout=7)
    log = Call(kiln, name, [1]).log
    assert "memory_limit_mb=192" in log and f"priority_level={function.split('_')[0].upper()}" in log and "request refused" in log
    assert 1000 < int(log.split("remaining_time_ms=")[1].split()[0]) <= 7000
    kiln.client("lambda").update_function_configuration(FunctionName=name, Environment={"Variables": {"LOG_LEVEL": "ERROR"}})
    log = Call(kiln, name, [1]).log
    assert "memory_limit_mb" not in log and "request refused" not in log


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("variable, value", [("MAX_PROCESSING_TIME", "0"), ("PAYMENT_LIMIT", "much")])
def test_a_wrong_configuration_fails_init_by_name(kiln, name, function, variable, value):
    deploy(kiln, name, function, {variable: value})
    answer = kiln.invoke(name)
    assert answer["FunctionError"] == "Unhandled" and f"{variable} is '{value}'" in answer["Body"]["errorMessage"]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_python_twin_answers_the_same(kiln, name, function):
    deploy(kiln, name, function)
    deploy_twin(kiln, name + "py", function)
    events = {CRITICAL: [payment("a"), payment("a"), payment("b", amount=7, currency="chf"), payment("a", amount=1), payment("", amount=1)],
              STANDARD: [{"order": order(request_id="a")}, order(request_id="a"), order(request_id="b", items=None, amount=3.5), order(request_id="a", user_id="other"), order(amount=1)],
              BATCH: [records(*[order()] * 3), records(*[order()] * 2, order(amount=1), "no json", order(request_id="m0", user_id="other"))]}[function]
    for event in events:
        mine, theirs = (Call(kiln, each, event) for each in (name, name + "py"))
        for call in (mine, theirs):
            for changing in ("processing_time", "remaining_time_ms", "error", "failed"):
                call.body.pop(changing, None)
            call.body.get("order", {}).pop("received_at", None)
        assert (mine.status, mine.failures, mine.body) == (theirs.status, theirs.failures, theirs.body)
