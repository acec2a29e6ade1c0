"""The files that others start Kiln by: the systemd unit, the compose file, the GitHub Action. Each is read as its reader
does, each key is one that the reader knows, and its commands run as they stand there."""

import configparser
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess

import pytest
import yaml

from harness import BINARY, ROOT, wait_for
from own_network import in_own_network

VERSION = re.search(r"project\(kiln VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]


def clean_environment(**more):
    return {"PATH": f"{BINARY.parent}:/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", **more}


# ---- systemd


def unit():
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str
    parser.read_string((ROOT / "packaging/systemd/kiln.service").read_text())
    return parser


def test_systemd_takes_the_unit(tmp_path):
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd-analyze")
    copy = tmp_path / "kiln.service"
    text = (ROOT / "packaging/systemd/kiln.service").read_text()
    assert "/usr/bin/kiln" in text
    copy.write_text(text.replace("/usr/bin/kiln", str(BINARY)))
    done = subprocess.run([analyze, "verify", "--man=no", str(copy)], capture_output=True, text=True, timeout=60)
    # Other units of the machine may be wrong; of this one nothing is said.
    assert [line for line in done.stderr.splitlines() if "kiln" in line] == []


def test_the_units_command_starts_and_ends_as_systemd_starts_and_ends_it(tmp_path):
    service = unit()["Service"]
    text = (ROOT / "packaging/systemd/kiln.service").read_text()
    variables = dict(line.split("=", 2)[1:] for line in text.splitlines() if line.startswith("Environment="))
    assert variables == {"KILN_DATA_DIR": "/var/lib/kiln", "KILN_CONFIG": "/etc/kiln/config.toml"}
    assert service["StateDirectory"] == "kiln" and service["ConfigurationDirectory"] == "kiln"
    state, settings = tmp_path / "var/lib/kiln", tmp_path / "etc/kiln"
    state.mkdir(parents=True, mode=int(service["StateDirectoryMode"], 8))
    settings.mkdir(parents=True)
    (settings / "config.toml").write_text("[serve]\nport = 0\nspeed = 60\n")
    program, *arguments = shlex.split(service["ExecStart"])
    assert program == "/usr/bin/kiln"
    process = subprocess.Popen([str(BINARY), *arguments], stdout=subprocess.PIPE, text=True, cwd="/",
                               env=clean_environment(KILN_DATA_DIR=str(state), KILN_CONFIG=str(settings / "config.toml")))
    try:
        url = re.match(r"kiln listening on (http://\S+)$", process.stdout.readline().strip())[1]
        listed = subprocess.run([str(BINARY), "top", "--once", "--json", "--endpoint", url], capture_output=True, text=True, timeout=60)
        assert '"speed":60.0' in listed.stdout, listed
        assert (state / "kiln.db").is_file()
        # KillMode=mixed: SIGTERM to the main process, and SIGKILL to the rest once it has ended.
        assert service["KillMode"] == "mixed"
        process.send_signal(signal.SIGTERM)
        assert process.wait(int(service["TimeoutStopSec"])) == 0
    finally:
        process.kill()
        process.stdout.close()


def test_without_its_configuration_file_the_unit_starts_with_defaults(tmp_path):
    done = subprocess.run(in_own_network(["bash", "-c", f"""
        {shlex.quote(str(BINARY))} serve >out & pid=$!
        until grep -q listening out; do kill -0 $pid || exit 1; sleep 0.02; done
        cat out; kill $pid; wait $pid"""]), cwd=tmp_path, capture_output=True, text=True, timeout=60,
        env=clean_environment(KILN_DATA_DIR=str(tmp_path / "state"), KILN_CONFIG=str(tmp_path / "none.toml")))
    assert (done.returncode, done.stdout) == (0, "kiln listening on http://127.0.0.1:4566\n"), done.stderr


# ---- docker compose

# Of the Compose specification: what each key that we use takes.
SERVICE_KEYS = {
    "image": str, "ports": list, "environment": dict, "volumes": list, "cap_add": list, "security_opt": list, "healthcheck": dict,
}
HEALTH_KEYS = {"test", "interval", "timeout", "retries"}


def image():
    """What the image sets: variables, and the command with its entry point."""
    text = (ROOT / "packaging/image/Containerfile").read_text()
    variables = dict(pair.split("=", 1) for pair in re.findall(r"^ENV (\S+=\S+)$", text, re.M))
    words = lambda name: yaml.safe_load(re.search(rf"^{name} (\[.*\])$", text, re.M)[1])  # noqa: E731
    return variables, words("ENTRYPOINT") + words("CMD"), re.search(r"^VOLUME (\S+)$", text, re.M)[1]


def test_the_compose_file_is_one_and_its_commands_run(tmp_path):
    document = yaml.safe_load((ROOT / "packaging/compose.yaml").read_text())
    assert set(document) == {"services", "volumes"} and set(document["services"]) == {"kiln"}
    service = document["services"]["kiln"]
    for key, value in service.items():
        assert isinstance(value, SERVICE_KEYS[key]), key
    assert service["image"] == f"kiln:{VERSION}"
    address, outside, inside = service["ports"][0].rsplit(":", 2)
    assert (address, outside, inside) == ("127.0.0.1", "4566", "4566")
    volume, path = service["volumes"][0].split(":")
    variables, command, image_volume = image()
    assert volume in document["volumes"] and path == image_volume == variables["KILN_DATA_DIR"]
    assert set(service["cap_add"]) == {"SYS_ADMIN"}
    assert all(re.fullmatch(r"(apparmor|seccomp)=unconfined", option) for option in service["security_opt"])
    health = service["healthcheck"]
    assert set(health) == HEALTH_KEYS and health["test"][0] == "CMD"
    assert all(re.fullmatch(r"\d+s", health[key]) for key in ("interval", "timeout")) and isinstance(health["retries"], int)

    # The image's command with both files' variables; the check beside it; then another service's request by the service's name.
    assert command[0] == "/usr/bin/kiln"
    environment = clean_environment(**{**variables, **service["environment"], "KILN_DATA_DIR": str(tmp_path / "state")})
    done = subprocess.run(in_own_network(["bash", "-c", f"""
        {shlex.join([str(BINARY), *command[1:]])} >out 2>err & pid=$!
        until {shlex.join(health['test'][1:])} >/dev/null 2>&1; do kill -0 $pid || exit 1; sleep 0.02; done
        curl --silent --output /dev/null --write-out '%{{http_code}} ' -H 'Host: kiln:4566' http://127.0.0.1:4566/_kiln/status
        curl --silent --output /dev/null --write-out '%{{http_code}}\\n' -H 'Host: another:4566' http://127.0.0.1:4566/_kiln/status
        kill $pid; wait $pid; cat out"""]), cwd=tmp_path, capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "200 403\nkiln listening on http://0.0.0.0:4566\n"


# ---- GitHub Actions

ACTION_KEYS = {"name", "description", "inputs", "outputs", "runs"}


class Runner:
    """Runs a composite action's steps as GitHub's runner does: expressions, files for variables and outputs."""

    def __init__(self, folder, action_repository="", action_ref="", **inputs):
        self.action = yaml.safe_load((ROOT / "action.yml").read_text())
        self.folder, self.steps = folder, {}
        self.context = {"github.action_path": str(ROOT), "github.action_repository": action_repository, "github.action_ref": action_ref}
        unknown = set(inputs) - set(self.action["inputs"])
        assert not unknown, unknown
        for name, described in self.action["inputs"].items():
            self.context[f"inputs.{name}"] = inputs.get(name, described["default"])
        for name in ("temp", "work", "bin"):
            (folder / name).mkdir()
        self.variables = {}

    def value(self, text):
        def one(found):
            for word in found[1].split("||"):
                value = self.context.get(word.strip(), "")
                if value:
                    return value
            return ""

        return re.sub(r"\$\{\{ (.+?) \}\}", one, text)

    def environment(self, **more):
        return clean_environment(HOME=str(self.folder), RUNNER_TEMP=str(self.folder / "temp"), **self.variables, **more)

    def run(self, path=None):
        for step in self.action["runs"]["steps"]:
            assert set(step) <= {"id", "shell", "env", "run"} and step["shell"] == "bash"
            files = {name: self.folder / name for name in ("GITHUB_ENV", "GITHUB_OUTPUT")}
            for file in files.values():
                file.write_text("")
            environment = self.environment(**{name: str(file) for name, file in files.items()},
                                           **{name: self.value(value) for name, value in step["env"].items()})
            if path:
                environment["PATH"] = path
            done = subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", self.value(step["run"])], cwd=self.folder / "work",
                                  env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
            if done.returncode != 0:
                return done
            self.variables.update(line.split("=", 1) for line in files["GITHUB_ENV"].read_text().splitlines())
            for line in files["GITHUB_OUTPUT"].read_text().splitlines():
                name, value = line.split("=", 1)
                self.context[f"steps.{step['id']}.outputs.{name}"] = value
        return done

    def stop(self):
        pid = self.folder / "temp" / "kiln" / "pid"
        if pid.exists():
            os.kill(int(pid.read_text()), signal.SIGTERM)


def stub(path, text):
    path.write_text("#!/bin/bash\n" + text)
    path.chmod(0o755)


def test_the_action_is_one_that_github_reads():
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    assert set(action) == ACTION_KEYS and action["runs"]["using"] == "composite"
    assert all(set(one) == {"description", "default"} for one in action["inputs"].values())
    assert all(set(one) == {"description", "value"} for one in action["outputs"].values())
    step = action["runs"]["steps"][0]
    assert step["run"] == "${{ github.action_path }}/packaging/action.sh"
    # What the script reads is what the file sets.
    script = (ROOT / "packaging/action.sh").read_text()
    read = set(re.findall(r"\$\{?(KILN_[A-Z]+)", script))
    assert read == set(step["env"])


def test_the_action_starts_kiln_for_the_next_steps(tmp_path):
    runner = Runner(tmp_path, arguments="--port 0 --speed 60")
    done = runner.run()
    try:
        assert done.returncode == 0, done.stderr
        endpoint = runner.value(runner.action["outputs"]["endpoint"]["value"])
        assert endpoint == runner.variables["AWS_ENDPOINT_URL"] and endpoint.startswith("http://127.0.0.1:")
        step = subprocess.run(["bash", "-eo", "pipefail", "-c", "kiln list --json"], cwd=tmp_path / "work", env=runner.environment(),
                              capture_output=True, text=True, timeout=60)
        assert (step.returncode, step.stdout) == (0, "[]\n"), step.stderr
    finally:
        runner.stop()


@pytest.mark.parametrize("inputs, repository, ref, fetched", [
    ({"package": "kiln.deb"}, "", "", None),
    ({"package": "http://packages.test/kiln.deb"}, "", "", "http://packages.test/kiln.deb"),
    # By its name: the release that the workflow names.
    ({}, "somebody/kiln", "v9.8.7", "https://github.com/somebody/kiln/releases/download/v9.8.7/kiln_9.8.7_{arch}.deb"),
    # From a folder of the job: that of this version.
    ({"repository": "somebody/kiln"}, "", "", "https://github.com/somebody/kiln/releases/download/v{version}/kiln_{version}_{arch}.deb"),
])
def test_the_action_installs_kiln_where_it_is_missing(tmp_path, inputs, repository, ref, fetched):
    runner = Runner(tmp_path, action_repository=repository, action_ref=ref, arguments="--port 0", **inputs)
    tools, log = tmp_path / "bin", tmp_path / "log"
    (tmp_path / "work" / "kiln.deb").write_text("package")
    for name in ("bash", "cat", "sed", "dpkg", "mkdir", "nohup", "seq", "sleep", "realpath", "dirname", "ln"):
        (tools / name).symlink_to(shutil.which(name))
    stub(tools / "curl", f'echo "curl $*" >>{log}\nwhile [[ $1 != -o ]]; do shift; done\necho package >"$2"\n')
    stub(tools / "sudo", f'echo "sudo $*" >>{log}\n[[ $(cat "${{@: -1}}") == package ]] && ln -s {BINARY} {tools}/kiln\n')
    done = runner.run(path=str(tools))
    try:
        assert done.returncode == 0, done.stderr
        lines = log.read_text().splitlines()
        if fetched:
            arch = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True).stdout.strip()
            assert lines.pop(0).endswith(" " + fetched.format(arch=arch, version=VERSION))
        (install,) = lines
        assert install.startswith("sudo apt-get install -y --no-install-recommends /")
    finally:
        runner.stop()


def test_the_action_says_what_it_lacks(tmp_path):
    runner = Runner(tmp_path, arguments="--prot 0")
    done = runner.run()
    assert done.returncode == 1 and "has no option --prot; did you mean --port?" in done.stderr and "did not start" in done.stderr
    (tmp_path / "again").mkdir()
    runner = Runner(tmp_path / "again")
    for name in ("bash", "sed", "dpkg", "dirname"):
        (tmp_path / "again" / "bin" / name).symlink_to(shutil.which(name))
    done = runner.run(path=str(tmp_path / "again" / "bin"))
    assert done.returncode == 1 and "the input package, or repository" in done.stderr


def test_the_workflow_of_the_documents_uses_the_action_as_it_is():
    text = (ROOT / "docs/howto-ci.md").read_text()
    workflow = yaml.safe_load(re.search(r"```yaml\n(.*?)```", text, re.S)[1])
    (job,) = workflow["jobs"].values()
    steps = job["steps"]
    (use,) = [step for step in steps if step.get("uses", "").startswith("./")]
    folder = use["uses"].removeprefix("./")
    (checkout,) = [step for step in steps if step.get("with", {}).get("path") == folder]
    assert checkout["uses"].startswith("actions/checkout@") and checkout["with"]["ref"] == f"v{VERSION}"
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    assert set(use["with"]) <= set(action["inputs"])
    assert steps.index(checkout) < steps.index(use)


def test_no_document_names_an_owner_that_is_not_there():
    for path in [*ROOT.glob("*.md"), *ROOT.glob("*.yml"), *ROOT.glob("docs/*.md"), *(ROOT / "packaging").rglob("*"), *(ROOT / ".github").rglob("*")]:
        if pathlib.Path(path).is_file():
            assert not re.search(r"\bOWNER\b", path.read_text(errors="replace")), path
