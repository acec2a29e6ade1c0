"""What an author of functions has from an installed Kiln: find_package(kiln), kiln_lambda(), kiln new."""

import io
import re
import subprocess
import zipfile

import pytest

from harness import BINARY, Kiln, wait_for

BUILD = BINARY.parent
NEWEST_GLIBC = (2, 34)  # of Amazon Linux 2023


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300, **more)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    prefix = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", BUILD, "--prefix", prefix)
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


def test_a_missing_library_is_named(installed, tmp_path):
    (tmp_path / "main.cc").write_text("int main() {}\n")
    (tmp_path / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.25)\nproject(p LANGUAGES CXX)\nfind_package(kiln REQUIRED)\n"
                                             "add_executable(p main.cc)\nkiln_lambda(p LIBRARIES libnope.so.7)\n")
    run("cmake", "-S", tmp_path, "-B", tmp_path / "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={installed}")
    done = subprocess.run(["cmake", "--build", str(tmp_path / "build")], capture_output=True, text=True)
    text = " ".join((done.stdout + done.stderr).split())  # CMake breaks long lines
    assert done.returncode != 0 and "there is no library libnope.so.7" in text


@pytest.mark.parametrize("name", ["echo", "optimized_cold_start"])
def test_the_functions_here_run_on_amazon_linux_2023(name):
    assert glibc_of(BUILD / "functions" / name / "bootstrap") <= NEWEST_GLIBC
