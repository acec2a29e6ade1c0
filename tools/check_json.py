"""Checks that documents of the JSON library are read and written through base: python3 tools/check_json.py [ROOT]

The library's dump(), get<>(), value(), get_to(), get_ref<>(), at("name") and parse(text) throw at content, which may come
from anybody. base/json_access.h has what never throws, base/document_reader.h reads stored records. Held to this is what
stands in src/; not base, which holds the library, the SDK, whose callers expect exceptions and which links nothing of
base, and tests. Prints each wrong line and exits 1 if there is one.
"""
import pathlib
import re
import sys

FREE = ("base", "sdk")
# The text of a function that `kiln new` writes.
WRITES_FUNCTIONS = {"src/cli/new_command.cc"}
# kiln::Json has nothing that throws.
NAMES_LIBRARY = re.compile(r"\bnlohmann\b|\b[Oo]rdered_?[Jj]son\b")
BARE = [
    (re.compile(r"(?:\.|->)\s*dump\("), "dump()"),
    (re.compile(r"(?:\.|->)\s*get<[^()]*>\(\s*\)"), "get<>()"),
    (re.compile(r"(?:\.|->)\s*get_ref<"), "get_ref<>()"),
    (re.compile(r"(?:\.|->)\s*get_to\("), "get_to()"),
    # Two arguments: values of Result, optional and iterators have none.
    (re.compile(r"(?:\.|->)\s*value\((?:[^()\"]|\"[^\"]*\"|\([^()]*\))*,"), "value()"),
    (re.compile(r"\b(?:nlohmann::)?(?:ordered_)?json::parse\("), "parse()"),
    (re.compile(r"\bOrderedJson::parse\("), "parse()"),
    (re.compile(r"(?:\.|->)\s*at\(\s*\""), "at()"),
]


def wrong_lines(text):
    # Comments may name them; their lines stay, for the numbers.
    code = re.sub(r"//[^\n]*", "", text)
    found = set()
    for pattern, name in BARE:
        for match in pattern.finditer(code):
            found.add((code.count("\n", 0, match.start()) + 1, name))
    return sorted(found)


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    wrong = 0
    for path in sorted([*(root / "src").rglob("*.h"), *(root / "src").rglob("*.cc")]):
        name = path.relative_to(root).as_posix()
        folder = path.relative_to(root / "src").parts[0]
        if folder in FREE or name in WRITES_FUNCTIONS or path.stem.endswith("_test"):
            continue
        text = path.read_text(encoding="utf-8")
        if not NAMES_LIBRARY.search(text):
            continue
        for number, what in wrong_lines(text):
            print(f"   {name}:{number}: {what} of the JSON library may throw; base/json_access.h has what doesn't")
            wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
