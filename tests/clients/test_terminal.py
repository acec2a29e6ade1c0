"""Kiln on a terminal: the banner and the lines of serve, the full screen of top, colors, pipes whose reader goes away."""

import json
import os
import re
import signal
import subprocess
import sys
import threading

import pytest

from doubles import Receiver
from harness import BINARY, Kiln, wait_for
from terminal import Terminal

FAILING = "def handler(event, context):\n    print('working')\n    if event.get('fail'): raise ValueError('out of stock\\nsecond line')\n    return 1\n"


@pytest.fixture(scope="module")
def shop():
    engine = Kiln()
    engine.create("shop", {"index.py": FAILING})
    engine.create_echo("echo")
    yield engine
    engine.stop()


@pytest.fixture
def terminal():
    opened = []

    def start(command, **more):
        opened.append(Terminal(command, **more))
        return opened[-1]

    yield start
    for each in opened:
        each.close()


def test_serve_prints_a_banner_and_a_line_for_each_event(tmp_path, terminal):
    server = terminal([BINARY, "serve", "--port", "0", "--data-dir", tmp_path / "state"], columns=160)
    url = server.wait_for(lambda t: re.search(r"kiln listening on (http://\S+)\n", t.plain()))[1]
    banner = server.wait_for(lambda t: "Ctrl-C ends it" in t.plain() and t.plain())
    assert f"state in {tmp_path / 'state'}" in banner
    assert f"export AWS_ENDPOINT_URL={url}\n" in banner and f"export KILN_ENDPOINT={url}\n" in banner
    environment = {**os.environ, "KILN_ENDPOINT": url}

    def cli(*words):
        return subprocess.run([str(BINARY), *words], env=environment, capture_output=True, text=True, timeout=60)

    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "index.py").write_text(FAILING)
    assert cli("create", "f", str(tmp_path / "f"), "--handler", "index.handler").returncode == 0
    assert cli("invoke", "f").stdout == "1\n"
    assert cli("invoke", "f", '{"fail": true}').returncode == 1
    cli("reserve", "f", "0")
    cli("invoke", "f")
    cli("invoke", "nope")
    cli("alarm", "set", "errors", "--function", "f", "--metric", "Errors", "--above", "0")
    cli("alarm", "state", "errors", "ALARM", "--reason", "by hand")
    server.wait_for(lambda t: "INSUFFICIENT_DATA → ALARM  by hand" in t.plain())
    lines = server.plain()
    assert re.search(r"api +CreateFunction +POST /2015-03-31/functions  201", lines)
    assert re.search(r"ok +f +[\d.]+ ms, cold start with [\d.]+ ms init\n", lines)
    assert re.search(r"error +f +[\d.]+ ms  ValueError: out of stock\n", lines) and "second line" not in lines
    assert re.search(r"throttle +f +ReservedFunctionConcurrentInvocationLimitExceeded\n", lines)
    assert re.search(r"api +Invoke +POST \S+nope/invocations  404 .*Function not found", lines)
    assert re.search(r"alarm +errors +INSUFFICIENT_DATA → ALARM  by hand\n", lines)
    assert "\x1b[" in server.written, "colors"
    server.type("\x03")
    assert server.end() == 0


def test_no_line_of_serve_is_wider_than_the_terminal(tmp_path, terminal):
    server = terminal([BINARY, "serve", "--port", "0", "--data-dir", tmp_path / "state"], columns=80)
    url = server.wait_for(lambda t: re.search(r"kiln listening on (http://\S+)\n", t.plain()))[1]
    server.wait_for(lambda t: "Ctrl-C ends it" in t.plain())
    before = len(server.plain())
    environment = {**os.environ, "KILN_ENDPOINT": url}
    command = [str(BINARY), "alarm", "set", "errors", "--function", "f" * 20, "--metric", "Errors", "--above", "0"]
    assert subprocess.run(command, env=environment, capture_output=True, timeout=60).returncode == 0
    command = [str(BINARY), "alarm", "state", "errors", "ALARM", "--reason", "a reason of many words " * 5]
    assert subprocess.run(command, env=environment, capture_output=True, timeout=60).returncode == 0
    server.wait_for(lambda t: t.plain()[before:].count("words") == 5)
    lines = server.plain()[before:].splitlines()
    assert max(len(line) for line in lines) <= 80
    assert any(line.startswith(" " * 24) for line in lines), "what follows begins below the text"


@pytest.mark.parametrize(
    "options, wanted, unwanted",
    [
        ([], {"error", "throttle"}, {"ok", "CreateFunction", "GetFunction"}),
        (["--log-level", "info"], {"error", "throttle", "ok", "CreateFunction"}, {"GetFunction"}),
        (["--log-level", "debug"], {"error", "throttle", "ok", "CreateFunction", "GetFunction"}, set()),
        (["--quiet"], set(), {"error", "throttle", "ok", "CreateFunction", "GetFunction"}),
    ],
)
def test_levels(own_kiln, options, wanted, unwanted):
    kiln = own_kiln(args=options)
    kiln.create("f", {"index.py": FAILING})
    kiln.client("lambda").get_function(FunctionName="f")
    kiln.invoke("f", {})
    kiln.invoke("f", {"fail": True})
    kiln.cli("reserve", "f", "0")
    kiln.cli("invoke", "f", check=False)
    kiln.stop()
    words = set(re.findall(r"\w+", kiln.stderr()))
    assert wanted <= words and not unwanted & words, kiln.stderr()


def test_commands_that_look_first_tell_of_no_failures(own_kiln):
    """A first session beside an engine that says what happens: nothing but what was made and run, whatever commands look for."""
    kiln = own_kiln(args=["--log-level", "info"])
    kiln.create("f", {"index.py": FAILING})
    assert "REPORT" in kiln.cli("invoke", "f", "--tail").stderr
    follower = subprocess.Popen([str(BINARY), "logs", "-f", "f"], env=kiln.environment(), stdout=subprocess.PIPE, text=True)
    try:
        while "REPORT" not in follower.stdout.readline():
            assert follower.poll() is None
    finally:
        follower.terminate()
        follower.communicate(timeout=30)
    for command in (["url", "f"], ["alarm", "list"], ["stacks"], ["list"], ["tune", "f", "--sizes", "128", "-n", "3"]):
        kiln.cli(*command)
    assert kiln.cli("logs", "nope", check=False).returncode == 1
    kiln.stop()
    told = re.findall(r"^[\d:.]+ +api +(\w+)", kiln.stderr(), re.M)
    assert "CreateFunction" in told and "CreateFunctionUrlConfig" in told
    assert not [one for one in told if re.match("Get|List|Describe|Filter", one)], kiln.stderr()


def test_an_engine_says_once_which_interpreter_runs_a_function(own_kiln, tmp_path):
    """The caller is told whenever it makes or changes the function; beside the engine, one line does, and an update is no failure."""
    other = "3.9" if sys.version_info[:2] != (3, 9) else "3.10"
    kiln = own_kiln(args=["--log-level", "info", "--python", f"{other}={sys.executable}"])
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "lambda_function.py").write_text("def lambda_handler(event, context):\n    return 1\n")
    for more in ([], ["--update"]):
        assert f"python{other} runs on Python" in kiln.cli("create", "f", str(tmp_path / "f"), "--runtime", f"python{other}", *more).stderr
        kiln.cli("invoke", "f")
    kiln.stop()
    assert kiln.stderr().count(f"python{other} runs on Python") == 1, kiln.stderr()
    assert " 409 " not in kiln.stderr()


def test_no_question_is_asked_about_what_is_not_there(shop, terminal):
    for words, said in (
        (["delete", "sho"], "no function 'sho'; did you mean shop?"),
        (["destroy", "nothing"], "there is no stack 'nothing'"),
    ):
        asked = terminal([BINARY, *words, "--endpoint", shop.url], columns=120)
        assert asked.end() == 1
        assert said in asked.plain() and "[y/N]" not in asked.plain()


@pytest.mark.parametrize("stop", [lambda asked: asked.type("\x03"), lambda asked: asked.process.terminate(), lambda asked: asked.process.send_signal(signal.SIGHUP)],
                         ids=["ctrl-c", "sigterm", "sighup"])
def test_who_is_stopped_at_a_question_leaves_nothing_behind(own_kiln, terminal, tmp_path, stop):
    engine = own_kiln()
    (tmp_path / "topic.yaml").write_text("Resources: {T: {Type: AWS::SNS::Topic}}\n")
    asked = terminal([BINARY, "deploy", tmp_path / "topic.yaml", "--stack-name", "topics", "--endpoint", engine.url])
    asked.wait_for(lambda t: "[y/N]" in t.plain(), seconds=60)
    stop(asked)
    assert asked.end(60) == 130 and asked.plain().endswith("\nremoving the plan; Ctrl-C again ends at once\nnothing was changed\n"), asked.plain()
    assert engine.cli("stacks", "--json").stdout == "[]\n"


@pytest.mark.parametrize("more", [[], ["--yes"]])
def test_who_is_stopped_while_the_plan_is_made_leaves_nothing_behind(own_kiln, terminal, tmp_path, more):
    """The plan's answer is held up, so that the stack is there and the command doesn't know it."""
    engine = own_kiln()
    (tmp_path / "topic.yaml").write_text("Resources: {T: {Type: AWS::SNS::Topic}}\n")
    made, go_on = threading.Event(), threading.Event()

    def answer(method, path, headers, body):
        status, said, out = engine.http(method, path, body, headers)
        if b"Action=CreateChangeSet" in body:
            made.set()
            go_on.wait(60)
        return status, {"Content-Type": said.get("Content-Type", "")}, out

    way = Receiver(answer)
    try:
        asked = terminal([BINARY, "deploy", tmp_path / "topic.yaml", "--stack-name", "topics", "--endpoint", way.url, *more])
        assert made.wait(60)
        asked.process.terminate()
        asked.wait_for(lambda t: "removing the plan" in t.plain(), seconds=60)
        go_on.set()
        assert asked.end(60) == 130 and "[y/N]" not in asked.plain() and asked.plain().endswith("nothing was changed\n"), asked.plain()
    finally:
        way.close()
    assert engine.cli("stacks", "--json").stdout == "[]\n"


def test_a_plan_that_is_dropped_leaves_what_others_made_of_the_stack(own_kiln, terminal, tmp_path):
    """Two plans of one new stack: the first is carried out while the second one asks."""
    engine = own_kiln()
    (tmp_path / "topic.yaml").write_text("Resources: {T: {Type: AWS::SNS::Topic}}\n")
    words = [BINARY, "deploy", tmp_path / "topic.yaml", "--stack-name", "topics", "--endpoint", engine.url]
    plans = [terminal(words), terminal(words), terminal(words)]
    for plan in plans:
        plan.wait_for(lambda t: "[y/N]" in t.plain(), seconds=60)
    plans[0].type("n\n")
    assert plans[0].end(60) == 1
    plans[1].type("y\n")
    assert plans[1].end(60) == 0, plans[1].plain()
    plans[2].type("y\n")
    assert plans[2].end(60) == 1, plans[2].plain()
    assert [s["StackStatus"] for s in engine.client("cloudformation").describe_stacks()["Stacks"]] == ["CREATE_COMPLETE"]


def test_who_stops_a_plan_that_is_only_shown_stops_all_of_them(own_kiln, terminal, tmp_path):
    engine = own_kiln()
    (tmp_path / "topic.yaml").write_text("Resources: {T: {Type: AWS::SNS::Topic}}\n")
    made, go_on = threading.Event(), threading.Event()

    def answer(method, path, headers, body):
        if b"Action=DescribeChangeSet" in body:
            made.set()
            go_on.wait(60)
        status, said, out = engine.http(method, path, body, headers)
        return status, {"Content-Type": said.get("Content-Type", "")}, out

    way = Receiver(answer)
    try:
        asked = terminal([BINARY, "deploy", tmp_path / "topic.yaml", "--plan", "--endpoint", way.url])
        assert made.wait(60)
        asked.type("\x03")
        asked.wait_for(lambda t: "removing the plan" in t.plain(), seconds=60)
        go_on.set()
        assert asked.end(60) == 130
    finally:
        way.close()
    assert engine.cli("stacks", "--json").stdout == "[]\n"


def test_the_end_of_the_terminal_at_a_question_is_an_interruption(own_kiln, terminal, tmp_path):
    engine = own_kiln()
    (tmp_path / "topic.yaml").write_text("Resources: {T: {Type: AWS::SNS::Topic}}\n")
    asked = terminal([BINARY, "deploy", tmp_path / "topic.yaml", "--endpoint", engine.url])
    asked.wait_for(lambda t: "[y/N]" in t.plain(), seconds=60)
    asked.hang_up()
    assert asked.process.wait(60) == 130
    assert engine.cli("stacks", "--json").stdout == "[]\n"


def test_the_sizes_of_a_tuning_are_one_table(shop, terminal):
    tuned = terminal([BINARY, "tune", "shop", "--sizes", "128,1024", "--num", "3", "--endpoint", shop.url], columns=80)
    assert tuned.end(120) == 0
    # What goes before a line break has written over the line.
    lines = [re.split(r"\r|\x1b\[K", line)[-1] for line in re.sub(r"\r+\n", "\n", tuned.written).splitlines()]
    lines = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines]
    titles = [line for line in lines if "MEMORY" in line]
    assert titles and titles[0].split() == ["MEMORY", "RUNS", "P50", "MS", "P99", "MS", "INIT", "MS", "USED", "FAILED", "$/MILLION", "ALL", "COLD"]
    assert len(titles) == 1 and max(map(len, lines)) <= 80


def test_a_debugger_that_starts_is_named_at_once(shop, terminal, tmp_path):
    asked = terminal([BINARY, "debug", "shop", "--no-launch-file", "--endpoint", shop.url], columns=80)
    assert asked.end(60) == 0
    plain = asked.plain()
    assert plain.index("starting debugpy in an environment of shop …") < plain.index("debugpy listens on")
    shop.cli("debug", "shop", "--stop")


def test_what_stops_serve_is_said_as_by_every_command(shop, terminal, tmp_path):
    port = shop.url.rsplit(":", 1)[1]
    (tmp_path / "junk").mkdir()
    (tmp_path / "junk" / "kiln.db").write_text("hi")
    for words, said in (
        (["--port", port, "--data-dir", tmp_path / "state"], "a Kiln is already running on"),
        (["--port", "0", "--data-dir", shop.data_dir], "a Kiln is already running on"),
        (["--port", "0", "--data-dir", tmp_path / "junk"], "the database"),
        (["--port", "0", "--data-dir", "/proc/nope"], "can't make the data folder"),
    ):
        server = terminal([BINARY, "serve", *words])
        assert server.end() == 1
        assert f"\x1b[31mkiln:\x1b[0m {said}" in server.written, server.written


def test_json_is_one_document_a_line(own_kiln):
    kiln = own_kiln(args=["--log-format", "json", "--log-level", "debug"])
    kiln.create("f", {"index.py": FAILING})
    answer = kiln.invoke("f", {"fail": True})
    kiln.stop()
    events = [json.loads(line) for line in kiln.stderr().splitlines()]
    invocation = next(event for event in events if event["event"] == "invocation")
    assert invocation["requestId"] == answer["ResponseMetadata"]["RequestId"]
    assert (invocation["level"], invocation["errorType"], invocation["errorMessage"]) == ("warning", "ValueError", "out of stock")
    assert invocation["initMs"] > 0 and invocation["durationMs"] > 0
    assert {event["event"] for event in events} >= {"api", "invocation"}


@pytest.mark.parametrize("columns, rows", [(60, 15), (80, 24), (140, 40)])
def test_top_fills_the_screen_at_every_size(shop, terminal, columns, rows):
    shop.invoke("shop", {})
    screen = terminal([BINARY, "top", "--endpoint", shop.url], columns=columns, rows=rows)
    page = screen.wait_for(lambda t: len(t.page()) == rows and any(line.startswith("shop") for line in t.page()) and t.page())
    assert all(len(line) <= columns for line in page)
    assert page[0].startswith("kiln ") and "/1000 in use" in page[0]
    assert page[1].startswith("machine ")
    assert page[3].startswith("FUNCTION") and "INV/S" in page[3]
    assert ("PROVISIONED" in page[3]) == (columns == 140)
    screen.type("q")
    assert screen.end() == 0
    assert "\x1b[?1049h" in screen.written and screen.written.rstrip().endswith("\x1b[?1049l")


def test_top_shows_one_function_in_detail_and_follows_the_size(shop, terminal):
    shop.invoke("shop", {"fail": True})
    screen = terminal([BINARY, "top", "--endpoint", shop.url, "--interval", "100ms"], columns=100, rows=30)
    screen.wait_for(lambda t: any(line.startswith("shop") for line in t.page()))
    screen.type("/shop\r")
    screen.wait_for(lambda t: "filter: shop" in "\n".join(t.page()) and not any(line.startswith("echo") for line in t.page()))
    screen.type("\r")
    page = screen.wait_for(lambda t: "last errors" in "\n".join(t.page()) and "REPORT RequestId" in "\n".join(t.page()) and "\n".join(t.page()))
    assert "ValueError" in page and "concurrency, of" in page
    screen.resize(70, 20)
    screen.wait_for(lambda t: len(t.page()) == 20 and all(len(line) <= 70 for line in t.page()))
    screen.type("\x1b")
    screen.wait_for(lambda t: any(line.startswith("FUNCTION") for line in t.page()))
    screen.process.send_signal(signal.SIGTERM)
    assert screen.end() == 0


def test_top_in_a_pipe_prints_once(shop):
    shop.invoke("shop", {})
    done = shop.cli("top")
    assert re.search(r"^shop +", done.stdout, re.M) and "\x1b" not in done.stdout
    document = json.loads(shop.cli("top", "--once", "--json").stdout)
    assert document["accountConcurrency"] == 1000 and document["version"]


def test_logs_end_when_their_reader_goes(shop):
    shop.invoke("shop", {})
    follower = subprocess.Popen([str(BINARY), "logs", "shop", "-f"], env=shop.environment(), stdout=subprocess.PIPE, text=True)
    assert follower.stdout.readline()
    follower.stdout.close()
    assert follower.wait(10) in (0, -signal.SIGPIPE)


def test_logs_of_several_functions_by_request_and_by_failure(shop):
    good = shop.invoke("shop", {})["ResponseMetadata"]["RequestId"]
    bad = shop.invoke("shop", {"fail": True})["ResponseMetadata"]["RequestId"]
    shop.invoke("echo", {})
    wait_for(lambda: bad in shop.cli("logs", "shop").stdout, what="the log is there")
    one = shop.cli("logs", "shop", "--request-id", good).stdout
    assert "working" in one and one.count("RequestId") == 3 and bad not in one
    failed = shop.cli("logs", "shop", "--errors").stdout
    assert "ValueError" in failed and "working" in failed and good not in failed
    both = shop.cli("logs", "shop", "echo").stdout
    assert re.search(r"^\S+ shop ", both, re.M) and re.search(r"^\S+ echo ", both, re.M)
    assert len(shop.cli("logs", "shop", "-n", "2").stdout.splitlines()) == 2
    assert "working" in shop.cli("logs", "shop", "--filter", "working").stdout
    assert "START" not in shop.cli("logs", "shop", "--filter", "working").stdout


def test_invoke_tail_prints_the_log_while_the_function_runs(shop, tmp_path):
    code = "import os, time\ndef handler(event, context):\n    print('started')\n    while not os.path.exists(event['until']): time.sleep(0.02)\n    return 'done'\n"
    (tmp_path / "slow").mkdir()
    (tmp_path / "slow" / "index.py").write_text(code)
    gate = tmp_path / "slow" / "go"
    shop.cli("create", "slow", str(tmp_path / "slow"), "--handler", "index.handler", "--timeout", "30", "--hot-reload")
    (tmp_path / "slow" / ".kilnignore").write_text("go\n")
    running = subprocess.Popen([str(BINARY), "invoke", "slow", json.dumps({"until": "/var/task/go"}), "--tail"], env=shop.environment(),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    seen = ""
    while "started" not in seen:
        line = running.stderr.readline()
        assert line, seen
        seen += line
    assert running.poll() is None, "it still runs"
    gate.write_text("")
    out, rest = running.communicate(timeout=30)
    assert (running.returncode, out) == (0, '"done"\n')
    assert "START RequestId" in seen and "REPORT RequestId" in rest


def test_tables_fit_the_terminal_and_pipes_get_whole_lines(shop, terminal):
    shop.cli("alarm", "set", "a-rather-long-name-of-an-alarm-that-people-do-give", "--function", "shop", "--metric", "ProvisionedConcurrencyUtilization",
             "--above", "0.5", "--statistic", "Maximum", "--missing", "notBreaching")
    wide = shop.cli("alarm", "list").stdout
    assert max(map(len, wide.splitlines())) > 80 and "a-rather-long-name-of-an-alarm-that-people-do-give" in wide
    for command in (["alarm", "list"], ["top", "--once"], ["doctor"], ["list"], ["event"]):
        narrow = terminal([BINARY, *command, "--endpoint", shop.url] if command != ["event"] else [BINARY, "event"], columns=80)
        assert narrow.end() == 0
        lines = narrow.plain().splitlines()
        assert lines and max(map(len, lines)) <= 80, "\n".join(lines)
    shop.cli("alarm", "delete", "a-rather-long-name-of-an-alarm-that-people-do-give")


def test_costs_stand_beside_their_items_in_a_narrow_terminal(terminal, tmp_path):
    (tmp_path / "lines").write_text("REPORT RequestId: 1\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 120 MB\t\n")
    cost = terminal([BINARY, "cost", "--lines", tmp_path / "lines", "--function", "orders", "--as-is"], columns=45)
    assert cost.end() == 0
    titles = [line.split() for line in cost.plain().splitlines() if "USD" in line]
    assert titles and all(title[:2] == ["FUNCTION", "ITEM"] for title in titles), cost.plain()


def test_long_names_stay_whole_in_a_narrow_terminal(shop, terminal, tmp_path):
    function = "orders-stack-prod-ProcessOrdersFunction-1A2B3C4D5E6F"
    shop.create_echo(function)
    topic = "ProcessOrdersFunctionDeadLetterTopic"
    (tmp_path / "longer.yaml").write_text(f"Resources: {{{topic}: {{Type: AWS::SNS::Topic, Properties: {{TopicName: {topic}}}}}}}\n")
    shop.cli("deploy", str(tmp_path / "longer.yaml"), "--yes")
    listed = terminal([BINARY, "list", "--endpoint", shop.url], columns=80)
    assert listed.end() == 0 and function in [line.strip() for line in listed.plain().splitlines()]
    stack = terminal([BINARY, "stacks", "longer", "--endpoint", shop.url], columns=80)
    assert stack.end() == 0
    lines = [line.strip() for line in stack.plain().splitlines()]
    assert topic in lines and f"arn:aws:sns:us-east-1:000000000000:{topic}" in lines, lines
    shop.cli("destroy", "longer", "--yes")
    shop.cli("delete", function)


def test_colors_are_for_terminals_that_want_them(shop, terminal):
    shop.invoke("shop", {"fail": True})
    colored = terminal([BINARY, "logs", "shop", "--endpoint", shop.url], columns=200)
    assert colored.end() == 0 and "\x1b[31m" in colored.written
    plain = terminal([BINARY, "logs", "shop", "--endpoint", shop.url], columns=200, env={**os.environ, "NO_COLOR": "1"})
    assert plain.end() == 0 and "\x1b[" not in plain.written


def test_output_that_cannot_be_written_is_exit_code_one(shop):
    with open("/dev/full", "w") as full:
        for words in (["list"], ["event", "s3"], ["logs", "shop"], ["top", "--once"]):
            done = subprocess.run([str(BINARY), *words], env=shop.environment(), stdout=full, stderr=subprocess.PIPE, text=True, timeout=30)
            assert done.returncode == 1 and "can't write the output" in done.stderr, words


def test_the_doctor_fits_a_narrow_terminal(shop, terminal):
    for columns in (30, 41, 60):
        told = terminal([BINARY, "doctor", "--endpoint", shop.url], columns=columns)
        assert told.end() == 0
        lines = told.plain().splitlines()
        assert len(lines) > 10 and max(len(line) for line in lines) <= columns, columns
