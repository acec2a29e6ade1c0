"""Exceptions and crashes of native functions say where they came from: in stackTrace, and in the log."""

import json
import re
import subprocess

import pytest

from harness import BINARY, ROOT, wait_for

CRASHING = """#include <kiln/run.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>

namespace shop {

[[gnu::noinline]] std::string reserve(int count) {
  if (count > 3) throw std::out_of_range("out of \\"stock\\"");
  return "1";
}

[[gnu::noinline]] int total(volatile int* items) {
  return *items + 1;
}

[[gnu::noinline]] std::string handle(std::string_view event) {
  if (event.find("throw") != event.npos) return reserve(7) + " ";
  if (event.find("crash") != event.npos) return std::to_string(total(nullptr));
  if (event.find("abort") != event.npos) std::abort();
  if (event.find("thread") != event.npos) std::thread([] { reserve(5); }).join();
  return "0";
}

}  // namespace shop

int main() {
  return kiln::run([](std::string_view event, const kiln::Context&) { return shop::handle(event); });
}
"""


def line_of(text):
    return next(number for number, line in enumerate(CRASHING.splitlines(), 1) if text in line)


@pytest.fixture(scope="module")
def crashing(tmp_path_factory):
    """As kiln_lambda() makes it: a stripped program in a package, and its symbols beside it."""
    folder = tmp_path_factory.mktemp("crashing")
    (folder / "shop.cc").write_text(CRASHING)
    sdk = BINARY.parent / "src" / "sdk" / "core" / "libkiln_sdk.a"
    for command in (
        ["g++", "-std=c++20", "-g", "-O1", "-I", str(ROOT / "include"), "shop.cc", str(sdk), "-static", "-Wl,--build-id=sha1", "-Wl,--wrap=__cxa_throw", "-o", "bootstrap"],
        ["objcopy", "--only-keep-debug", "bootstrap", "shop.debug"],
        ["strip", "bootstrap"],
        ["zip", "-q", "shop.zip", "bootstrap"],
    ):
        subprocess.run(command, cwd=folder, check=True)
    return folder


@pytest.fixture(scope="module")
def shop(kiln, crashing):
    made = kiln.cli("create", "shop-with-symbols", str(crashing / "shop.zip"), "--timeout", "30", "--memory", "256")
    assert "took the symbols of shop.debug" in made.stderr
    return "shop-with-symbols"


def failing(kiln, name, payload):
    answer = kiln.invoke(name, payload, LogType="Tail")
    assert answer["FunctionError"] == "Unhandled"
    return answer["Body"], answer["Log"]


def test_an_exception_says_where_it_was_thrown(kiln, shop, crashing):
    body, _ = failing(kiln, shop, "throw")
    assert (body["errorType"], body["errorMessage"]) == ("std::out_of_range", 'out of "stock"')
    assert body["stackTrace"][0] == f"shop::reserve[abi:cxx11](int) ({crashing}/shop.cc:{line_of('throw std::')})"
    assert body["stackTrace"][1].startswith("shop::handle") and f"shop.cc:{line_of('reserve(7)')})" in body["stackTrace"][1]


@pytest.mark.parametrize("payload, what, function, line", [
    ("crash", "[FATAL]\tthe function crashed: segmentation fault (SIGSEGV) at address 0x0\n", "shop::total(int volatile*)", "*items + 1"),
    ("abort", "[FATAL]\tthe function crashed: abort (SIGABRT)\n", "shop::handle", "std::abort()"),
    ("thread", '[FATAL]\tuncaught exception std::out_of_range: out of "stock"\n', "shop::reserve", "throw std::"),
])
def test_a_crash_writes_its_call_stack(kiln, shop, crashing, payload, what, function, line):
    body, log = failing(kiln, shop, payload)
    signal = "segmentation fault" if payload == "crash" else "aborted"
    assert body["errorType"] == "Runtime.ExitError" and body["errorMessage"].endswith(f"Runtime exited with error: signal: {signal}")
    assert what in log, log
    frames = [each for each in log.splitlines() if each.startswith("    at ")]
    assert any(each.startswith(f"    at {function}") and each.endswith(f"{crashing}/shop.cc:{line_of(line)})") for each in frames), log


def test_without_symbols_frames_are_addresses(kiln, name, crashing, tmp_path):
    stranger = tmp_path / "other"
    stranger.mkdir()
    subprocess.run(["g++", "-std=c++20", "-O1", "-s", "-I", str(ROOT / "include"), str(crashing / "shop.cc"), str(BINARY.parent / "src/sdk/core/libkiln_sdk.a"),
                    "-static", "-Wl,--wrap=__cxa_throw", "-o", str(stranger / "bootstrap")], check=True)
    kiln.cli("create", name, str(stranger), "--timeout", "30")
    body, _ = failing(kiln, name, "throw")
    assert body["errorType"] == "std::out_of_range"
    assert body["stackTrace"] and all(each.startswith("bootstrap+0x") for each in body["stackTrace"])


def test_json_logs_have_the_stack_as_a_list(kiln, name, crashing):
    kiln.cli("create", name, str(crashing / "shop.zip"), "--timeout", "30")
    # Debian's boto3 is older than this setting.
    status, _, body = kiln.http("PUT", f"/2015-03-31/functions/{name}/configuration", json.dumps({"LoggingConfig": {"LogFormat": "JSON"}}))
    assert status == 200, body
    wait_for(lambda: kiln.client("lambda").get_function_configuration(FunctionName=name)["LastUpdateStatus"] == "Successful")
    _, log = failing(kiln, name, "crash")
    line = next(json.loads(each) for each in log.splitlines() if '"FATAL"' in each)
    assert line["message"] == "the function crashed: segmentation fault (SIGSEGV) at address 0x0"
    assert line["stackTrace"][0].startswith("shop::total")


def test_a_core_file_on_request(kiln, name, crashing):
    kiln.cli("create", name, str(crashing / "shop.zip"), "--timeout", "60", "--env", "KILN_CORES=1")
    _, log = failing(kiln, name, "crash")
    core = re.search(r"core file: (\S+)", log)[1]
    assert core.startswith(str(kiln.data_dir)), log
    said = subprocess.run(["gdb", "-q", "-nx", "-batch", "-ex", "info registers rip", str(crashing / "bootstrap"), core], capture_output=True, text=True).stdout
    assert "Core was generated by `/var/task/bootstrap'" in said and "rip " in said, said
