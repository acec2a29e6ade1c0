"""memory_optimized through Invoke: each action, cold and warm, and the twin's answers beside it."""

import re

import pytest
from deployed import Call, cold_and_warm, deploy, deploy_twin

FUNCTION = "memory_optimized"


def records(count):
    return [{"id": i, "name": f" user {i} ", "email": f"User{i}@Example.com", "age": 20 + i % 50, "score": i * 0.5} for i in range(count)]


def dataset(data, **more):
    return {"action": "process_large_dataset", "data": data, **more}


def labels(body):
    return [snapshot["label"] for snapshot in body["memory_report"]["snapshots"]]


def test_process_large_dataset(kiln, name):
    deploy(kiln, name, FUNCTION, MemorySize=256)
    data = records(10)
    data[3]["age"] = "not a number"
    for body in cold_and_warm(kiln, name, dataset(data, batch_size=4)):
        assert {key: value for key, value in body.items() if key != "memory_report"} == {
            "processed_records": 10, "total_records": 10, "results_count": 9}
        assert labels(body) == ["processing_start", "batch_0", "processing_complete"]
        report = body["memory_report"]
        assert sorted(report) == ["current_memory_mb", "memory_increase_mb", "peak_memory_mb", "snapshots", "start_memory_mb", "top_memory_consumers"]
        assert 0 < report["start_memory_mb"] <= report["peak_memory_mb"] < 256
        assert sorted(report["snapshots"][0]) == ["label", "memory_increase_mb", "memory_mb", "timestamp"]
        # Ten records hold next to nothing; what does is found and named all the same.
        assert report["top_memory_consumers"]
        for site in report["top_memory_consumers"]:
            assert re.fullmatch(r"(src|include|functions)/\S+:\d+ \(.+\)", site["file"]), report["top_memory_consumers"]


def test_the_batch_size_is_a_thousand(kiln, name):
    deploy(kiln, name, FUNCTION, MemorySize=256)
    body = Call(kiln, name, dataset([{}] * 10_001)).ok()
    assert labels(body) == ["processing_start", "batch_0", "batch_10", "processing_complete"]


def test_memory_test(kiln, name):
    # A seventh of a processor, and page faults may be dear.
    deploy(kiln, name, FUNCTION, MemorySize=256, Timeout=60)
    for body in cold_and_warm(kiln, name, {"action": "memory_test", "test_size_mb": 100}):
        assert body["test_size_mb"] == 100
        assert labels(body) == ["after_allocation", "after_operations", "after_cleanup"]
        increases = [snapshot["memory_increase_mb"] for snapshot in body["memory_report"]["snapshots"]]
        assert increases[0] < 5 and 99 < increases[1] < 105 and increases[2] < 20
        site = body["memory_report"]["top_memory_consumers"][0]
        assert sorted(site) == ["count", "file", "size_mb"] and 90 < site["size_mb"] < 110
        # The function and the line, though the package's program is stripped and nothing but the package was uploaded.
        assert re.fullmatch(r"functions/memory_optimized/handler\.cc:\d+ \(memory_optimized::Handler::memory_test\(.*\) const\)", site["file"]), site
    assert Call(kiln, name, {"action": "memory_test"}).ok()["test_size_mb"] == 100


def test_the_memory_is_really_taken(kiln, name):
    deploy(kiln, name, FUNCTION, MemorySize=256, Timeout=60)
    log = Call(kiln, name, {"action": "memory_test", "test_size_mb": 150}).log
    assert int(log.split("Max Memory Used: ")[1].split()[0]) >= 150


@pytest.mark.parametrize("event", [{}, [], "x", {"action": "process_data"}, {"action": 7}, dataset({}), dataset([], batch_size=0),
                                   {"action": "memory_test", "test_size_mb": "x"}], ids=range(8))
def test_what_makes_no_sense_is_400(kiln, name, event):
    deploy(kiln, name, FUNCTION)
    for expected_cold in (True, False):
        call = Call(kiln, name, event)
        assert (call.status, call.cold, call.body["success"]) == (400, expected_cold, False)
        assert call.body["error"]


def test_an_unknown_action_is_named(kiln, name):
    deploy(kiln, name, FUNCTION)
    assert Call(kiln, name, {"action": "nope"}).body == {"success": False, "error": "Unknown action: nope"}


def test_log_lines_and_level(kiln, name):
    deploy(kiln, name, FUNCTION, MemorySize=192, Timeout=7)
    event = dataset([1, {"id": "broken", "age": "x"}])
    log = Call(kiln, name, event).log
    assert "memory_limit_mb=192" in log
    assert 1000 < int(log.split("remaining_time_ms=")[1].split()[0]) <= 7000
    assert 'a record is skipped index=0' in log and 'index=1 id="\\"broken\\""' in log
    kiln.client("lambda").update_function_configuration(FunctionName=name, Environment={"Variables": {"LOG_LEVEL": "ERROR"}})
    log = Call(kiln, name, event).log
    assert "memory_limit_mb" not in log and "a record is skipped" in log


def test_the_python_twin_answers_the_same(kiln, name):
    deploy(kiln, name, FUNCTION, MemorySize=512, Timeout=60)
    deploy_twin(kiln, name + "py", FUNCTION, MemorySize=512, Timeout=60)
    data = records(2500)
    data[5], data[6]["name"], data[7]["age"], data[8]["email"] = 7, None, "x", 5
    data[9] = {}
    data[10]["score"] = "9.25"
    mine, theirs = (Call(kiln, each, dataset(data, batch_size=100)).ok() for each in (name, name + "py"))
    for body in (mine, theirs):
        assert (body["processed_records"], body["total_records"], body["results_count"]) == (2500, 2500, 2497)
    for each in (name, name + "py"):
        assert Call(kiln, each, {"action": "memory_test", "test_size_mb": 50}).ok()["test_size_mb"] == 50
        assert Call(kiln, each, {"action": "nope"}).status == 400
