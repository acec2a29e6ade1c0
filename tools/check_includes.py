"""Checks that includes under src/ go only downwards: python3 tools/check_includes.py [ROOT]

The floors are those of docs/architecture.md. A folder may include itself and what it can reach in ALLOWED. Only
`#include "folder/file.h"` counts; `kiln/…` is the SDK's public face and belongs to sdk, functions and tests.
Exits 1 and names each wrong line. Tests (x_test.cc) are held to the same rule, besides tests/support.
"""
import pathlib
import re
import sys

# folder → the folders directly below it. What these reach is allowed too.
ALLOWED = {
    "base": (),
    "traffic": ("base",),
    "net": ("base",),
    "model": ("base",),
    "cost": ("base",),
    "report": ("base",),
    "tune": ("cost",),
    "load": ("net",),
    "logs": ("base",),
    "telemetry": ("base",),
    "scaling": ("telemetry",),
    "simulate": ("model", "cost", "traffic", "scaling"),
    "advise": ("simulate",),
    "survey": ("advise", "logs"),
    "notify": ("net",),
    "store": ("model", "telemetry"),
    "sandbox": ("net",),
    "engine": ("store", "sandbox", "model", "cost", "logs", "telemetry", "scaling", "notify", "net"),
    "wire": ("net",),
    "template": ("base",),
    "stack": ("model", "template", "wire"),
    "lint": ("template", "telemetry", "logs"),
    "services": ("engine", "wire", "stack", "survey"),
    "sdk": ("base",),
    "cli": ("services", "lint", "report", "tune", "load", "survey"),
}
# Only these files of cli may know the engine; every other command is a client of the HTTP API.
ENGINE_SIDE_OF_CLI = {"serve.cc", "serve_command.cc", "main.cc"}
# They stand on the SDK's public headers; new_command.cc has such lines in the text of the function that it writes.
USERS_OF_SDK = {"sdk"}
WRITES_SDK_LINES = {"new_command.cc"}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"/]+)/[^"]*"')
SDK_INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]kiln/')


def reach(folder):
    reached = {folder}
    for below in ALLOWED[folder]:
        reached |= reach(below)
    return reached


def allowed_for(path, folder):
    if folder == "advise":  # says where it differs from the rules of the function concurrency_controller
        return reach(folder) | {"functions"}
    if folder == "cli" and path.name not in ENGINE_SIDE_OF_CLI:
        return {"cli"} | reach("wire") | reach("lint") | reach("report") | reach("tune") | reach("load") | reach("survey")
    if folder == "sandbox" and path.stem.endswith("_test"):  # both ends of the memory that functions share with it
        return reach(folder) | {"sdk"}
    return reach(folder)


def wrong_lines(path, folder):
    allowed = allowed_for(path, folder)
    test = path.stem.endswith("_test")
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if SDK_INCLUDE.match(line):
            if folder not in USERS_OF_SDK and not test and path.name not in WRITES_SDK_LINES:
                yield number, f"{folder} may not include the SDK's public headers"
            continue
        found = INCLUDE.match(line)
        if not found or found.group(1) in allowed or (test and found.group(1) == "tests"):
            continue
        yield number, f"{folder} may not include {found.group(1)} (allowed: {', '.join(sorted(allowed))})"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    wrong = 0
    for folder in sorted(path for path in (root / "src").iterdir() if path.is_dir()):
        if folder.name not in ALLOWED:
            print(f"{folder}: a folder that tools/check_includes.py does not know; give it a floor")
            wrong += 1
            continue
        for path in sorted([*folder.rglob("*.h"), *folder.rglob("*.cc")]):
            for number, text in wrong_lines(path, folder.name):
                print(f"{path.relative_to(root)}:{number}: {text}")
                wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
