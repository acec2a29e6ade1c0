"""Names in unnamed namespaces are one for a folder: its files are compiled together (KILN_BATCH in CONTRIBUTING.md).

Prints each name that several files of a folder have, sources and tests apart, and each that hides a function of the folder's
headers from the other files, and ends with 1 if there is one. It reads what stands at the start of a line, as clang-format
writes it. The SDK's libraries are compiled file by file.
"""
import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
UNNAMED = re.compile(r"^namespace \{\n(.*?)^\}  // namespace$", re.S | re.M)
TYPE = re.compile(r"(?:class|struct|enum class|enum|union)\s+(?:alignas\(\w+\)\s+)?(\w+)\s*(?:final)?\s*[:{](?!:)")
ALIAS = re.compile(r"using\s+(\w+)\s*=\s*(.*)")
# A function or a variable: the last word before the first of these.
THING = re.compile(r"[A-Za-z_][^=;({]*?(?<!:)\b(\w+)\s*(?:\[[^\]]*\]\s*)*[(={;](?!:)")


def declared(body):
    """The names: with the meaning of an alias, since two of the same meaning don't clash, and with a function's parameters."""
    for line in body.split("\n"):
        if not line or line[0] in " }/#":
            continue
        line = re.sub(r"^template <.*?> ", "", line)
        line = re.sub(r"^\[\[[^\]]*\]\] ", "", line)
        if line.startswith(("template <", "namespace ", "extern ")):
            continue
        if line.startswith("using "):
            alias = ALIAS.match(line)
            if alias:
                yield alias[1], alias[2]
            continue
        found = TYPE.match(line) or THING.match(line)
        if found:
            overloaded = line[found.end() - 1] == "("
            yield found[1], line[found.end() - 1 :].split(")")[0] if overloaded else None


def functions_of(headers):
    """The functions that these headers declare outside of classes: the name, and in which."""
    found = {}
    for path in headers:
        for name, meaning in declared(path.read_text(encoding="utf-8")):
            if meaning is not None and meaning.startswith("("):
                found[name] = path.name
    return found


def main():
    clashes = 0
    sources = [path for part in ("src", "functions", "tests/accuracy") for path in (ROOT / part).rglob("*.cc")]
    for folder in sorted({path.parent for path in sources}):
        for tests in (False, True):
            if not tests and "sdk" in folder.relative_to(ROOT).parts:
                continue
            shared = functions_of(sorted(folder.glob("*.h")))
            names = collections.defaultdict(lambda: collections.defaultdict(set))
            for path in sorted(folder.glob("*.cc")):
                if path.name.endswith("_test.cc") != tests:
                    continue
                for body in UNNAMED.findall(path.read_text(encoding="utf-8")):
                    for name, meaning in declared(body):
                        names[name][meaning].add(path.name)
            for name, meanings in sorted(names.items()):
                files = sorted({file for where in meanings.values() for file in where})
                if name in shared:
                    print(f"   {folder.relative_to(ROOT)}: {name} in {', '.join(files)} hides that of {shared[name]}")
                    clashes += 1
                functions = all(meaning and meaning.startswith("(") for meaning in meanings)
                aliases = len(meanings) == 1 and None not in meanings and not functions
                overloads = functions and all(len(where) == 1 for where in meanings.values())
                if len(files) > 1 and not aliases and not overloads:
                    print(f"   {folder.relative_to(ROOT)}: {name} is in {', '.join(files)}")
                    clashes += 1
    return 1 if clashes else 0


if __name__ == "__main__":
    sys.exit(main())
