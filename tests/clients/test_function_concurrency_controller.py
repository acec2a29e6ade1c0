"""concurrency_controller through Invoke: inside the engine whose CloudWatch and reserves it reads and sets."""

import datetime
import threading

import pytest
from botocore.exceptions import ClientError
from deployed import Call, cold_and_warm, deploy, deploy_twin
from doubles import GATED, Gate
from harness import code_of, message_of

FUNCTION = "concurrency_controller"


@pytest.fixture
def gate():
    server = Gate()
    yield server
    server.close()


@pytest.fixture
def observed(kiln, name):
    """A function to look at; what it had reserved is given back."""
    target = name + "observed"
    kiln.create(target, {"index.py": GATED}, Timeout=30)
    yield target
    kiln.client("lambda").delete_function_concurrency(FunctionName=target)


def reserve(kiln, target, count):
    kiln.client("lambda").put_function_concurrency(FunctionName=target, ReservedConcurrentExecutions=count)


def reserved(kiln, target):
    return kiln.client("lambda").get_function_concurrency(FunctionName=target).get("ReservedConcurrentExecutions")


def hold(kiln, target, gate, count):
    """So many invocations at once; returns when all run. The result ends them."""
    threads = [threading.Thread(target=kiln.invoke, args=[target, {"gate": gate.port}]) for _ in range(count)]
    for thread in threads:
        thread.start()
    gate.hold(count)

    def end():
        gate.open()
        for thread in threads:
            thread.join()

    return end


def read(kiln, target, metric, statistic, minutes=5):
    """All values of a metric, by boto3."""
    now = datetime.datetime.now(datetime.timezone.utc)
    points = kiln.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda", MetricName=metric, Dimensions=[{"Name": "FunctionName", "Value": target}], Period=60, Statistics=[statistic],
        StartTime=now - datetime.timedelta(minutes=minutes + 1), EndTime=now + datetime.timedelta(minutes=1))["Datapoints"]
    return [point[statistic] for point in points]


def analyze(target, **more):
    return {"action": "analyze_performance", "function_name": target, **more}


def optimize(target, **more):
    return {"action": "optimize_concurrency", "function_name": target, **more}


def throttled_twice_in_use(kiln, target, gate):
    """Reserved 2: two run, the third and fourth are throttled, then eight more succeed and two fail."""
    reserve(kiln, target, 2)
    end = hold(kiln, target, gate, 2)
    for _ in range(2):
        with pytest.raises(ClientError) as error:
            kiln.invoke(target)
        assert code_of(error) == "TooManyRequestsException", message_of(error)
    end()
    for i in range(10):
        kiln.invoke(target, {"fail": i < 2})


def test_analysis_is_that_of_the_engines_own_metrics(kiln, name, observed, gate):
    throttled_twice_in_use(kiln, observed, gate)
    deploy(kiln, name, FUNCTION)
    for body in cold_and_warm(kiln, name, analyze(observed, period_minutes=10)):
        analysis = body["analysis"]
        assert (body["action"], analysis["period_minutes"], analysis["utilization"]) == ("performance_analysis", 10, 1)
        metrics = analysis["current_metrics"]
        assert metrics["concurrent_executions"] == max(read(kiln, observed, "ConcurrentExecutions", "Maximum")) == 2
        assert metrics["invocations_per_minute"] == sum(read(kiln, observed, "Invocations", "Sum")) / 10 == 1.2
        assert metrics["error_rate"] == pytest.approx(100 * 2 / 12)
        assert metrics["throttles"] == sum(read(kiln, observed, "Throttles", "Sum")) == 2
        durations = sum(read(kiln, observed, "Duration", "Sum")), sum(read(kiln, observed, "Duration", "SampleCount"))
        assert metrics["average_duration"] == pytest.approx(durations[0] / durations[1]) and durations[1] == 12
        assert analysis["performance_status"] == "critical"
        assert analysis["alerts"] == ["High concurrency utilization (>90%)", "High error rate: 16.67%", "Function throttling detected: 2 throttles"]
        assert len(analysis["recommendations"]) == 3
        assert analysis["capacity"] == {"reserved_concurrency": 2, "concurrency_limit": 2, "limit_source": "reserved"}


def test_a_throttled_function_is_given_more_when_that_is_asked_for(kiln, name, observed, gate):
    throttled_twice_in_use(kiln, observed, gate)
    deploy(kiln, name, FUNCTION)
    for body in cold_and_warm(kiln, name, optimize(observed)):
        assert body["action"] == "concurrency_optimization" and body["analysis"]["performance_status"] == "critical"
        assert body["optimization"]["recommendations"] == [{"action": "increase_concurrency", "current": 2, "suggested": 3, "reason": "Throttling detected"}]
        assert (body["optimization"]["optimization_available"], body["optimization"]["applied"]) == (True, False)
        assert body["optimization"]["current_settings"]["function_name"] == observed
        assert reserved(kiln, observed) == 2
    applied = Call(kiln, name, optimize(observed, apply=True))
    assert applied.ok()["optimization"]["applied"] is True and reserved(kiln, observed) == 3
    assert f"target={observed}" in applied.log and "reserved=3" in applied.log
    # It acts: three run at once now.
    hold(kiln, observed, gate, 3)()


def test_a_function_that_fails_or_idles_is_given_less(kiln, name, observed):
    deploy(kiln, name, FUNCTION)
    reserve(kiln, observed, 10)
    kiln.invoke(observed)
    idle = Call(kiln, name, optimize(observed)).ok()["optimization"]["recommendations"]
    assert idle == [{"action": "decrease_concurrency", "current": 10, "suggested": 2, "reason": "Low utilization: 10.00%"}]
    kiln.invoke(observed, {"fail": True})
    failing = Call(kiln, name, optimize(observed, apply=True)).ok()["optimization"]["recommendations"]
    assert failing == [{"action": "decrease_concurrency", "current": 10, "suggested": 7, "reason": "High error rate detected"}]
    assert reserved(kiln, observed) == 7


def test_without_a_reserve_the_accounts_limit_counts(kiln, name, observed):
    deploy(kiln, name, FUNCTION)
    kiln.invoke(observed)
    limit = kiln.client("lambda").get_account_settings()["AccountLimit"]["UnreservedConcurrentExecutions"]
    body = Call(kiln, name, optimize(observed, apply=True)).ok()
    capacity = body["analysis"]["capacity"]
    assert (capacity["reserved_concurrency"], capacity["concurrency_limit"], capacity["limit_source"]) == (None, limit, "account_unreserved")
    assert "No concurrency is reserved" in capacity["note"]
    assert body["analysis"]["performance_status"] == "good" and body["analysis"]["utilization"] == pytest.approx(1 / limit)
    assert body["optimization"]["recommendations"] == [] and body["optimization"]["applied"] is False
    assert reserved(kiln, observed) is None


def test_a_function_that_never_ran_has_no_metrics(kiln, name, observed):
    deploy(kiln, name, FUNCTION)
    for body in cold_and_warm(kiln, name, analyze(observed)):
        assert body["analysis"]["current_metrics"] == {"concurrent_executions": 0, "invocations_per_minute": 0, "error_rate": 0, "average_duration": 0, "throttles": 0}
        assert (body["analysis"]["performance_status"], body["analysis"]["alerts"]) == ("good", [])


def test_slow_functions_are_a_warning(kiln, name, observed, gate):
    deploy(kiln, name, FUNCTION, {"MAX_PROCESSING_TIME": "1"})
    kiln.create(name + "slow", {"index.py": "import time\n\ndef handler(event, context):\n    time.sleep(0.9)\n"})
    kiln.invoke(name + "slow")
    analysis = Call(kiln, name, analyze(name + "slow")).ok()["analysis"]
    assert analysis["performance_status"] == "warning" and analysis["recommendations"] == ["Consider optimizing function performance"]


def test_it_looks_at_itself_unless_told_otherwise(kiln, name):
    deploy(kiln, name, FUNCTION)
    client = kiln.client("lambda")
    for _ in range(3):
        Call(kiln, name, {"action": "health_check"}, client).ok()
    body = Call(kiln, name, {}, client).ok()
    assert body["action"] == "performance_analysis"
    assert body["analysis"]["current_metrics"]["invocations_per_minute"] >= 3 / 5
    assert Call(kiln, name, {"action": "optimize_concurrency"}, client).ok()["optimization"]["current_settings"]["function_name"] == name


def test_health_check(kiln, name):
    deploy(kiln, name, FUNCTION, {"PRIORITY_LEVEL": "CRITICAL"}, MemorySize=256, Timeout=20)
    for body in cold_and_warm(kiln, name, {"action": "health_check"}):
        assert (body["action"], body["status"], body["function_name"], body["priority_level"]) == ("health_check", "healthy", name, "CRITICAL")
        assert 0 < body["memory_used_mb"] < body["memory_limit_mb"] == 256
        assert 15_000 < body["remaining_time_ms"] <= 20_000 and body["processing_time"] >= 0
        datetime.datetime.fromisoformat(body["timestamp"].replace("Z", "+00:00"))


@pytest.mark.parametrize("delay", [None, 0, 0.25])
def test_any_other_action_simulates_work(kiln, name, delay):
    deploy(kiln, name, FUNCTION)
    event = {"action": "reindex", **({} if delay is None else {"processing_delay": delay})}
    for body in cold_and_warm(kiln, name, event):
        expected = 0.1 if delay is None else delay
        assert (body["action"], body["simulated_delay"]) == ("reindex", expected)
        assert expected <= body["processing_time"] < expected + 2


@pytest.mark.parametrize("event", [[], 7, {"action": 7}, {"action": None}, analyze("x", period_minutes=0), analyze("x", period_minutes=1441), analyze("x", period_minutes="5"),
                                   analyze("x", period_minutes=1.5), analyze(""), analyze(7), optimize("x", apply=1), {"action": "work", "processing_delay": -1},
                                   {"action": "work", "processing_delay": 901}, {"action": "work", "processing_delay": "1"}], ids=range(14))
def test_what_makes_no_sense_is_400(kiln, name, event):
    deploy(kiln, name, FUNCTION)
    for cold in (True, False):
        call = Call(kiln, name, event)
        assert (call.status, call.cold, call.body["success"]) == (400, cold, False)
        assert call.body["error"]


def test_log_lines_and_level(kiln, name):
    deploy(kiln, name, FUNCTION, MemorySize=192, Timeout=7)
    log = Call(kiln, name, [1]).log
    assert "memory_limit_mb=192" in log and "bad request" in log
    assert 1000 < int(log.split("remaining_time_ms=")[1].split()[0]) <= 7000
    kiln.client("lambda").update_function_configuration(FunctionName=name, Environment={"Variables": {"LOG_LEVEL": "ERROR"}})
    log = Call(kiln, name, [1]).log
    assert "memory_limit_mb" not in log and "bad request" not in log


def test_a_wrong_configuration_fails_init_by_name(kiln, name):
    deploy(kiln, name, FUNCTION, {"MAX_PROCESSING_TIME": "901"})
    answer = kiln.invoke(name)
    assert answer["FunctionError"] == "Unhandled" and "MAX_PROCESSING_TIME is '901'" in answer["Body"]["errorMessage"]


def test_the_python_twin_finds_the_same(kiln, name, observed, gate):
    throttled_twice_in_use(kiln, observed, gate)
    deploy(kiln, name, FUNCTION)
    deploy_twin(kiln, name + "py", FUNCTION, Timeout=30, MemorySize=512)
    mine = Call(kiln, name, analyze(observed)).ok()["analysis"]
    theirs = Call(kiln, name + "py", analyze(observed)).ok()
    assert mine["performance_status"] == theirs["status"] == "critical"
    for key, value in theirs["metrics"].items():
        assert mine["current_metrics"][key] == pytest.approx(value), key
