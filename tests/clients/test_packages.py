"""What an author of functions has from an installed Kiln: find_package(kiln), kiln_lambda(), kiln new."""

import io
import re
import subprocess
import zipfile

import pytest

from harness import BINARY, Kiln, install, wait_for

BUILD = BINARY.parent
NEWEST_GLIBC = (2, 34)  # of Amazon Linux 2023


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300, **more)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("prefix")
    install(prefix)
    return prefix


def build(folder, prefix):
    run("cmake", "-S", folder, "-B", folder / "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", folder / "build")
    return folder / "build"


def glibc_of(program):
    versions = re.findall(r"GLIBC_(\d+)\.(\d+)", subprocess.run(["objdump", "-T", program], capture_output=True, text=True).stdout)
    return max(((int(a), int(b)) for a, b in versions), default=(0, 0))


def test_a_new_function_builds_passes_its_test_and_runs(installed, tmp_path, kiln):
    out = run(installed / "bin" / "kiln", "new", "my-greeter", cwd=tmp_path)
    assert "kiln create my-greeter my-greeter/build/my-greeter.zip" in out
    made = build(tmp_path / "my-greeter", installed)
    run("ctest", "--test-dir", made, "--output-on-failure")
    package = made / "my-greeter.zip"
    assert package.stat().st_size < 3 * 1024 * 1024
    kiln.cli("create", "my-greeter", str(package))
    assert kiln.invoke("my-greeter", {"name": "Ada"})["Body"] == {"hello": "Ada"}
    # The same sources make the same package: its CodeSha256 says whether there is something to deploy.
    before = package.read_bytes()
    (made / "my-greeter.zip").unlink()
    run("cmake", "--build", made)
    assert package.read_bytes() == before
    again = subprocess.run([str(installed / "bin" / "kiln"), "new", "my-greeter"], cwd=tmp_path, capture_output=True, text=True)
    assert again.returncode == 1 and "not empty" in again.stderr


def test_the_installed_program_serves(installed):
    engine = Kiln(binary=installed / "bin" / "kiln")
    try:
        engine.create("f", {"index.py": "def handler(event, context):\n    return event\n"})
        assert engine.invoke("f", {"a": 1})["Body"] == {"a": 1}
    finally:
        engine.stop()


def test_a_function_that_opens_libraries_brings_them(installed, tmp_path, kiln):
    """libpq and all that it needs; the program runs with them, whatever libc the platform has."""
    (tmp_path / "main.cc").write_text("""
#include <dlfcn.h>
#include <kiln/run.h>
int main() {
  return kiln::run([](std::string_view, const kiln::Context&) -> std::string {
    void* libpq = dlopen("libpq.so.5", RTLD_NOW);
    if (!libpq) return std::string("\\"") + dlerror() + "\\"";
    const auto version = reinterpret_cast<int (*)()>(dlsym(libpq, "PQlibVersion"));
    Dl_info where{};
    dladdr(reinterpret_cast<void*>(version), &where);
    return "[" + std::to_string(version()) + ",\\"" + where.dli_fname + "\\"]";
  });
}
""")
    (tmp_path / "CMakeLists.txt").write_text("""
cmake_minimum_required(VERSION 3.25)
project(opener LANGUAGES CXX)
set(CMAKE_CXX_STANDARD 20)
find_package(kiln REQUIRED)
add_executable(opener main.cc)
kiln_lambda(opener LIBRARIES libpq.so.5)
""")
    package = (build(tmp_path, installed) / "opener.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(package)) as content:
        names = content.namelist()
    assert "bootstrap" in names and "lib/libpq.so.5" in names
    kiln.create("opener", code={"ZipFile": package}, runtime="provided.al2023", handler="bootstrap")
    wait_for(lambda: kiln.client("lambda").get_function(FunctionName="opener")["Configuration"]["State"] == "Active")
    version, place = kiln.invoke("opener")["Body"]
    assert version >= 150000 and place.startswith("/var/task/lib/")


# The targets of an install tree: a header of each, and what a program does that links that target alone.
TARGETS = {
    "sdk": ("kiln/memo.h", "kiln::Memo<int, int> memo(8); return memo.get(1, [] { return 2; }).value == 2 ? 0 : 1;"),
    "idempotency": ("kiln/idempotency.h", 'kiln::idempotency::SqliteStore store(argv[1]); return kiln::idempotent(store, "k", std::chrono::hours(1), [] { return std::string("x"); }) == "x" ? 0 : 1;'),
    "tasks": ("kiln/tasks.h", "kiln::http::Client http; const auto done = kiln::tasks::run_all({kiln::tasks::call([] { return 3; })}, http); return *done.values[0] == 3 ? 0 : 1;"),
    "heap_sampler": ("kiln/memory_profiler.h", "kiln::MemoryProfiler profiler; profiler.start(); auto* held = new std::string(64 << 20, 'x'); const auto top = profiler.report().top_memory_consumers; "
                     "const bool found = !top.empty() && held->size() > 0; delete held; return found ? 0 : 1;"),
    "postgres": ("kiln/postgres.h", "kiln::postgres::Database database({.host = \"127.0.0.1\"}); return static_cast<int>(database.open_connections());"),
    "redis": ("kiln/redis.h", "kiln::redis::Client redis; return static_cast<int>(redis.open_connections());"),
    "http": ("kiln/http.h", 'kiln::http::Client http; try { http.send({.url = "http://127.0.0.1:1/"}); } catch (const kiln::http::Error&) { return 0; } return 1;'),
    "s3": ("kiln/s3.h", "kiln::s3::Client client; return 0;"),
    "dynamodb": ("kiln/dynamodb.h", "kiln::dynamodb::Client client; return 0;"),
    "lambda_client": ("kiln/lambda_client.h", "kiln::lambda::Client client; return 0;"),
    "cloudwatch": ("kiln/cloudwatch.h", "kiln::cloudwatch::Client client; return 0;"),
    "sns": ("kiln/sns.h", "kiln::sns::Client client; return 0;"),
}


def test_each_target_links_by_itself(installed, tmp_path):
    lines = ["cmake_minimum_required(VERSION 3.25)", "project(targets LANGUAGES CXX)", "set(CMAKE_CXX_STANDARD 20)", "find_package(kiln REQUIRED)"]
    for name, (header, body) in TARGETS.items():
        (tmp_path / f"{name}.cc").write_text(f"#include <{header}>\n\n#include <string>\n\nint main(int, char** argv) {{\n  (void)argv;\n  {body}\n}}\n")
        lines += [f"add_executable({name} {name}.cc)", f"target_link_libraries({name} PRIVATE kiln::{name}{' kiln::sdk' if name == 'heap_sampler' else ''})"]
    (tmp_path / "CMakeLists.txt").write_text("\n".join(lines) + "\n")
    made = build(tmp_path, installed)
    for name in TARGETS:
        run(made / name, tmp_path / "done.db")
    # What costs at the start is not loaded there: neither libcurl nor OpenSSL nor libpq.
    for name in TARGETS:
        libraries = re.findall(r"NEEDED\s+(\S+)", run("objdump", "-p", made / name))
        assert {library.split(".so")[0] for library in libraries} <= {"libc", "libm", "libstdc++", "libgcc_s", "libhiredis", "libsqlite3", "ld-linux-x86-64"}, (name, libraries)


def test_a_function_that_asks_for_a_newer_libc_brings_it(installed, tmp_path, kiln):
    (tmp_path / "main.cc").write_text("""
#include <kiln/run.h>

#include <cmath>
#include <fstream>
#include <random>
#include <sstream>
int main() {
  return kiln::run([](std::string_view event, const kiln::Context&) -> std::string {
    const double power = std::exp(static_cast<double>(event.size()));  // opens libm
    std::stringstream maps;
    maps << std::ifstream("/proc/self/maps").rdbuf();
    const std::string text = maps.str();
    const bool own = text.find("/var/task/lib/libc.so.6") != text.npos && text.find("/var/task/lib/libm.so.6") != text.npos;
    return std::random_device{}() && own && power > 1 ? "true" : "false";
  });
}
""")
    (tmp_path / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.25)\nproject(p LANGUAGES CXX)\nset(CMAKE_CXX_STANDARD 20)\n"
                                             "find_package(kiln REQUIRED)\nadd_executable(newer main.cc)\nkiln_lambda(newer)\n")
    made = build(tmp_path, installed)
    assert glibc_of(made / "newer") > NEWEST_GLIBC
    package = (made / "newer.zip").read_bytes()
    assert len(package) <= 3 * 1024 * 1024
    kiln.create("newer", code={"ZipFile": package}, runtime="provided.al2023", handler="bootstrap")
    assert kiln.invoke("newer")["Body"] is True


def test_a_missing_library_is_named(installed, tmp_path):
    (tmp_path / "main.cc").write_text("int main() {}\n")
    (tmp_path / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.25)\nproject(p LANGUAGES CXX)\nfind_package(kiln REQUIRED)\n"
                                             "add_executable(p main.cc)\nkiln_lambda(p LIBRARIES libnope.so.7)\n")
    run("cmake", "-S", tmp_path, "-B", tmp_path / "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={installed}")
    done = subprocess.run(["cmake", "--build", str(tmp_path / "build")], capture_output=True, text=True)
    text = " ".join((done.stdout + done.stderr).split())  # CMake breaks long lines
    assert done.returncode != 0 and "there is no library libnope.so.7" in text


def test_a_static_program_that_resolves_names_is_refused(installed, tmp_path):
    """It would crash in getaddrinfo. What is linked may be said after kiln_lambda()."""
    (tmp_path / "main.cc").write_text("int main() {}\n")
    (tmp_path / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.25)\nproject(p LANGUAGES CXX)\nfind_package(kiln REQUIRED)\n"
                                             "add_executable(p main.cc)\nkiln_lambda(p STATIC)\ntarget_link_libraries(p PRIVATE kiln::s3)\n")
    done = subprocess.run(["cmake", "-S", tmp_path, "-B", tmp_path / "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={installed}"],
                          capture_output=True, text=True)
    text = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0 and "kiln_lambda(p STATIC): it links kiln::http, which resolves host names" in text


FUNCTIONS = ["echo", "optimized_cold_start", "memory_optimized", "cpu_optimized", "concurrency_controller", "optimized_imports", "critical_handler",
             "standard_handler", "batch_handler"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_functions_here_run_on_amazon_linux_2023(name, tmp_path):
    """Either nothing in the package asks for a newer libc, or it brings its own with the loader, and starts with them."""
    with zipfile.ZipFile(BUILD / "functions" / f"{name}.zip") as package:
        package.extractall(tmp_path)
    bootstrap = tmp_path / "bootstrap"
    if bootstrap.read_bytes().startswith(b"\x7fELF"):
        assert all(glibc_of(file) <= NEWEST_GLIBC for file in tmp_path.rglob("*") if file.is_file())
        libraries = re.findall(r"NEEDED\s+(\S+)", run("objdump", "-p", bootstrap))
        assert {library.split(".so")[0] for library in libraries} <= {"libc", "ld-linux-x86-64"}
        return
    loader = re.search(r"/lib/(ld-linux\S+?)\"", bootstrap.read_text())[1]
    (tmp_path / "lib" / loader).chmod(0o755)
    listed = run(tmp_path / "lib" / loader, "--library-path", tmp_path / "lib", "--list", tmp_path / "bin" / "function")
    places = dict(re.findall(r"(\S+) => (\S+)", listed))
    assert places and all(place.startswith(str(tmp_path / "lib")) for place in places.values()), listed


@pytest.mark.parametrize("name", FUNCTIONS)
def test_packages_are_small(name):
    """3 MiB, but for those with libpq and all that it needs."""
    with_libpq = name in ("optimized_cold_start", "cpu_optimized", "critical_handler", "standard_handler", "batch_handler")
    assert (BUILD / "functions" / f"{name}.zip").stat().st_size <= (8 if with_libpq else 3) * 1024 * 1024
