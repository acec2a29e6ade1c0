"""optimized_cold_start through Invoke: each action, cold and warm, with its embedded backends and with real ones."""

import json
import re

import pytest
from deployed import Call, cold_and_warm, deploy, deploy_twin
from harness import ROOT
from servers import Postgres, Redis

FUNCTION = "optimized_cold_start"
SCHEMA = (ROOT / "functions" / FUNCTION / "schema.sql").read_text()


@pytest.fixture(scope="module")
def postgres():
    server = Postgres()
    server.query(SCHEMA)
    yield server
    server.close()


@pytest.fixture(scope="module")
def redis():
    server = Redis()
    yield server
    server.close()


@pytest.fixture
def backends(postgres, redis):
    """The variables that name them; the cache is empty."""
    redis.command("FLUSHALL")
    return {"DATABASE_URL": postgres.url, "REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(redis.port)}


def user(**data):
    return {"action": "validate_user", "data": data}


def order(user_id, amount):
    return {"action": "process_order", "data": {"user_id": user_id, "amount": amount}}


def fetch(key):
    return {"action": "fetch_data", "key": key}


def result(body):
    assert body["success"] is True and sorted(body) == ["metadata", "result", "success"]
    return body["result"]


def test_what_an_answer_says_of_itself(kiln, name):
    deploy(kiln, name, FUNCTION, Timeout=20)
    for count, body in enumerate(cold_and_warm(kiln, name, user()), start=1):
        metadata = body["metadata"]
        assert (metadata["cold_start"], metadata["request_count"]) == (count == 1, count)
        assert 0 < metadata["processing_time_seconds"] < 5 and 15_000 < metadata["remaining_time_ms"] <= 20_000
        assert len(metadata) == 4


EMAILS = ["ada@example.com", "a.b+c%d-e_f@x-y.z.org", "ada@example", "ada@example.c", "ada@@example.com", "@example.com", "ada example@x.com",
          "ada@example.com\n", "ada@exam ple.com", "ADA@EXAMPLE.COM", "ä@example.com", "ada@example.c0m", ""]
PHONES = ["+15551234567", "5551234567", "15551234567890", "123456789", "+1555123456", "++15551234567", "555-123-4567", "1555123456789012", "٠١٢٣٤٥٦٧٨٩", ""]


def test_validate_user(kiln, name):
    deploy(kiln, name, FUNCTION)
    client = kiln.client("lambda")
    for email, phone in [(email, PHONES[i % len(PHONES)]) for i, email in enumerate(EMAILS)] + [(EMAILS[0], phone) for phone in PHONES]:
        for who in ("Ada", ""):
            email_valid = bool(re.fullmatch(r"[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,}", email))
            phone_valid = bool(re.fullmatch(r"\+?1?[0-9]{10,14}", phone))
            present = bool(who and email)
            assert result(Call(kiln, name, user(name=who, email=email, phone=phone), client).ok()) == {
                "email_valid": email_valid, "phone_valid": phone_valid, "required_fields_present": present,
                "overall_valid": email_valid and phone_valid and present}, (email, phone)
    nothing = {"email_valid": False, "phone_valid": False, "required_fields_present": False, "overall_valid": False}
    for event in (user(), {"action": "validate_user"}, user(name=None, email=["a@b.cd"], phone=5551234567)):
        assert result(Call(kiln, name, event, client).ok()) == nothing


def test_embedded_backends(kiln, name):
    deploy(kiln, name, FUNCTION)
    orders = [result(body) for body in cold_and_warm(kiln, name, order("u1", 12.5))]
    assert orders == [{"order_id": i, "status": "created", "amount": 12.5} for i in (1, 2)]
    first, second = (result(Call(kiln, name, fetch("user:2")).ok()) for _ in range(2))
    assert (first["source"], first["cache_hit"], first["data"]["id"], first["data"]["value"]) == ("database", False, "user:2", "Grace")
    assert second == {"data": first["data"], "source": "cache", "cache_hit": True}
    for _ in range(2):  # what is not there is not cached
        assert result(Call(kiln, name, fetch("nobody")).ok()) == {"data": None, "source": "database", "cache_hit": False}


def test_orders_are_stored(kiln, name, postgres, backends):
    postgres.query("TRUNCATE orders")
    deploy(kiln, name, FUNCTION, backends)
    found = [result(body) for body in cold_and_warm(kiln, name, order("u'1 ä", 12.5))]
    found += [result(Call(kiln, name, order(77, amount)).ok()) for amount in (3, 0.1, 99999999.99)]
    assert [(one["status"], one["amount"]) for one in found] == [("created", amount) for amount in (12.5, 12.5, 3, 0.1, 99999999.99)]
    rows = [row.split("|") for row in postgres.query("SELECT id, user_id, amount, status FROM orders ORDER BY id").splitlines()]
    amounts = ["12.5", "12.5", "3", "0.1", "99999999.99"]
    assert rows == [[str(one["order_id"]), "u'1 ä" if i < 2 else "77", amounts[i], "pending"] for i, one in enumerate(found)]


def test_data_is_fetched_once_and_cached_with_its_time_to_live(kiln, name, postgres, redis, backends):
    postgres.query("INSERT INTO items VALUES ('k \"1\" ä', 'a|value', '2026-01-02 03:04:05.678+00') ON CONFLICT DO NOTHING")
    deploy(kiln, name, FUNCTION, {**backends, "CACHE_TTL": "77"})
    data = {"id": 'k "1" ä', "value": "a|value", "timestamp": "2026-01-02T03:04:05.678Z"}
    first, second = map(result, cold_and_warm(kiln, name, fetch(data["id"])))
    assert first == {"data": data, "source": "database", "cache_hit": False}
    assert second == {"data": data, "source": "cache", "cache_hit": True}
    [key] = re.findall(r"\r\n(k .*)$", redis.command("KEYS k*"))
    assert key == data["id"]
    # Another environment finds it; what lies there is JSON text.
    redis.command("SET from-redis '" + json.dumps({"any": [1]}) + "'")
    deploy(kiln, name + "b", FUNCTION, backends)
    assert result(Call(kiln, name + "b", fetch(data["id"])).ok())["source"] == "cache"
    assert result(Call(kiln, name + "b", fetch("from-redis")).ok())["data"] == {"any": [1]}
    for ttl, key in ((77, "user:1"), (300, "user:3")):
        assert result(Call(kiln, name if ttl == 77 else name + "b", fetch(key)).ok())["cache_hit"] is False
        assert ttl - 5 <= int(redis.command(f"TTL {key}")[1:]) <= ttl


def test_nothing_is_opened_before_it_is_used_and_then_kept(kiln, name, postgres, redis, backends):
    deploy(kiln, name, FUNCTION, backends)
    opened = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'optimized_cold_start'"
    before = int(postgres.query(opened)), redis.clients()
    Call(kiln, name, user()).ok()
    assert (int(postgres.query(opened)), redis.clients()) == before
    for _ in range(3):
        Call(kiln, name, order("u", 1)).ok()
    assert (int(postgres.query(opened)), redis.clients()) == (before[0] + 1, before[1])
    for _ in range(3):
        Call(kiln, name, fetch("user:1")).ok()
    assert (int(postgres.query(opened)), redis.clients()) == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize("event, named", [({"action": "nope"}, "nope"), ({}, "default"), ({"action": 7}, "7"), ({"action": None}, "null")])
def test_an_unknown_action_is_named_in_the_result(kiln, name, event, named):
    deploy(kiln, name, FUNCTION)
    for body in cold_and_warm(kiln, name, event):
        assert result(body) == {"error": f"Unknown action: {named}"}


@pytest.mark.parametrize("event", [[], "x", 7, {"action": "validate_user", "data": 5}, {"action": "process_order"}, order("", 1), order(None, 1), order(1.5, 1),
                                   order("u", "1"), order("u", None), order("u\0", 1), {"action": "fetch_data"}, fetch(""), fetch(7), fetch("a\0")], ids=range(15))
def test_what_makes_no_sense_is_400(kiln, name, event):
    deploy(kiln, name, FUNCTION)
    for cold in (True, False):
        call = Call(kiln, name, event)
        assert (call.status, call.cold, call.body["success"]) == (400, cold, False)
        assert call.body["error"]


def test_log_lines_and_level(kiln, name):
    deploy(kiln, name, FUNCTION, MemorySize=192, Timeout=7)
    log = Call(kiln, name, order("", 1)).log
    assert "memory_limit_mb=192" in log and "bad request" in log
    assert 1000 < int(log.split("remaining_time_ms=")[1].split()[0]) <= 7000
    kiln.client("lambda").update_function_configuration(FunctionName=name, Environment={"Variables": {"LOG_LEVEL": "ERROR"}})
    log = Call(kiln, name, order("", 1)).log
    assert "memory_limit_mb" not in log and "bad request" not in log


def test_a_wrong_configuration_fails_init_by_name(kiln, name):
    deploy(kiln, name, FUNCTION, {"CACHE_TTL": "soon"})
    answer = kiln.invoke(name)
    assert answer["FunctionError"] == "Unhandled" and "CACHE_TTL is 'soon'" in answer["Body"]["errorMessage"]


def test_the_python_twin_answers_the_same(kiln, name):
    deploy(kiln, name, FUNCTION)
    deploy_twin(kiln, name + "py", FUNCTION)
    events = [user(name="Ada", email="ada@example.com", phone="+15551234567"), user(email="x"), order("u", 2.5), order("u", 3), fetch("user:2"), fetch("user:2"),
              {"action": "nope"}]
    for event in events:
        mine, theirs = (Call(kiln, each, event).ok() for each in (name, name + "py"))
        for body in (mine, theirs):
            (body["result"].get("data") or {}).pop("timestamp", None)
            del body["metadata"]["processing_time_seconds"], body["metadata"]["remaining_time_ms"]
        assert mine == theirs
