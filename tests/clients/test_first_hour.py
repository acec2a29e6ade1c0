"""Kiln as a person starts it: fresh folders, defaults, relative paths."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import zipfile

import pytest

from harness import BINARY, Kiln, install, of_another_user

PYTHON = "def lambda_handler(event, context):\n    return {'hello': event.get('name', 'world')}\n"


def serve_in(folder, *args, **variables):
    """`kiln serve` with `folder` as its current folder, on a free port, and no --data-dir."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("KILN_", "AWS_", "XDG_"))}
    return Kiln(args=args, data_dir=False, cwd=folder, env={**environment, "HOME": str(folder / "home"), **variables})


@pytest.mark.parametrize(
    "args, variables, state",
    [
        ([], {}, "home/.local/share/kiln"),
        ([], {"XDG_DATA_HOME": "FOLDER/xdg"}, "xdg/kiln"),
        (["--here"], {}, ".kiln"),
        (["--data-dir", "a/b"], {}, "a/b"),
        (["--data-dir", "./a/../c"], {}, "c"),
        ([], {"KILN_DATA_DIR": "d"}, "d"),
    ],
)
def test_the_first_start_runs_a_packaged_function(tmp_path, args, variables, state):
    variables = {k: v.replace("FOLDER", str(tmp_path)) for k, v in variables.items()}
    engine = serve_in(tmp_path, *args, **variables)
    try:
        assert (tmp_path / state / "kiln.db").is_file()
        (tmp_path / "hello").mkdir()
        (tmp_path / "hello" / "lambda_function.py").write_text(PYTHON)
        engine.cli("create", "hello", str(tmp_path / "hello"))
        assert engine.cli("invoke", "hello", '{"name": "Ada"}').stdout == '{"hello": "Ada"}\n'
    finally:
        engine.stop()


def test_an_installation_into_the_home_folder_is_apart_from_the_state(tmp_path):
    home = tmp_path / "home"
    in_build = lambda: {file: file.stat().st_mtime_ns for file in BINARY.parent.glob("install*manifest*")}
    before = in_build()
    install(home / ".local", component="kiln")
    assert in_build() == before, "the build under test stays as it is"
    environment = {**os.environ, "HOME": str(home), "XDG_DATA_HOME": ""}
    for _ in range(2):
        engine = Kiln(data_dir=False, cwd=tmp_path, binary=home / ".local/bin/kiln", env=environment)
        try:
            assert (home / ".local/share/kiln/kiln.db").is_file()
            engine.create("hello", {"index.py": "def handler(event, context): return 1\n"})
            assert engine.cli("invoke", "hello").stdout == "1\n"
        finally:
            engine.stop()
        shutil.rmtree(home / ".local/share/kiln")


def test_a_project_folder_is_packed_without_state_and_history(tmp_path):
    (tmp_path / "lambda_function.py").write_text("import os\ndef lambda_handler(event, context):\n    return sorted(os.listdir('.'))\n")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("*.log\n")
    (tmp_path / "debug.log").write_text("x")
    engine = serve_in(tmp_path, "--here")
    try:
        made = subprocess.run([str(BINARY), "create", "me", "."], cwd=tmp_path, env=engine.environment(), capture_output=True, text=True)
        assert made.returncode == 0, made.stderr
        assert made.stderr.startswith("packed 2 files, ")
        assert "left out .git (version control), .kiln (the data folder of a Kiln), debug.log (.gitignore)" in made.stderr
        assert engine.cli("invoke", "me").stdout == '[".gitignore", "lambda_function.py"]\n'
    finally:
        engine.stop()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    done = subprocess.run([str(BINARY), "serve", "--port", "0", "--data-dir", "file/state"], cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "file/state" in done.stderr and "--data-dir" in done.stderr


def fake(path, says):
    """An interpreter that knows its version alone."""
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def test_a_new_function_gets_the_newest_runtime_of_the_machine(tmp_path):
    for folder, file, text in (("py", "lambda_function.py", PYTHON), ("js", "index.js", "exports.handler = async () => 1;\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / file).write_text(text)
    tools = tmp_path / "tools"
    tools.mkdir()
    alone = {"PATH": str(tools), "PYENV_ROOT": "", "NVM_DIR": ""}
    machines = subprocess.run(["/usr/bin/python3", "-c", "import sys; print('python%d.%d' % sys.version_info[:2])"], capture_output=True, text=True).stdout.strip()
    engine = serve_in(tmp_path, **alone)
    try:
        made = engine.cli("create", "py", str(tmp_path / "py"))
        assert made.stdout.startswith(f"created py  {machines}  lambda_function.lambda_handler  ") and "warning" not in made.stderr
    finally:
        engine.stop()
    fake(tools / "python3.14", "Python 3.14.1")
    fake(tools / "node22", "v22.3.0")
    fake(tools / "node-24", "v24.1.0")
    engine = serve_in(tmp_path, **alone)
    try:
        for name, runtime in (("new-py", "python3.14"), ("js", "nodejs24.x")):
            made = engine.cli("create", name, str(tmp_path / name.removeprefix("new-")))
            assert made.stdout.startswith(f"created {name}  {runtime}  ") and "warning" not in made.stderr
        # Who asks for one that isn't there is warned once, and not again by new code.
        asked = engine.cli("create", "old", str(tmp_path / "py"), "--runtime", "python3.8")
        assert "warning: python3.8 runs on Python" in asked.stderr
        assert "warning" not in engine.cli("create", "old", str(tmp_path / "py"), "--update").stderr
        # An interpreter that is installed meanwhile is found.
        fake(tools / "python3.8", "Python 3.8.20")
        assert "warning" not in engine.cli("create", "older", str(tmp_path / "py"), "--runtime", "python3.8").stderr
    finally:
        engine.stop()


def test_a_handler_that_the_code_lacks_is_named_when_the_function_is_made(tmp_path):
    (tmp_path / "my code").mkdir()
    (tmp_path / "my code" / "lambda_function.py").write_text(PYTHON)
    engine = serve_in(tmp_path)

    def said(*words):
        done = subprocess.run([str(BINARY), "create", "hello", *words], cwd=tmp_path, env=engine.environment(), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return [line for line in done.stderr.splitlines() if "warning" in line]

    try:
        assert said("my code", "--handler", "nope.f") == [
            "kiln: warning: the handler is 'nope.f', and the code has no nope.py; the code has lambda_function.lambda_handler; "
            "`kiln create hello 'my code' --update --handler FILE.FUNCTION` names another"]
        # The handler stays in an update of the code alone.
        assert "the code has no nope.py" in said("my code", "--update")[0]
        assert said("my code", "--update", "--handler", "lambda_function.lambda_handler") == []
        # A layer may bring it.
        (tmp_path / "layer" / "python").mkdir(parents=True)
        (tmp_path / "layer" / "python" / "nope.py").write_text("def f(event, context): return 2\n")
        engine.cli("layer", "publish", "nope", str(tmp_path / "layer"))
        assert said("my code", "--update", "--handler", "nope.f", "--layer", "nope:1") == []
        assert engine.cli("invoke", "hello").stdout == "2\n"
    finally:
        engine.stop()


def test_the_handler_of_an_archive_is_found(tmp_path):
    with zipfile.ZipFile(tmp_path / "fn.zip", "w") as archive:
        archive.writestr("app.py", "def run(event, context):\n    return 'found'\n")
    engine = serve_in(tmp_path)
    try:
        assert "  app.run  " in engine.cli("create", "x", str(tmp_path / "fn.zip")).stdout
        assert engine.cli("invoke", "x").stdout == '"found"\n'
    finally:
        engine.stop()


def test_a_folder_with_files_of_others_is_refused_by_the_name_of_the_file(tmp_path):
    with of_another_user() as start:
        code = start["data_dir"] / "code"
        (code / "keys").mkdir(parents=True)
        (code / "app.py").write_text(PYTHON)
        (code / "secret").write_text("")
        for path in ("keys", "secret"):
            (code / path).chmod(0)
            done = subprocess.run([*start["prefix"], start["binary"], "create", "x", code], cwd=start["data_dir"], capture_output=True, text=True)
            assert done.returncode == 2
            assert done.stderr == f"kiln: can't read '{code}/{path}': Permission denied; let your user read it, or name it in .kilnignore to leave it out\n"
            (code / ".kilnignore").write_text(f"{path}\n")


def test_packages_that_are_not_in_the_folder_are_named_with_the_command(tmp_path):
    (tmp_path / "hello").mkdir()
    (tmp_path / "hello" / "lambda_function.py").write_text("import requests\n" + PYTHON)
    (tmp_path / "hello" / "requirements.txt").write_text("requests==2.32.0\nboto3\n")
    engine = serve_in(tmp_path)
    try:
        made = subprocess.run([str(BINARY), "create", "hello", "./hello"], cwd=tmp_path, env=engine.environment(), capture_output=True, text=True)
        assert made.returncode == 0
        assert made.stderr.splitlines()[0] == (
            "kiln: warning: requirements.txt asks for requests, which the folder doesn't have; "
            "`python3 -m pip install --target ./hello -r ./hello/requirements.txt` puts it there")
    finally:
        engine.stop()


SAM = """Transform: AWS::Serverless-2016-10-31
Resources:
  First: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.12, Handler: app.handler, CodeUri: src/}}
  Second: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.12, Handler: app.handler, CodeUri: ./src}}
  Built:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: esbuild}
    Properties: {Runtime: nodejs20.x, Handler: app.handler, CodeUri: web}
"""


def test_what_a_sam_template_needs_before_it_can_run_is_named_once_for_each_folder(tmp_path):
    app = tmp_path / "my app"
    for name in ("src", "web"):
        (app / name).mkdir(parents=True)
    (app / "src" / "app.py").write_text("def handler(event, context): return 1\n")
    (app / "web" / "app.ts").write_text("")
    (app / "template.yaml").write_text(SAM)
    engine = serve_in(tmp_path)

    def warnings_of(requirements):
        (app / "src" / "requirements.txt").write_text(requirements)
        planned = subprocess.run([str(BINARY), "deploy", "my app", "--plan"], cwd=tmp_path, env=engine.environment(), capture_output=True, text=True)
        assert planned.returncode == 0, planned.stderr
        return planned.stderr.splitlines()

    build = "`sam build`, and deploy again: Kiln takes .aws-sam/build"
    built = f"kiln: warning: my app/template.yaml: Built: BuildMethod esbuild has not run on my app/web; run {build}"
    try:
        assert warnings_of("requests\n") == [
            "kiln: warning: my app/template.yaml: First: requirements.txt asks for requests, which the folder doesn't have; "
            f"`python3 -m pip install --target 'my app/src' -r 'my app/src/requirements.txt'` puts it there; or run {build}",
            built]
        assert warnings_of("boto3\n") == [built], "the runtime has it"
    finally:
        engine.stop()


UNSUPPORTED = """Resources:
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: []}}}
  Table: {Type: AWS::DynamoDB::Table}
  Works:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: %s
      Handler: index.handler
      Role: !GetAtt Role.Arn
      Code: {ZipFile: "def handler(event, context): return 1"}
      Environment: {Variables: {TABLE: !Ref Table}}
  Coffee: {Type: AWS::Lambda::Function, Properties: {Runtime: java21, Handler: a.B, Role: !GetAtt Role.Arn, Code: {ZipFile: x}}}
"""


def test_a_plan_counts_what_is_left_out_apart_and_the_advice_can_be_pasted(tmp_path):
    (tmp_path / "my app").mkdir()
    template = tmp_path / "my app" / "template.yaml"
    template.write_text(UNSUPPORTED % "python3.11")
    engine = serve_in(tmp_path)

    def deploy(*words):
        return subprocess.run([str(BINARY), "deploy", *words], cwd=tmp_path, env=engine.environment(), capture_output=True, text=True)

    try:
        refused = deploy("my app", "--plan")
        assert refused.returncode == 1 and "`kiln deploy 'my app' --skip-unsupported` leaves these out" in refused.stderr
        planned = deploy("my app", "--skip-unsupported", "--plan")
        assert planned.stdout.splitlines()[0] == "my-app: 2 to create, 0 to update, 0 to replace, 0 to delete; 2 left out"
        assert "  skip    Table AWS::DynamoDB::Table\n    stacks of Kiln can't hold AWS::DynamoDB::Table\n" in planned.stdout
        assert "  skip    Coffee AWS::Lambda::Function\n    Runtime java21 is not here; " in planned.stdout
        assert "+ create  Works AWS::Lambda::Function\n" in planned.stdout
        assert deploy("my app", "--skip-unsupported", "--yes").returncode == 0
        # What was left out and isn't asked for any more was never there.
        template.write_text((UNSUPPORTED % "python3.11").replace("  Table: {Type: AWS::DynamoDB::Table}\n", "").replace("!Ref Table", "none"))
        planned = deploy("my app", "--skip-unsupported", "--plan")
        assert planned.stdout.splitlines()[0] == "my-app: 0 to create, 1 to update, 0 to replace, 0 to delete; 1 left out"
        assert "  skip    Table AWS::DynamoDB::Table\n    it was left out before\n" in planned.stdout
        # The functions that are there are advised on.
        advised = engine.cli("advise", "my-app", check=False)
        assert "my-app-Works-" in advised.stdout and "Coffee" not in advised.stdout + advised.stderr
    finally:
        engine.stop()


def test_a_deployment_warns_of_runtimes_that_the_machine_lacks(tmp_path):
    (tmp_path / "template.yaml").write_text((UNSUPPORTED % "python3.8").replace("  Table: {Type: AWS::DynamoDB::Table}\n", "").replace("!Ref Table", "none"))
    tools = tmp_path / "tools"
    tools.mkdir()
    engine = serve_in(tmp_path, PATH=str(tools), PYENV_ROOT="", NVM_DIR="")

    def deploy(*words):  # the template of this folder
        return subprocess.run([str(BINARY), "deploy", "--skip-unsupported", *words], cwd=tmp_path, env=engine.environment(), capture_output=True, text=True)

    try:
        for words in (["--plan"], ["--yes"]):
            told = deploy(*words)
            assert told.returncode == 0, told.stderr
            assert "kiln: warning: ./template.yaml: Works: python3.8 runs on Python 3." in told.stderr
            assert "name it with kiln serve --python 3.8=PATH" in told.stderr
        # Once, and not again by other settings.
        (tmp_path / "template.yaml").write_text((tmp_path / "template.yaml").read_text().replace("TABLE: none", "TABLE: other"))
        assert "python3.8" not in deploy("--yes").stderr
        fake(tools / "python3.8", "Python 3.8.20")
        assert "warning" not in deploy("--plan", "--stack-name", "again").stderr
    finally:
        engine.stop()


def test_an_init_that_takes_all_the_time_is_told_from_a_slow_handler(tmp_path):
    engine = serve_in(tmp_path)
    try:
        for name, code in (("init", "import time\ntime.sleep(60)\ndef handler(event, context): pass\n"),
                           ("handler", "import time\ndef handler(event, context): time.sleep(60)\n")):
            engine.create(name, {"index.py": code}, Timeout=1)
        slow = engine.cli("invoke", "init", check=False)
        assert slow.returncode == 1 and "Task timed out after 1.00 seconds; the time went into its init: Lambda stops an init after 10 s" in slow.stderr
        assert "`kiln create init DIR --update --timeout SECONDS`" in slow.stderr and "INIT_REPORT" not in slow.stderr
        slow = engine.cli("invoke", "handler", check=False)
        assert "Task timed out after 1.00 seconds; `kiln create handler DIR --update --timeout SECONDS` gives it more time" in slow.stderr
    finally:
        engine.stop()


def test_an_alarm_on_an_unknown_metric_is_left_out_of_simulations(tmp_path):
    engine = serve_in(tmp_path)
    try:
        engine.create("hello", {"index.py": "def handler(event, context): return 1\n"})
        engine.cli("alarm", "set", "typo", "--metric", "Erors", "--above", "1", "--function", "hello")
        for _ in range(3):
            engine.invoke("hello")
        left = "without an alarm: the alarm typo watches AWS/Lambda Erors, which a simulation doesn't make (did you mean Errors?)"
        for words in (["simulate", "hello"], ["simulate", "hello", "--rate", "5/s", "--duration", "20ms", "--for", "1m"], ["advise", "hello"]):
            assert left in engine.cli(*words).stdout
    finally:
        engine.stop()


def test_the_variables_of_another_account_are_unset(tmp_path):
    def env(*words, **variables):
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("KILN_", "AWS_"))}
        return subprocess.run([str(BINARY), "env", *words], env={**clean, **variables}, capture_output=True, text=True, check=True).stdout

    assert "unset" not in env()
    assert "unset AWS_PROFILE\n" in env(AWS_PROFILE="nope") and "set -e AWS_SESSION_TOKEN\n" in env("--form", "fish", AWS_SESSION_TOKEN="x")
    assert "unset" not in env("--form", "dotenv", AWS_PROFILE="nope")
    assert "unset AWS_DEFAULT_PROFILE\n" in env(AWS_DEFAULT_PROFILE="nope")
    (tmp_path / "aws").write_text("#!/bin/sh\nexec env\n")  # the AWS CLI: what it would see
    (tmp_path / "aws").chmod(0o755)
    others = {**os.environ, "AWS_PROFILE": "nope", "AWS_DEFAULT_PROFILE": "nope", "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    for command in (["bash", "-c", f'eval "$({BINARY} env)"; env'], [str(BINARY), "aws", "configure", "list"]):
        lines = subprocess.run(command, env=others, capture_output=True, text=True, check=True).stdout
        assert "_PROFILE=" not in lines and "AWS_ACCESS_KEY_ID=kiln\n" in lines


def test_the_next_step_follows_a_failure(tmp_path):
    engine = serve_in(tmp_path)
    try:
        engine.create("large", {"index.py": "def handler(event, context):\n    return 'x' * 7_000_000\n"})
        failed = engine.cli("invoke", "large", check=False)
        assert failed.returncode == 1
        assert "maximum allowed payload size (6291556 bytes); put a large answer into S3, and answer with its key" in failed.stderr
        engine.create("empty", {"readme.txt": ""}, runtime="provided.al2023")
        assert "put a program named bootstrap at the top of its folder; then `kiln create empty DIR --update` replaces the code" in engine.cli("invoke", "empty", check=False).stderr
        engine.cli("reserve", "large", "0")
        throttled = engine.cli("invoke", "large", check=False)
        assert throttled.returncode == 1
        assert "(ReservedFunctionConcurrentInvocationLimitExceeded); `kiln reserve large` shows the function's reserve" in throttled.stderr
    finally:
        engine.stop()


@pytest.mark.parametrize("words, step", [
    (["--port", "0"], "start a second one with `kiln serve --data-dir FOLDER --port 0`."),
    (["--data-dir", "another"], "start this one on a free port with --port 0."),
])
def test_a_second_start_says_where_the_first_one_is(tmp_path, words, step):
    """By its folder, and by its port."""
    engine = serve_in(tmp_path, "--here")
    try:
        state = tmp_path / ".kiln"
        words = ["--here", *words] if "--data-dir" not in words else [*words, "--port", engine.url.rsplit(":", 1)[1]]
        second = subprocess.run([str(BINARY), "serve", *words], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        process = (state / "lock").read_text().split()[0]
        assert (second.returncode, second.stdout, second.stderr) == (
            1, "", f"kiln: a Kiln is already running on {engine.url} (process {process}), with its state in {state}. "
            f"Use that one, or end it with `kill {process}`, or {step}\n")
        subprocess.run(["kill", process], check=True)
        engine.process.wait(timeout=60)
    finally:
        engine.stop()


def test_a_port_of_another_program_is_named_with_the_steps(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        second = subprocess.run([str(BINARY), "serve", "--here", "--port", str(port)], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == (f"kiln: can't listen on 127.0.0.1:{port}: bind: Address already in use; choose another with --port "
                             "(0 takes a free one), or end what uses it: `ss -ltnp` shows it\n")


@pytest.mark.parametrize("words, given, warned", [
    (["echo"], '{"name": "Ada"}', True),
    (["echo"], "\n [1]", True),
    (["echo"], "one\ntwo\n", False),  # the rest of a shell's loop over names
    (["echo"], "", False),
    (["echo", "{}"], '{"name": "Ada"}', False),
    (["echo", "-"], '{"name": "Ada"}', False),
])
def test_an_event_in_stdin_that_nobody_reads_is_noticed(kiln, name, tmp_path, words, given, warned):
    kiln.create_echo(name)
    words = [str(BINARY), "invoke", name, *words[1:]]
    (tmp_path / "event.json").write_text(given)
    reading, writing = os.pipe()
    os.write(writing, given.encode())
    os.close(writing)
    with open(tmp_path / "event.json") as file, os.fdopen(reading) as pipe:
        for stdin in (file, pipe):
            done = subprocess.run(words, stdin=stdin, env=kiln.environment(), capture_output=True, text=True, timeout=60)
            assert done.returncode == 0
            warning = f"kiln: warning: the event was {{}}, and stdin wasn't read; `kiln invoke {name} -` sends what is there\n"
            assert done.stderr == (warning if warned else ""), done.stderr
            if warned:
                assert stdin.read() == given, "nothing was taken"


def test_an_ordinary_user_is_told_in_one_sentence_what_is_not_enforced():
    with of_another_user() as start:
        if subprocess.run([*start["prefix"], "unshare", "--user", "true"], capture_output=True).returncode != 0:
            pytest.skip("this machine gives ordinary users no namespaces")
        command = [*start["prefix"], start["binary"], "serve", "--port", "0", "--data-dir", start["data_dir"]]
        server = subprocess.Popen(command, cwd=start["data_dir"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            assert server.stdout.readline().startswith("kiln listening")
        finally:
            server.terminate()
            told = server.communicate(timeout=60)[1]
        assert told.count("warning:") == 1 and "without root, all functions run as you" in told, told
        assert "`kiln doctor` says" in told


def test_the_doctor_shows_the_state_of_the_engine_that_runs(tmp_path):
    engine = serve_in(tmp_path, "--data-dir", "elsewhere")
    try:
        state = next(each for each in json.loads(engine.cli("doctor", "--json").stdout) if each["check"] == "state")
        assert state["found"].startswith(f"{tmp_path}/elsewhere, "), state
    finally:
        engine.stop()


def test_a_simulation_whose_invocations_all_time_out_says_why(kiln):
    said = kiln.cli("simulate", "--rate", "5/s", "--duration", "10m", "--timeout", "3", "--for", "1m").stdout
    assert "an invocation of function takes 10m (--duration), longer than its time limit of 3 s: it times out" in said, said
    assert "--duration" not in kiln.cli("simulate", "--rate", "5/s", "--duration", "100ms", "--for", "1m").stdout
