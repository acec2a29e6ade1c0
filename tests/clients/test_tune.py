"""kiln tune: a function's copy is measured, the function stays as it is."""

import base64
import json
import os
import signal
import struct
import subprocess

import pytest
from harness import BINARY, wait_for
from pages import check_page
from signatures import KEY, SECRET, SignatureProxy

# Some 20 ms of a whole CPU.
WORK = {"index.py": "import hashlib\n\ndef handler(event, context):\n    data = b'x'\n    for _ in range(event.get('rounds', 60000)):\n        data = hashlib.sha256(data).digest()\n    return {'size': context.memory_limit_in_mb}\n"}
ECHO = {"index.py": "def handler(event, context):\n    return event\n"}


def memory_of(kiln, name):
    return kiln.client("lambda").get_function_configuration(FunctionName=name)["MemorySize"]


def names(kiln):
    return {one["FunctionName"] for page in kiln.client("lambda").get_paginator("list_functions").paginate() for one in page["Functions"]}


def tune(kiln, name, *arguments):
    return json.loads(kiln.cli("tune", name, "--json", *arguments).stdout)


def numbers(text, form):
    data = base64.b64decode(text)
    return list(struct.unpack(f"<{len(data) // struct.calcsize(form)}{form}", data))


def test_finds_the_fastest_and_the_cheapest_size(kiln, name):
    kiln.create(name, WORK, MemorySize=256, Timeout=30)
    fast = tune(kiln, name, "--sizes", "128,1024", "--num", "10", "--strategy", "speed")
    assert fast["power"] == 1024
    small, large = fast["sizes"]
    assert small["power"] == 128 and small["p50"] > 1.2 * large["p50"], "an eighth of the CPU, on a busy machine too"
    assert all(size["survives"] and size["invocations"] == 10 and size["initMs"] > 0 and size["maxMemoryUsedMB"] > 0 for size in fast["sizes"])
    assert fast["applied"] is False and memory_of(kiln, name) == 256
    # The cost is AWS's formula over the average duration: GB-seconds and the request.
    billed = -(-round(large["averageDuration"], 2) // 1)
    assert large["costPerMillion"] == pytest.approx(billed * 1000 * 0.0000166667 + 0.20, rel=1e-6)
    assert fast["cost"] == pytest.approx(large["costPerMillion"] / 1e6) and fast["duration"] == large["averageDuration"]


def test_the_chart_has_power_tunings_address(kiln, name):
    kiln.create(name, ECHO)
    answer = tune(kiln, name, "--sizes", "128,512", "--num", "6")
    base, data = answer["stateMachine"]["visualization"].split("#")
    assert base == "https://lambda-power-tuning.show/"
    sizes, times, costs = data.split(";")
    assert numbers(sizes, "h") == [128, 512]
    assert numbers(times, "f") == pytest.approx([size["averageDuration"] for size in answer["sizes"]], rel=1e-6)
    assert numbers(costs, "f") == pytest.approx([size["costPerMillion"] / 1e6 for size in answer["sizes"]], rel=1e-6)


def test_nothing_is_left_and_nothing_is_changed(kiln, name):
    made = kiln.create(name, ECHO, MemorySize=320, Description="mine", Environment={"Variables": {"STAGE": "test"}})
    tune(kiln, name, "--sizes", "128,256", "--num", "3")
    after = kiln.client("lambda").get_function_configuration(FunctionName=name)
    for member in ("MemorySize", "Description", "Environment", "CodeSha256", "LastModified"):
        assert after[member] == made[member], member
    assert f"{name}-kiln-tune" not in names(kiln)
    groups = kiln.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{name}-kiln-tune")["logGroups"]
    assert groups == []


def test_apply_sets_the_size_and_a_version_refuses_it(kiln, name):
    kiln.create(name, WORK, MemorySize=128, Timeout=30)
    answer = tune(kiln, name, "--sizes", "512", "--num", "3", "--apply")
    assert answer["applied"] is True and memory_of(kiln, name) == 512
    kiln.client("lambda").publish_version(FunctionName=name)
    refused = kiln.cli("tune", f"{name}:1", "--apply", check=False)
    assert refused.returncode == 2 and "versions can't be changed" in refused.stderr
    assert tune(kiln, f"{name}:1", "--sizes", "128", "--num", "3")["functionName"] == f"{name}:1"


def start(kiln, name, *arguments):
    return subprocess.Popen([str(BINARY), "tune", name, *arguments], env=kiln.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_kill_in_the_middle_leaves_the_function_as_it_is(kiln, name):
    kiln.create(name, WORK, MemorySize=192, Timeout=30)
    copy = f"{name}-kiln-tune"
    process = start(kiln, name, "--sizes", "128,256", "--num", "100000")
    wait_for(lambda: copy in names(kiln), what="the copy")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert memory_of(kiln, name) == 192
    # The next one takes the place of what was left.
    tune(kiln, name, "--sizes", "128", "--num", "3")
    assert copy not in names(kiln) and memory_of(kiln, name) == 192


def test_ctrl_c_tidies_up(kiln, name):
    kiln.create(name, WORK, MemorySize=192, Timeout=30)
    process = start(kiln, name, "--sizes", "128,256", "--num", "100000")
    wait_for(lambda: f"{name}-kiln-tune" in names(kiln), what="the copy")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "interrupted" in errors
    assert f"{name}-kiln-tune" not in names(kiln) and memory_of(kiln, name) == 192


def test_a_ctrl_c_that_a_wrapper_passes_on_too_is_one(kiln, name):
    kiln.create(name, WORK, MemorySize=192, Timeout=30)
    process = start(kiln, name, "--sizes", "128,256", "--num", "100000")
    wait_for(lambda: f"{name}-kiln-tune" in names(kiln), what="the copy")
    process.send_signal(signal.SIGINT)
    while "removing the copy" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "interrupted; the function is as it was" in errors
    assert f"{name}-kiln-tune" not in names(kiln)


def test_ctrl_c_waits_for_no_invocation(kiln, name):
    kiln.create(name, {"index.py": "import time\ndef handler(event, context):\n    time.sleep(600)\n"}, Timeout=900)
    copy = f"{name}-kiln-tune"
    process = start(kiln, name, "--sizes", "128")
    wait_for(lambda: any(one["function"] == copy and one["phase"] == "busy" for one in json.loads(kiln.cli("ps", "--json").stdout)), what="its invocation")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=300)
    assert (process.returncode, errors) == (130, "\nremoving the copy; Ctrl-C again ends at once\nkiln: interrupted; the function is as it was\n")
    assert copy not in names(kiln)
    assert copy not in [one["function"] for one in json.loads(kiln.cli("ps", "--json").stdout)], "its environment has ended"
    assert kiln.client("logs").describe_log_groups(logGroupNamePrefix=f"/aws/lambda/{copy}")["logGroups"] == []


def test_a_second_tuning_of_the_same_function_waits_its_turn(kiln, name):
    kiln.create(name, WORK, Timeout=30)
    first = start(kiln, name, "--sizes", "128,256", "--num", "100000")
    try:
        wait_for(lambda: f"{name}-kiln-tune" in names(kiln), what="the copy")
        second = kiln.cli("tune", name, check=False)
        assert second.returncode == 2 and "another kiln tune" in second.stderr
        assert f"{name}-kiln-tune" in names(kiln)
    finally:
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=60)


def test_a_function_that_always_fails(kiln, name):
    kiln.create(name, {"index.py": "def handler(event, context):\n    raise KeyError('id')\n"}, MemorySize=256)
    done = kiln.cli("tune", name, "--sizes", "128,256", check=False)
    assert done.returncode == 1
    assert "fails at every size" in done.stderr and "KeyError" in done.stderr and "KeyError" not in done.stdout
    assert memory_of(kiln, name) == 256 and f"{name}-kiln-tune" not in names(kiln)


def test_a_function_that_is_throttled(own_kiln, name):
    engine = own_kiln(args=["--account-concurrency", "10", "--min-unreserved", "0"])
    engine.create(name, WORK, MemorySize=256, Timeout=30)
    engine.create_echo(f"{name}-other")
    reserve = engine.client("lambda").put_function_concurrency
    # One environment is left for three at once: what is throttled isn't counted, and is said.
    reserve(FunctionName=f"{name}-other", ReservedConcurrentExecutions=9)
    answer = json.loads(engine.cli("tune", name, "--sizes", "128", "--num", "5", "--parallel", "3", "--payload", '{"rounds": 20000}', "--json").stdout)
    (size,) = answer["sizes"]
    assert size["throttles"] > 0 and size["survives"] and size["invocations"] >= 5, size
    reserve(FunctionName=f"{name}-other", ReservedConcurrentExecutions=10)
    done = engine.cli("tune", name, "--sizes", "128", check=False)
    assert done.returncode == 1 and "every invocation was throttled; raise the reserved concurrency or the account's" in done.stderr, done.stderr
    assert memory_of(engine, name) == 256 and f"{name}-kiln-tune" not in names(engine)


@pytest.mark.alone
def test_small_sizes_that_time_out_are_not_chosen(kiln, name):
    kiln.create(name, WORK, Timeout=1)
    rounds = 400_000  # some 0.3 s of a whole CPU, so several seconds of a fourteenth
    answer = tune(kiln, name, "--sizes", "128,1769", "--num", "3", "--payload", json.dumps({"rounds": rounds}))
    small, large = answer["sizes"]
    assert small["timeouts"] == 3 and not small["survives"]
    assert large["survives"] and answer["power"] == 1769 and answer["smallestSurviving"] == 1769


def test_cold_starts_are_measured(kiln, name):
    kiln.create(name, {"index.py": "import time\ntime.sleep(0.1)\n\ndef handler(event, context):\n    return 1\n"})
    (size,) = tune(kiln, name, "--sizes", "256", "--num", "4", "--cold", "4")["sizes"]
    assert size["invocations"] == 7 and size["initMs"] >= 100
    assert size["costPerMillionAllCold"] > size["costPerMillion"] + 100 * 250 * 0.0000166667 * 0.9


def test_payloads_by_weight_and_commands_around(kiln, name, tmp_path):
    kiln.create(name, {"index.py": "def handler(event, context):\n    print('saw', event)\n    return event\n"})
    payloads, seen = tmp_path / "payloads.json", tmp_path / "seen"
    payloads.write_text(json.dumps([{"payload": {"kind": "often"}, "weight": 3}, {"payload": {"kind": "rare"}, "weight": 1}]))
    tune(kiln, name, "--sizes", "128", "--num", "8", "--payloads", str(payloads), "--after", f"cat >> {seen}; echo >> {seen}")
    kinds = [json.loads(line)["kind"] for line in seen.read_text().split("\n") if line]
    assert sorted(kinds) == ["often"] * 6 + ["rare"] * 2
    seen.unlink()
    tune(kiln, name, "--sizes", "128", "--num", "2", "--before", "echo '{\"changed\": true}'", "--after", f"cat >> {seen}")
    assert seen.read_text() == '{"changed": true}' * 2
    failed = kiln.cli("tune", name, "--sizes", "128", "--before", "exit 3", check=False)
    assert failed.returncode == 1 and "exit code 3" in failed.stderr and f"{name}-kiln-tune" not in names(kiln)


def test_calibration_fits_durations_to_aws(kiln, name, tmp_path):
    kiln.create(name, WORK, Timeout=30)
    lines = tmp_path / "lines"
    lines.write_text("2026-01-01T00:00:00 stream REPORT RequestId: a\tDuration: 1000.00 ms\tBilled Duration: 1000 ms\tMemory Size: 512 MB\tMax Memory Used: 40 MB\t\n")
    answer = tune(kiln, name, "--sizes", "512", "--num", "7", "--calibrate", str(lines))
    assert answer["sizes"][0]["p50"] == pytest.approx(1000) and "REPORT lines" in answer["calibration"]
    lines.write_text("no line\n")
    wrong = kiln.cli("tune", name, "--calibrate", str(lines), check=False)
    assert wrong.returncode == 2 and "no REPORT line" in wrong.stderr


def test_sizes_beyond_the_machine_are_said(kiln, name):
    kiln.create(name, ECHO)
    answer = tune(kiln, name, "--sizes", "128,10240", "--num", "3", "--strategy", "speed")
    if (os.cpu_count() or 1) < 6:
        assert "5.8 CPUs" in answer["sizes"][1]["beyondMachine"] and answer["power"] == 128


def test_the_api_of_aws_with_signatures(kiln, name):
    kiln.create(name, ECHO, MemorySize=128)
    proxy = SignatureProxy(kiln)
    try:
        environment = {**kiln.environment(), "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
        command = [str(BINARY), "tune", name, "--aws", "--endpoint", proxy.url, "--sizes", "128,256", "--num", "3", "--apply", "--strategy", "speed", "--json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert proxy.checked > 10 and proxy.wrong == []
        assert memory_of(kiln, name) == json.loads(done.stdout)["power"]
        del environment["AWS_SECRET_ACCESS_KEY"]
        missing = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert missing.returncode == 2 and "AWS_SECRET_ACCESS_KEY" in missing.stderr
    finally:
        proxy.stop()


@pytest.mark.alone
def test_the_page(kiln, name, tmp_path, browser):
    kiln.create(name, ECHO)
    page = tmp_path / "tune.html"
    kiln.cli("tune", name, "--sizes", "128,256,512", "--num", "6", "--html", str(page))
    assert f"<h1>{name}: which memory size?</h1>" in page.read_text()
    check_page(browser, page, charts=2)


@pytest.mark.alone
def test_six_sizes_of_fifty_invocations_within_half_a_minute(kiln, name):
    kiln.create_echo(name)
    done = subprocess.run([str(BINARY), "tune", name, "--num", "50", "--json"], env=kiln.environment(), capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert [size["invocations"] for size in json.loads(done.stdout)["sizes"]] == [50] * 6


@pytest.mark.parametrize("arguments, why", [
    (["--sizes", "64"], "a size in --sizes is '64'; it must be whole megabytes from 128 to 10240"),
    (["--sizes", "128,10241"], "a size in --sizes is '10241'"),
    (["--sizes", "128,"], "a size in --sizes is ''"),
    (["--sizes", "big"], "a size in --sizes is 'big'"),
    (["--num", "0"], "--num"),
    (["--weight", "2"], "--weight"),
    (["--strategy", "best"], "it must be cost, speed, or balanced"),
    (["--below", "200"], "not a duration"),
    (["--payload", "{"], "not JSON"),
    (["--payloads", "/nowhere"], "can't read '/nowhere'"),
    (["--calibrate", "/nowhere"], "can't read '/nowhere'"),
    (["--prices", "/etc/hostname"], "prices"),
    (["--region", "xx-west-9"], "no prices of the Region 'xx-west-9'"),
])
def test_wrong_arguments_change_nothing(kiln, name, arguments, why):
    kiln.create(name, ECHO)
    done = kiln.cli("tune", name, *arguments, check=False)
    assert done.returncode == 2 and why in done.stderr, done.stderr
    assert f"{name}-kiln-tune" not in names(kiln)


def test_no_such_function(kiln):
    done = kiln.cli("tune", "nobody", check=False)
    assert done.returncode == 1 and "no function 'nobody'" in done.stderr


def test_too_few_threads_are_an_error_and_no_crash(kiln, name):
    """With address space for some of the 100 threads that --parallel asks for, and not for all."""
    kiln.create(name, WORK, Timeout=30)
    done = subprocess.run(
        ["prlimit", f"--as={2 << 30}", f"--stack={128 << 20}", str(BINARY), "tune", name, "--sizes", "128", "--num", "200", "--parallel", "100"],
        env=kiln.environment(), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1, done
    assert "100 invocations at once need as many threads, but" in done.stderr and "--parallel" in done.stderr
    assert memory_of(kiln, name) == 128 and not [one for one in names(kiln) if one.startswith(name) and one != name], "the copy is gone"
