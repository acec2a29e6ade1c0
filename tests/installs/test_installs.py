"""The ways to install Kiln, each in a root that has nothing else: a minimal Debian 12 made by debootstrap.

One job of a few minutes: the root is made once and copied for each way. Needs root and Debian's archive; skipped without.
KILN_TEST_ROOT names a folder in which the made root is kept for the next run. KILN_TEST_SETUP=1 also tries ./setup.sh.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import pytest

from harness import BINARY, ECHO, ROOT

BUILD = BINARY.parent
PACKAGES = BUILD / "packages"
VERSION = re.search(r"project\(kiln VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
# crun runs on machines with cgroup v2 alone.
RUNTIME = ["crun", "--cgroup-manager=disabled"] if pathlib.Path("/sys/fs/cgroup/cgroup.controllers").exists() else ["runc"]

needs_root = pytest.mark.skipif(
    os.getuid() != 0 or shutil.which("debootstrap") is None, reason="needs root and debootstrap"
)

TRY_OUT = r"""
set -eu
mkdir -p /tmp/try/hello /tmp/try/native && cd /tmp/try
echo 'def lambda_handler(event, context): return {"hello": event["name"]}' > hello/lambda_function.py
cp /tmp/echo native/bootstrap
start=$(date +%s%N)
kiln serve --port 0 --here >out 2>err & pid=$!
until grep -q listening out; do kill -0 $pid; sleep 0.01; done
echo "ready after $(( ($(date +%s%N) - start) / 1000000 )) ms"
export KILN_ENDPOINT=$(sed -n 's/^kiln listening on //p' out)
kiln create native ./native
test "$(kiln invoke native '[1]')" = '[1]'
if command -v python3 >/dev/null; then
  kiln create hello ./hello
  test "$(kiln invoke hello '{"name": "Ada"}')" = '{"hello": "Ada"}'
fi
kiln doctor || true
kill $pid; wait $pid
cat err
echo "all good"
"""


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600, **more)
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def packages():
    run(ROOT / "packaging" / "build", "all", cwd=ROOT)
    return PACKAGES


def apt_settings(root):
    """The archive that this machine uses."""
    for name in ("sources.list", "sources.list.d", "apt.conf.d", "auth.conf.d", "keyrings"):
        source, target = pathlib.Path("/etc/apt") / name, root / "etc/apt" / name
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif source.is_file():
            shutil.copy(source, target)
    for pattern in ("docker-*", "50appstream", "20packagekit"):
        for file in (root / "etc/apt/apt.conf.d").glob(pattern):
            file.unlink()


@pytest.fixture(scope="module")
def bare_root(tmp_path_factory):
    """A minimal Debian 12 of which nothing is used but copies."""
    kept = os.environ.get("KILN_TEST_ROOT")
    root = pathlib.Path(kept) if kept else tmp_path_factory.mktemp("bare") / "root"
    if not (root / "usr/bin/apt-get").exists():
        run("debootstrap", "--variant=minbase", "bookworm", root)
        apt_settings(root)
        run("chroot", root, "apt-get", "update", "-q")
    return root


@pytest.fixture
def clean_root(bare_root, tmp_path):
    root = tmp_path / "root"
    run("cp", "-a", "--reflink=auto", bare_root, root)
    run("mount", "-t", "proc", "proc", root / "proc")
    run("mount", "--rbind", "--make-rslave", "/sys", root / "sys")
    run("mount", "--bind", "/dev", root / "dev")
    shutil.copy(ECHO, root / "tmp/echo")
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    yield root
    for name in ("dev", "sys", "proc"):
        run("umount", "-l", root / name)


def try_out(root, folder="/usr/bin"):
    return run("chroot", root, "bash", "-c", f"PATH={folder}:$PATH\n{TRY_OUT}")


def size_text(path):
    return f"{path.stat().st_size / 2**20:.1f} MB"


def installed_size(root, before):
    return (int(run("du", "-sxm", root).split()[0]) - before)


def report(what, **facts):
    line = f"{what}: " + ", ".join(f"{name} {value}" for name, value in facts.items())
    print(line)
    if folder := os.environ.get("KILN_INSTALL_REPORT"):
        with open(folder, "a", encoding="utf-8") as out:
            out.write(line + "\n")


@needs_root
def test_the_debian_package_installs_and_runs(packages, clean_root):
    package = next(packages.glob(f"kiln_{VERSION}_*.deb"))
    shutil.copy(package, clean_root / "tmp")
    before = int(run("du", "-sxm", clean_root).split()[0])
    start = time.monotonic()
    run("chroot", clean_root, "apt-get", "install", "-y", "-q", "--no-install-recommends", f"/tmp/{package.name}", "python3",
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    seconds = time.monotonic() - start
    out = try_out(clean_root)
    assert "all good" in out
    for name in ("/usr/share/man/man1/kiln.1", "/usr/share/bash-completion/completions/kiln", "/lib/systemd/system/kiln.service"):
        found = clean_root / name.lstrip("/")
        assert found.exists() or found.with_name(found.name + ".gz").exists() or (clean_root / "usr" / name.lstrip("/")).exists(), name
    run("chroot", clean_root, "bash", "-c", "source /usr/share/bash-completion/completions/kiln; COMP_WORDS=(kiln inv) COMP_CWORD=1; _kiln; [[ ${COMPREPLY[0]} == invoke ]]")
    report("deb", package=size_text(package), installed=f"{installed_size(clean_root, before)} MB with python3", time=f"{seconds:.0f} s",
           start=re.search(r"ready after (\d+ ms)", out)[1])
    run("chroot", clean_root, "apt-get", "purge", "-y", "-q", "kiln")
    assert not (clean_root / "usr/bin/kiln").exists()


@needs_root
def test_the_archive_runs_where_nothing_is_installed(packages, clean_root):
    archive = next(packages.glob(f"kiln-{VERSION}-linux-*.tar.gz"))
    start = time.monotonic()
    run("tar", "-C", clean_root / "opt", "-xzf", archive)
    seconds = time.monotonic() - start
    folder = next((clean_root / "opt").glob("kiln-*"))
    out = try_out(clean_root, f"/opt/{folder.name}/bin")
    assert "all good" in out
    missing = run("chroot", clean_root, "bash", "-c", f"ldd /opt/{folder.name}/bin/kiln")
    assert "not found" not in missing
    outside = {line.split("=>")[1].split()[0] for line in missing.splitlines() if "=> /" in line and "/opt/" not in line}
    assert all(re.search(r"/lib(c|m|dl|pthread|rt|resolv)\.so", path) for path in outside), outside
    unpacked = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 2**20
    report("archive", package=size_text(archive), installed=f"{unpacked:.0f} MB", time=f"{seconds:.1f} s", start=re.search(r"ready after (\d+ ms)", out)[1])


def test_the_debian_packages_serve_from_a_folder_without_root(packages, tmp_path):
    for package in packages.glob(f"kiln*_{VERSION}_*.deb"):
        run("dpkg", "-x", package, tmp_path / "kiln-sdk")
    prefix = tmp_path / "kiln-sdk" / "usr"
    environment = {**os.environ, "PATH": f"{prefix}/bin:{os.environ['PATH']}", "CMAKE_PREFIX_PATH": str(prefix)}
    for command in ("kiln new greeter", "cmake -S greeter -B greeter/build -G Ninja", "cmake --build greeter/build", "ctest --test-dir greeter/build"):
        run(*command.split(), cwd=tmp_path, env=environment)
    assert (tmp_path / "greeter/build/greeter.zip").exists()


def test_the_npm_package_starts_the_program(packages, tmp_path):
    package = packages / f"kiln-lambda-{VERSION}.tgz"
    start = time.monotonic()
    run("npm", "install", "--silent", "--no-audit", "--no-fund", "--offline", package, cwd=tmp_path)
    seconds = time.monotonic() - start
    assert run("npx", "--offline", "kiln", "--version", cwd=tmp_path) == f"kiln {VERSION}\n"
    failing = subprocess.run(["npx", "--offline", "kiln", "nonsense"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert failing.returncode == 2 and "there is no command" in failing.stderr
    server = subprocess.Popen(["node", "node_modules/.bin/kiln", "serve", "--port", "0", "--here"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        line = server.stdout.readline()
        assert line.startswith("kiln listening on http://127.0.0.1:")
        (tmp_path / "native").mkdir()
        shutil.copy(ECHO, tmp_path / "native" / "bootstrap")
        environment = {**os.environ, "KILN_ENDPOINT": line.split()[-1]}
        run("npx", "--offline", "kiln", "create", "native", "./native", cwd=tmp_path, env=environment)
        assert run("npx", "--offline", "kiln", "invoke", "native", "[1]", cwd=tmp_path, env=environment) == "[1]\n"
        server.send_signal(signal.SIGTERM)
        assert server.wait(10) == 0
    finally:
        server.kill()
        server.stdout.close()
    report("npm", package=size_text(package), time=f"{seconds:.1f} s")


@needs_root
@pytest.mark.skipif("KILN_TEST_SETUP" not in os.environ, reason="takes minutes; KILN_TEST_SETUP=1 runs it")
def test_setup_run_installs_what_building_needs(clean_root):
    """In a root with nothing but Debian's base: the packages of --run configure and build."""
    target = clean_root / "src"
    target.mkdir()
    files = run("git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    for name in files:
        if (ROOT / name).is_file() and not name.startswith("tests/data"):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    start = time.monotonic()
    run("chroot", clean_root, "bash", "-c", "cd /src && sed -i 's/^node_packages$/:/; s/^  node_packages$/  :/' setup.sh && ./setup.sh --run")
    installed = time.monotonic() - start
    out = run("chroot", clean_root, "bash", "-c", "cd /src && cmake --preset release && cmake --build build/release --target kiln_base function_echo")
    assert "No GoogleTest: the unit tests are left out" in out
    listed = run(ROOT / "setup.sh", "--run", "--list").split()
    everything = run(ROOT / "setup.sh", "--list").split()
    report("setup.sh --run", packages=f"{len(listed)} of {len(everything)}", time=f"{installed:.0f} s")


@pytest.fixture(scope="module")
def image(packages, bare_root, tmp_path_factory):
    """The image of packaging/image, on a base that is the bare root."""
    if shutil.which("buildah") is None or shutil.which(RUNTIME[0]) is None:
        pytest.skip(f"needs buildah and {RUNTIME[0]}")
    storage = tmp_path_factory.mktemp("storage")
    environment = {**os.environ, "BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": "vfs",
                   "CONTAINERS_STORAGE_CONF": str(storage / "storage.conf")}
    (storage / "storage.conf").write_text(f'[storage]\ndriver = "vfs"\nrunroot = "{storage}/run"\ngraphroot = "{storage}/graph"\n')
    base = run("buildah", "from", "scratch", env=environment).strip()
    run("buildah", "copy", "-q", base, bare_root, "/", env=environment)
    run("buildah", "commit", "-q", base, "localhost/debian:12", env=environment)
    run("buildah", "rm", base, env=environment)
    start = time.monotonic()
    run(ROOT / "packaging" / "build", "image", cwd=ROOT, env={**environment, "BASE": "localhost/debian:12"})
    seconds = time.monotonic() - start
    container = run("buildah", "from", f"localhost/kiln:{VERSION}", env=environment).strip()
    root = run("buildah", "mount", container, env=environment).strip()
    config = json.loads(run("buildah", "inspect", "--type", "image", f"localhost/kiln:{VERSION}", env=environment))["OCIv1"]["config"]
    size = int(run("du", "-sxm", root).split()[0])
    report("image", unpacked=f"{size} MB with Python and Node.js", time=f"{seconds:.0f} s")
    yield pathlib.Path(root), config
    run("buildah", "umount", container, env=environment)
    run("buildah", "rm", container, env=environment)


@needs_root
def test_an_unprivileged_container_runs_functions_and_says_what_it_cannot_enforce(image, tmp_path):
    root, config = image
    shutil.copy(ECHO, root / "tmp/echo")
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    run(RUNTIME[0], "spec", cwd=bundle)
    spec = json.loads((bundle / "config.json").read_text())
    spec["root"] = {"path": str(root), "readonly": False}
    spec["process"].update(
        terminal=False, user={"uid": 1000, "gid": 1000}, noNewPrivileges=True, cwd="/tmp",
        env=[*config["Env"], "HOME=/tmp"], args=["/bin/bash", "-c", TRY_OUT.replace("kiln serve --port 0 --here", "kiln serve --port 0")],
        capabilities={name: [] for name in ("bounding", "effective", "inheritable", "permitted", "ambient")},
    )
    # A runtime's usual fence: no namespaces for whoever has no capability.
    spec["linux"]["seccomp"] = {
        "defaultAction": "SCMP_ACT_ALLOW",
        "syscalls": [{"names": ["unshare", "mount", "setns"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1}],
    }
    spec["linux"]["namespaces"] = [n for n in spec["linux"]["namespaces"] if n["type"] != "cgroup"]
    (bundle / "config.json").write_text(json.dumps(spec))
    out = run(*RUNTIME, "run", f"kiln-test-{os.getpid()}", cwd=bundle)
    assert "all good" in out, out
    warnings = [line for line in out.splitlines() if "warning" in line]
    assert any("no user namespace" in line for line in warnings), out
    assert any("cgroup" in line for line in warnings), out
    # Each says in one line what isn't enforced; doctor says how to allow it.
    assert "limited  namespaces" in out and "limited  cgroup" in out and "→" in out


def test_the_action_starts_kiln_and_tells_the_next_steps(tmp_path):
    """action.yml is read by GitHub alone; what it runs is a script."""
    environment = {**os.environ, "RUNNER_TEMP": str(tmp_path), "GITHUB_ENV": str(tmp_path / "env"), "GITHUB_OUTPUT": str(tmp_path / "output"),
                   "PATH": f"{BUILD}:{os.environ['PATH']}", "KILN_ARGUMENTS": "--port 0 --speed 60", "KILN_PACKAGE": "", "KILN_REPOSITORY": "o/kiln", "KILN_REF": "v1"}
    assert "packaging/action.sh" in (ROOT / "action.yml").read_text()
    done = subprocess.run([str(ROOT / "packaging" / "action.sh")], env=environment, stdout=subprocess.PIPE, text=True, timeout=60)
    pid = int((tmp_path / "kiln" / "pid").read_text())
    try:
        assert done.returncode == 0, done.stdout
        told = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines())
        assert told["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:") and told["AWS_REGION"] == "us-east-1"
        assert f"endpoint={told['AWS_ENDPOINT_URL']}" in (tmp_path / "output").read_text()
        assert run(BUILD / "kiln", "list", "--json", env={**os.environ, **told}) == "[]\n"
    finally:
        os.kill(pid, signal.SIGTERM)


def test_the_version_is_the_same_everywhere():
    for name in ("packaging/npm/package.json", "packaging/compose.yaml", "README.md", "docs/install.md", "docs/howto-ci.md"):
        assert VERSION in (ROOT / name).read_text(), name
