#!/usr/bin/python3
"""Checks how the engine's threads share data: tools/check_threads.py [ROOT]

Data that threads share is marked with the mutex that guards it (src/base/mutex.h). This refuses the standard library's own
mutexes, which say nothing, and has clang read every file that uses marked data: an access without its mutex is an error,
and so are files that clang can't read. The SDK's sources, which functions are linked with, are left out. Needs clang++, no build. Prints what is wrong
and exits 1 if there is something. Standard library only.
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

HEADER = "base/mutex.h"
BARE = re.compile(r"\bstd::(mutex|recursive_mutex|lock_guard|scoped_lock|condition_variable)\b")
INCLUDE = re.compile(r'^#include "([^"]+)"', re.M)
CLANG = ["clang++", "-std=c++20", "-fsyntax-only", "-Wno-everything", "-Wthread-safety", "-Werror",
         "-Iinclude", "-Isrc", "-I.", "-DBOOST_ASIO_SEPARATE_COMPILATION", "-DBOOST_BEAST_SEPARATE_COMPILATION",
         "-DSPDLOG_FMT_EXTERNAL", "-DSPDLOG_COMPILED_LIB", "-DKILN_VERSION=\"\"", "-DJSON_USE_IMPLICIT_CONVERSIONS=0"]


def sources(root):
    """The engine's files and their texts, by the path that others include them with."""
    found = {}
    for path in sorted((root / "src").rglob("*")):
        name = path.relative_to(root / "src").as_posix()
        if path.suffix in (".h", ".cc") and not name.startswith("sdk/") and not name.endswith("_test.cc"):
            found[name] = path.read_text(encoding="utf-8")
    return found


def bare_mutexes(texts):
    """A line for each use of the standard library's mutexes."""
    for name, text in texts.items():
        if name == HEADER:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if match := BARE.search(line):
                yield f"src/{name}:{number}: {match[0]}: use {HEADER}, and mark what it guards"


def users(texts):
    """The sources to read: those that see marked data, in themselves or in what they include, however deep."""
    seen = {name for name, text in texts.items() if "KILN_GUARDED_BY(" in text and name != HEADER}
    includes = {name: set(INCLUDE.findall(text)) for name, text in texts.items()}
    while more := {name for name in includes if name not in seen and not seen.isdisjoint(includes[name])}:
        seen |= more
    yield from (name for name in texts if name.endswith(".cc") and name in seen)


def analyse(root, name):
    """Clang's words about a file; empty: nothing is wrong."""
    done = subprocess.run([*CLANG, f"src/{name}"], cwd=root, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
    texts = sources(root)
    found = list(bare_mutexes(texts))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found += [words for words in pool.map(lambda name: analyse(root, name), users(texts)) if words]
    for words in found:
        print(words.rstrip())
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
