"""Checks that every test that docs/SPECIFICATION.md names exists: python3 tools/check_specification.py [ROOT]

A test is named as `path/x_test.cc::Suite.Test` or `path/test_x.py::test_name`. Exits 1 and names each that is not there.
Prints how many promises are marked unproven.
"""
import pathlib
import re
import sys

NAMED = re.compile(r"`([\w/.-]+\.(?:cc|py))::([\w.]+)`")


def exists(path, name):
    if not path.is_file():
        return False
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return re.search(rf"^\s*(async )?def {re.escape(name)}\b", text, re.M) is not None
    suite, _, test = name.partition(".")
    return re.search(rf"\bTEST(_F|_P)?\(\s*{re.escape(suite)},\s*{re.escape(test)}\s*\)", text) is not None


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    specification = root / "docs" / "SPECIFICATION.md"
    wrong = 0
    lines = specification.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        for path, name in NAMED.findall(line):
            if not exists(root / path, name):
                print(f"{specification.relative_to(root)}:{number}: there is no test {path}::{name}")
                wrong += 1
    unproven = sum("**unproven**" in line for line in lines if line.startswith("|"))
    print(f"   {unproven} promises are marked unproven")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
