#!/usr/bin/python3
"""Builds, and says how far it is: tools/build.py PRESET [TARGET …]

    built 120 of 300, about 4 minutes left

On a terminal that line changes in place; elsewhere there is one for each tenth of the work. What compilers say follows
whole. How long the rest takes is reckoned from what was done so far, by weight: a file to compile, and even more a batch
of files, is much more work than a link. Where files don't compile together (KILN_BATCH; tools/check_names.py says why),
each is compiled alone. The exit code is the build's. Standard library only.
"""
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
STEP = re.compile(r"^\[(\d+)/(\d+)\] (.*)$")
OF_A_COMPILATION, OF_A_FILE, OF_OTHERS = 3.0, 2.0, 0.5
LEAST_SHARE = 0.03  # of the work, before anything is said of the rest


def weight(step, folder):
    """How much work a step is, by ninja's description of it."""
    compiled = re.match(r"Building CXX object (\S+)\.o$", step)
    if not compiled:
        return OF_OTHERS
    files = 1
    if "/Unity/unity_" in step:
        batch = folder / compiled[1]
        if batch.exists():
            files = batch.read_text(encoding="utf-8").count("\n#include ")
    return OF_A_COMPILATION + OF_A_FILE * files


def left_text(seconds):
    """ "about 4 minutes left" """
    if seconds >= 90:
        return f"about {round(seconds / 60)} minutes left"
    return f"about {max(10, round(seconds / 10) * 10)} s left"


class Progress:
    """Takes ninja's lines; gives what to show."""

    def __init__(self, work, clock=time.monotonic):
        self.work, self.clock = work, clock
        self.begun = clock()
        self.done = 0.0
        self.tenths = 0

    def text(self, built, steps):
        share = self.done / self.work if self.work else 0
        text = f"built {built} of {steps}"
        if built < steps and LEAST_SHARE <= share < 1:
            text += ", " + left_text((self.clock() - self.begun) * (1 - share) / share)
        return text

    def next_tenth(self):
        """Whether another tenth of the work is done."""
        tenths = int(10 * self.done / self.work) if self.work else 0
        if tenths <= self.tenths:
            return False
        self.tenths = tenths
        return True


def configure(preset, *options):
    """Whether it worked; cmake's words if not."""
    done = subprocess.run(["cmake", "--preset", preset, *options], cwd=ROOT, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        sys.stderr.write(done.stdout)
    return done.returncode == 0


def planned_work(folder, targets, environment):
    """The weight of all steps. A dry run ends after the step that would make build.ninja anew, if there is one, and the
    look for new files always is one; by another name, the manifest has no such step."""
    plan = folder / "plan.ninja"
    plan.unlink(missing_ok=True)
    plan.symlink_to("build.ninja")
    ninja = ["ninja", "-C", str(folder), "-f", plan.name, "-n", *targets]
    steps = subprocess.run(ninja, env=environment, stdout=subprocess.PIPE, text=True, check=False).stdout
    plan.unlink(missing_ok=True)
    return sum(weight(found[3], folder) for line in steps.splitlines() if (found := STEP.match(line)))


def compile_all(folder, targets):
    """The build's exit code, and whether a batch did not compile."""
    environment = {**os.environ, "NINJA_STATUS": "[%f/%t] "}
    ninja = ["ninja", "-C", str(folder), *targets]
    progress = Progress(planned_work(folder, targets, environment))
    terminal = sys.stdout.isatty()
    shown = batch_failed = False
    with subprocess.Popen([*ninja, "-j", str(os.cpu_count())], env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace") as build:
        for line in build.stdout:
            found = STEP.match(line)
            if found:
                progress.done += weight(found[3], folder)
                tenth = progress.next_tenth()
                text = progress.text(int(found[1]), int(found[2]))
                if terminal:
                    print(f"\r\033[K{text}", end="", flush=True)
                    shown = True
                elif tenth or found[1] == found[2]:
                    print(text, flush=True)
            elif not line.startswith("ninja: Entering directory"):
                batch_failed |= line.startswith("FAILED: ") and "/Unity/unity_" in line
                print(("\n" if shown else "") + line, end="", flush=True)
                shown = False
        if shown:
            print()
    return build.returncode, batch_failed


def run(preset, targets):
    folder = ROOT / "build" / preset
    if not configure(preset):
        return 1
    code, batch_failed = compile_all(folder, targets)
    if code != 0 and batch_failed:
        print("these files don't compile together: each is compiled alone now", flush=True)
        code = compile_all(folder, targets)[0] if configure(preset, "-DKILN_BATCH=1") else 1
    return code


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    sys.exit(run(sys.argv[1], sys.argv[2:]))
