"""Sums up JUnit files of ctest and pytest: test_summary.py FOLDER [FAILED_STEP …]

Prints every skipped and failed test by name and ends with the line "N passed, N failed". A test that ctest could not
run (a program that was not built) counts as failed, and so does each FAILED_STEP. Exits 0 only if something passed and
nothing failed.
"""
import pathlib
import sys
import xml.etree.ElementTree as ElementTree

# ctest marks a test that GTEST_SKIP ended, or that is disabled, with one of these; anything else "notrun" is broken.
SKIP_REASONS = ("SKIP_", "Disabled")


def outcome_of(case):
    """passed, failed or skipped, and why."""
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed", ""
    skipped = case.find("skipped")
    if skipped is not None:
        reason = skipped.get("message") or ""
        from_ctest = case.get("status") is not None
        if from_ctest and not any(mark in reason for mark in SKIP_REASONS):
            return "failed", reason or "could not be run"
        return "skipped", why_skipped(case) or reason
    if case.get("status") == "disabled":
        return "skipped", "disabled"
    if case.get("status") in (None, "run"):
        return "passed", ""
    return "failed", case.get("status")


def why_skipped(case):
    """What GTEST_SKIP() printed: the line after "FILE:LINE: Skipped"."""
    lines = case.findtext("system-out", "").splitlines()
    return next((lines[i + 1] for i, line in enumerate(lines[:-1]) if line.endswith(": Skipped")), "")


def name_of(path, case):
    names = dict.fromkeys(name for name in (case.get("classname"), case.get("name")) if name)  # ctest: both are equal
    return f"{path.stem}: {'::'.join(names)}"


def main():
    found = {"passed": [], "failed": [], "skipped": []}
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.xml")):
        try:
            root = ElementTree.parse(path).getroot()
        except ElementTree.ParseError as error:
            found["failed"].append(f"{path.name} can't be read: {error}")
            continue
        for case in root.iter("testcase"):
            outcome, reason = outcome_of(case)
            found[outcome].append(name_of(path, case) + (f" ({reason})" if reason else ""))
    found["failed"] += [f"step: {step}" for step in sys.argv[2:]]
    if found["skipped"]:
        print(f"skipped ({len(found['skipped'])}):")
        print("".join(f"  {name}\n" for name in found["skipped"]), end="")
    if found["failed"]:
        print(f"failed ({len(found['failed'])}):")
        print("".join(f"  {name}\n" for name in found["failed"]), end="")
    if not found["passed"] and not found["failed"]:
        print("no test ran")
    print(f"{len(found['passed'])} passed, {len(found['failed'])} failed")
    return 0 if found["passed"] and not found["failed"] else 1


if __name__ == "__main__":
    sys.exit(main())
