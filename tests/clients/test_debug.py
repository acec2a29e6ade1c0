"""`kiln debug`: breakpoints are hit by scripted debuggers; `kiln ps`, `kiln files` and `kiln exec` look into environments."""

import json
import pathlib
import re
import subprocess
import threading
import time

import pytest

from debuggers import Dap, Inspector, gdb
from harness import BINARY, ROOT, Kiln, of_another_user, wait_for

PYTHON = "import time\n\ndef handler(event, context):\n    time.sleep(event.get('sleep', 0))\n    total = event.get('a', 0) + event.get('b', 0)\n    return {'total': total}\n"
NODE = "export const handler = async (event) => {\n  await new Promise((done) => setTimeout(done, 1000 * (event.sleep ?? 0)));\n  const total = event.a + event.b;\n  return { total };\n};\n"
CPP = """#include <kiln/run.h>

#include <string>

[[gnu::noinline]] int price(int count) {
  volatile int total = count * 3;
  return total;
}

int main() {
  return kiln::run([](std::string_view payload, const kiln::Context&) {
    return std::to_string(price(static_cast<int>(payload.size())));
  });
}
"""


class Running(threading.Thread):
    """An invocation that waits at a breakpoint."""

    def __init__(self, kiln, name, payload):
        super().__init__()
        self.kiln, self.name_, self.payload = kiln, name, payload
        self.start()

    def run(self):
        self.answer = self.kiln.invoke(self.name_, self.payload)

    def result(self):
        self.join(60)
        assert not self.is_alive()
        return self.answer


def start_debugging(kiln, folder, *words):
    done = subprocess.run([str(BINARY), "debug", *words, "--json"], cwd=folder, env=kiln.environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def launch_configuration(folder, name):
    document = json.loads((folder / ".vscode" / "launch.json").read_text())
    return next(each for each in document["configurations"] if each["name"] == f"kiln: {name}")


def environments(kiln, name):
    return json.loads(kiln.cli("ps", name, "--json").stdout)


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("native")
    (folder / "handler.cc").write_text(CPP)
    sdk = BINARY.parent / "src" / "sdk" / "core" / "libkiln_sdk.a"
    subprocess.run(["g++", "-std=c++20", "-g", "-O1", "-I", str(ROOT / "include"), "handler.cc", str(sdk), "-static", "-o", "bootstrap"], cwd=folder, check=True)
    return folder / "bootstrap"


def timed_out(kiln, name):
    """An invocation in an environment that isn't debugged: it has its time limit."""
    return "Task timed out after 1.00 seconds" in kiln.invoke(name, {"sleep": 30})["Body"]["errorMessage"]


@pytest.mark.alone
@pytest.mark.parametrize("wait", [[], ["--wait"]])
def test_python_breakpoint_with_debugpy(kiln, name, tmp_path, wait):
    kiln.create(name, {"index.py": PYTHON}, Timeout=1)
    (tmp_path / "index.py").write_text(PYTHON)
    began = time.monotonic()
    answer = start_debugging(kiln, tmp_path, name, *wait)
    assert (answer["debugger"], answer["waits"]) == ("debugpy", bool(wait))
    mapping = launch_configuration(tmp_path, name)["pathMappings"]
    assert mapping == [{"localRoot": str(tmp_path), "remoteRoot": "/var/task"}]
    client = Dap(answer["port"])
    # With --wait also what runs once is seen: line 1 is the module's.
    client.attach(mapping, tmp_path / "index.py", [1, 6] if wait else [6])
    if wait:
        client.call("continue", threadId=client.event("stopped")["threadId"])
    running = Running(kiln, name, {"a": 1, "b": 2})
    stopped = client.event("stopped")
    print(f"debugpy: stopped {time.monotonic() - began:.2f} s after the command")
    frame = client.call("stackTrace", threadId=stopped["threadId"])["stackFrames"][0]
    assert (frame["name"], frame["line"], frame["source"]["path"]) == ("handler", 6, str(tmp_path / "index.py"))
    assert client.call("evaluate", expression="total", frameId=frame["id"])["result"] == "3"
    assert timed_out(kiln, name) and running.is_alive()
    client.call("continue", threadId=stopped["threadId"])
    assert running.result()["Body"] == {"total": 3}
    client.close()
    kiln.cli("debug", name, "--stop")


@pytest.mark.parametrize("wait", [[], ["--wait"]])
def test_node_breakpoint_with_its_inspector(kiln, name, tmp_path, wait):
    kiln.create(name, {"index.mjs": NODE}, runtime="nodejs20.x", Timeout=1)
    began = time.monotonic()
    answer = start_debugging(kiln, tmp_path, name, *wait)
    assert (answer["debugger"], answer["waits"]) == ("inspector", bool(wait))
    assert launch_configuration(tmp_path, name)["port"] == answer["port"]
    client = Inspector(answer["port"])
    client.call("Debugger.enable")
    client.call("Debugger.setBreakpointByUrl", urlRegex=".*/var/task/index.mjs", lineNumber=3)
    client.call("Runtime.runIfWaitingForDebugger")
    running = Running(kiln, name, {"a": 1, "b": 2})
    stopped = client.event("Debugger.paused")
    print(f"inspector: stopped {time.monotonic() - began:.2f} s after the command")
    frame = stopped["callFrames"][0]
    assert (frame["functionName"], frame["location"]["lineNumber"]) == ("handler", 3)
    assert client.call("Debugger.evaluateOnCallFrame", callFrameId=frame["callFrameId"], expression="total")["result"]["value"] == 3
    assert timed_out(kiln, name) and running.is_alive()
    client.call("Debugger.resume")
    assert running.result()["Body"] == {"total": 3}
    client.close()
    kiln.cli("debug", name, "--stop")


def test_native_breakpoint_with_gdb(kiln, name, tmp_path, program):
    kiln.create(name, {"bootstrap": (program.read_bytes(), 0o755)}, runtime="provided.al2023", handler="bootstrap", Timeout=1)
    began = time.monotonic()
    answer = start_debugging(kiln, tmp_path, name, "--program", str(program))
    assert (answer["debugger"], answer["waits"]) == ("gdbserver", True)
    configuration = launch_configuration(tmp_path, name)
    assert configuration["program"] == str(program)
    assert configuration["miDebuggerServerAddress"] == f"127.0.0.1:{answer['port']}"
    assert answer["attach"] == f"gdb -ex 'target remote 127.0.0.1:{answer['port']}' {program}"
    running = Running(kiln, name, {})
    said = gdb(answer["port"], program, "price", "count")
    print(f"gdb: ended {time.monotonic() - began:.2f} s after the command")
    assert "Breakpoint 1, price (count=2) at handler.cc:6" in said and "$1 = 2" in said, said
    assert running.result()["Body"] == 6
    # The environment goes on without its debugger.
    before = environments(kiln, name)
    assert kiln.invoke(name, {"a": 1})["Body"] == 24
    assert [each["id"] for each in environments(kiln, name)] == [each["id"] for each in before]
    kiln.cli("debug", name, "--stop")


def test_a_debugged_environment_has_no_init_limit_and_stays(own_kiln, tmp_path, program):
    kiln = own_kiln(args=["--idle-lifetime", "1ms"])
    kiln.create("f", {"bootstrap": (program.read_bytes(), 0o755)}, runtime="provided.al2023", handler="bootstrap")
    answer = start_debugging(kiln, tmp_path, "f", "--no-launch-file")
    assert not (tmp_path / ".vscode").exists()
    (row,) = environments(kiln, "f")
    assert (row["phase"], row["debugger"], row["debugPort"], row["invocations"]) == ("init", "gdbserver", answer["port"], 0)
    running = Running(kiln, "f", {})
    gdb(answer["port"], program, "price", "count")
    assert running.result()["Body"] == 6
    # Idle, and longer than the idle lifetime: another function's environment has come and gone meanwhile.
    kiln.create("other", {"index.py": PYTHON})
    kiln.invoke("other", {"a": 1, "b": 1})
    wait_for(lambda: not environments(kiln, "other"), what="the other has gone")
    assert [each["id"] for each in environments(kiln, "f")] == [row["id"]]
    kiln.cli("debug", "f", "--stop")
    wait_for(lambda: not environments(kiln, "f"), what="it has gone")
    nothing = kiln.cli("debug", "f", "--stop", check=False)
    assert nothing.returncode == 1 and nothing.stderr == "kiln: no environment of f is being debugged; `kiln debug f` starts one\n"


def test_what_cannot_be_debugged_says_why(kiln, name):
    missing = kiln.cli("debug", "nope", check=False)
    assert missing.returncode == 1 and "no function 'nope'; `kiln list` shows what is there" in missing.stderr
    kiln.create(name, {"index.py": PYTHON})
    taken = kiln.cli("debug", name, "--port", str(kiln.port), "--no-launch-file", check=False)
    assert taken.returncode == 1 and f"port {kiln.port} is taken" in taken.stderr
    status, _, body = kiln.http("POST", f"/_kiln/debug/{name}", b'{"prot": 1}')
    assert status == 400 and b"no member 'prot'" in body


def test_a_port_that_an_ordinary_user_may_not_have_is_not_called_taken():
    if int(pathlib.Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= 81:
        pytest.skip("here an ordinary user may have every port")
    with of_another_user() as options:
        engine = Kiln(**options)
        try:
            engine.create("f", {"index.mjs": NODE}, runtime="nodejs20.x")
            refused = engine.cli("debug", "f", "--port", "81", "--no-launch-file", check=False)
            assert refused.returncode == 1 and "port 81 is not for an ordinary user; take one from 1024 on" in refused.stderr
        finally:
            engine.stop()


def test_ps_lists_environments(kiln, name):
    unknown = kiln.cli("ps", name, check=False)
    assert unknown.returncode == 1 and f"no function '{name}'" in unknown.stderr
    kiln.create(name, {"index.py": PYTHON})
    assert "an invocation starts one" in kiln.cli("ps", name).stderr
    kiln.invoke(name, {"a": 1, "b": 2})
    row = wait_for(lambda: next((each for each in environments(kiln, name) if each["phase"] == "idle"), None))
    assert (row["function"], row["version"], row["invocations"]) == (name, "$LATEST", 1)
    assert pathlib.Path(f"/proc/{row['pid']}/cmdline").read_bytes().endswith(b"bootstrap.py\0")
    assert 1 << 20 < row["memoryBytes"] < 128 << 20 and row["ageMs"] >= 0
    assert row["logStream"].endswith(row["id"])
    line = next(line for line in kiln.cli("ps").stdout.splitlines() if name in line)
    assert line.startswith(row["id"][:8]) and str(row["pid"]) in line and "idle" in line
    assert len(line) <= 80


def test_a_functions_name_comes_before_the_beginning_of_an_id(kiln, name):
    code = "def handler(event, context): pass\n"
    kiln.create(name, {"index.py": code})
    kiln.invoke(name, {})
    same = json.loads(kiln.cli("ps", name, "--json").stdout)[0]["id"][:5]
    kiln.create(same, {"index.py": code, "other.txt": ""})
    kiln.invoke(same, {})
    assert "other.txt" in kiln.cli("files", same).stdout.split()


def test_a_look_into_an_environment(kiln, name):
    code = "import os\ndef handler(event, context):\n    open('/tmp/note', 'w').write('hello')\n    if not os.path.islink('/tmp/way'): os.symlink('/etc/../tmp/note', '/tmp/way')\n"
    kiln.create(name, {"index.py": code, "data/list.txt": "1\n"}, Environment={"Variables": {"STAGE": "blue"}})
    kiln.invoke(name, {})
    assert {"data/", "index.py"} <= set(kiln.cli("files", name).stdout.split())
    assert kiln.cli("files", name, "/tmp/note").stdout == "hello"
    assert kiln.cli("files", name, "/tmp/way").stdout == "hello", "links are followed inside"
    listed = json.loads(kiln.cli("files", name, "/tmp", "--json").stdout)
    assert {(each["name"], each["kind"]) for each in listed} == {("note", "file"), ("way", "link")}
    assert "No such file" in kiln.cli("files", name, "/nothing", check=False).stderr
    inside = kiln.cli("exec", name, "--", "/bin/sh", "-c", "cat /tmp/note data/list.txt; echo $STAGE; exit 3", check=False)
    assert (inside.returncode, inside.stdout) == (3, "hello1\nblue\n")
    assert "no program nope in the environment" in kiln.cli("exec", name, "--", "nope", check=False).stderr
    assert "no environment and no function 'nope'" in kiln.cli("files", "nope", check=False).stderr


def test_one_of_several_environments_is_chosen(kiln, name):
    """By its id or its version; else the error shows what there is to choose from."""
    client = kiln.client("lambda")
    kiln.create(name, {"index.py": "def handler(event, context):\n    return 1\n"}, Publish=True)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    kiln.invoke(name, {})
    kiln.invoke(f"{name}:1", {})
    rows = json.loads(kiln.cli("ps", name, "--json").stdout)
    version = {row["version"]: row["id"][:8] for row in rows}
    for command in ("exec", "files"):
        several = kiln.cli(command, name, check=False)
        assert several.returncode == 1 and f"'{name}' may be any of 2 environments: " in several.stderr
        for number, row in version.items():
            assert f"{row} ({name}:{number}, idle, " in several.stderr, several.stderr
        pasted = re.search(r"choose one by its id, as in `kiln (\w+) (\w+)`", several.stderr)
        assert pasted[1] == command and pasted[2] in version.values()
    for wanted in (version["1"], f"{name}:1", f"{name}:live"):
        assert kiln.cli("exec", wanted, "--", "/bin/sh", "-c", "echo $AWS_LAMBDA_FUNCTION_VERSION").stdout == "1\n"
    assert kiln.cli("exec", f"{name}:$LATEST", "--", "/bin/sh", "-c", "echo $AWS_LAMBDA_FUNCTION_VERSION").stdout == "$LATEST\n"
    nobody = kiln.cli("exec", f"{name}:blue", check=False)
    assert nobody.returncode == 1 and f"'{name}' has no alias 'blue'" in nobody.stderr
