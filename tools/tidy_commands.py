"""Makes a compile_commands.json that clang-tidy can use: tidy_commands.py BUILD_FOLDER OUT_FOLDER

The build's own one names ccache, GCC's precompiled headers and GCC-only options. Each precompiled header is replaced by
a copy of its source, beside which no compiled form lies. A batch of files becomes a command for each of them. Headers of
GCC's own, as backtrace.h, are found where clang has none.
"""
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

GCC_ONLY = {"-fpch-preprocess", "-Winvalid-pch"}


def apart(command):
    """The commands of the files of a batch; of any other file, its own."""
    batch = command["file"]
    if "/Unity/unity_" not in batch:
        return [command]
    files = re.findall(r'^#include "(.+)"$', pathlib.Path(batch).read_text(encoding="utf-8"), re.M)
    return [{**command, "file": file, "command": command["command"].replace(batch, file)} for file in files]


def headers_of(compiler):
    """The folder of a GCC's own headers."""
    asked = subprocess.run([compiler, "-print-file-name=include"], stdout=subprocess.PIPE, text=True, check=True)
    return asked.stdout.strip()


def main():
    build, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    built = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    commands = [one for command in built for one in apart(command)]
    copies, headers = {}, {}
    for command in commands:
        words = shlex.split(command.pop("command"))
        while words and not words[0].endswith(("g++", "c++", "clang++", "gcc", "cc", "clang")):
            words.pop(0)
        for i, word in enumerate(words):
            if word.endswith("cmake_pch.hxx") and i > 0 and words[i - 1] == "-include":
                if word not in copies:
                    copies[word] = str(out / f"pch{len(copies)}.hxx")
                    shutil.copyfile(word, copies[word])
                words[i] = copies[word]
        if words[0] not in headers:
            headers[words[0]] = headers_of(words[0])
        command["arguments"] = [*(word for word in words if word not in GCC_ONLY), "-idirafter", headers[words[0]]]
    (out / "compile_commands.json").write_text(json.dumps(commands), encoding="utf-8")


if __name__ == "__main__":
    main()
