"""`kiln profile` draws where a function's time goes."""

import json
import re
import subprocess
import xml.etree.ElementTree

import pytest

from harness import BINARY, ROOT, zip_of

PYTHON = """def busy(n):
    total = 0
    for i in range(n):
        total += i * i
    return total

def handler(event, context):
    return busy(300_000)
"""
NODE = """const busy = (n) => {
  let total = 0;
  for (let i = 0; i < n; ++i) total += Math.sqrt(i);
  return total;
};
export const handler = async () => busy(20_000_000);
"""
CPP = """#include <kiln/run.h>

#include <cmath>
#include <string>

[[gnu::noinline]] double busy(int n) {
  double total = 0;
  for (int i = 0; i < n; ++i) total += std::sqrt(static_cast<double>(i));
  return total;
}

int main() {
  return kiln::run([](std::string_view, const kiln::Context&) { return std::to_string(busy(20'000'000)); });
}
"""


def python_function(kiln, name, folder):
    kiln.create(name, {"index.py": PYTHON}, Timeout=30, MemorySize=1769)


def node_function(kiln, name, folder):
    kiln.create(name, {"index.mjs": NODE}, runtime="nodejs20.x", Timeout=30, MemorySize=1769)


def native_function(kiln, name, folder):
    (folder / "shop.cc").write_text(CPP)
    sdk = BINARY.parent / "src" / "sdk" / "core" / "libkiln_sdk.a"
    subprocess.run(["g++", "-std=c++20", "-g", "-O1", "-I", str(ROOT / "include"), "shop.cc", str(sdk), "-static", "-o", "bootstrap"], cwd=folder, check=True)
    kiln.create(name, runtime="provided.al2023", handler="bootstrap", Timeout=30, MemorySize=1769,
                code={"ZipFile": zip_of({"bootstrap": ((folder / "bootstrap").read_bytes(), 0o755)})})


@pytest.mark.parametrize("make, hottest", [(python_function, "busy (index.py:"), (node_function, "busy (index.mjs:1)"), (native_function, "busy(int)")],
                         ids=["python", "node", "native"])
def test_the_hottest_function_is_named(kiln, name, tmp_path, make, hottest):
    make(kiln, name, tmp_path)
    done = subprocess.run([str(BINARY), "profile", name, "-n", "5", "--payload", "{}", "-o", "flame.svg", "--json"], cwd=tmp_path,
                          env=kiln.environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["samples"] > 0 and answer["hottest"][0]["function"].startswith(hottest), answer
    picture = xml.etree.ElementTree.parse(tmp_path / "flame.svg").getroot()
    titles = [each.text for each in picture.iter("{http://www.w3.org/2000/svg}title")]
    assert titles[0].startswith("all (") and any(each.startswith(hottest) for each in titles)


def test_what_takes_no_time_says_so(kiln, name, tmp_path):
    kiln.create(name, {"bootstrap": ("#!/bin/sh\nexit 1\n", 0o755)}, runtime="provided.al2023", handler="bootstrap")
    done = subprocess.run([str(BINARY), "profile", name, "-n", "1", "--payload", "{}"], cwd=tmp_path, env=kiln.environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and re.search(r"has ended; .+ says why", done.stderr), done.stderr


def test_a_profile_without_samples_is_an_error(kiln, name, tmp_path):
    kiln.create_echo(name)
    done = subprocess.run([str(BINARY), "profile", name, "-n", "1", "--payload", "{}"], cwd=tmp_path, env=kiln.environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "no samples: the invocations took too little time" in done.stderr, done.stdout + done.stderr


def test_a_profile_that_fails_writes_nothing(kiln, name, tmp_path):
    kiln.create_echo(name)
    (tmp_path / "kept.svg").write_text("kept")
    for words in (["nothing"], [name, "-n", "1"], [name, "-n", "1", "-o", "kept.svg"], [name, "-o", "nowhere/x.svg"]):
        done = subprocess.run([str(BINARY), "profile", *words, "--payload", "{}"], cwd=tmp_path, env=kiln.environment(), capture_output=True, text=True, timeout=60)
        assert done.returncode in (1, 2) and done.stderr.startswith("kiln: "), done
    assert "can't write 'nowhere/x.svg': No such file or directory; choose another place with --output" in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["kept.svg"] and (tmp_path / "kept.svg").read_text() == "kept"
