"""The code blocks of Markdown files, and a shell script that runs those that are commands, in their order.

A fence names its language. `bash` blocks are run; other languages are shown only. A comment before a fence changes that:

    <!-- test: background TEXT -->    leave it running until the end; go on once it has printed TEXT
    <!-- test: fails -->              it is meant to fail
    <!-- test: by PATH -->            not run here: the test in PATH runs it
    <!-- test: not WHY -->            not run: what it needs isn't in a test's reach
"""

import dataclasses
import re

FENCE = re.compile(r"^(`{3,}|~{3,})\s*(\S*)\s*$")
DIRECTIVE = re.compile(r"^<!--\s*test:\s*(\w+)\s*(.*?)\s*-->$")
SHOWN = {"text", "cpp", "cmake", "python", "javascript", "json", "yaml", "toml", "dockerfile", "ini"}


@dataclasses.dataclass
class Block:
    line: int
    language: str
    text: str
    directive: str = ""
    argument: str = ""

    @property
    def commands(self):
        """How many commands it has: lines that begin one."""
        count, here = 0, None
        for line in self.text.splitlines():
            if here is not None:
                here = None if line.strip() == here else here
                continue
            if line.strip() and not line.startswith((" ", "\t", "#")):
                count += 1
            if found := re.search(r"<<-?\s*'?(\w+)'?", line):
                here = found[1]
        return count


def blocks(path):
    out, fence, block, directive = [], None, None, ("", "")
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if fence:
            if line.strip() == fence:
                out.append(block)
                fence = None
            else:
                block.text += line + "\n"
            continue
        if found := DIRECTIVE.match(line.strip()):
            directive = (found[1], found[2])
        elif found := FENCE.match(line.strip()):
            fence = found[1]
            block = Block(number, found[2], "", *directive)
            directive = ("", "")
        elif line.strip():
            directive = ("", "")
    assert fence is None, f"{path}: the fence of line {block.line} has no end"
    return out


def script(path):
    """A bash script of the document's commands, the number of commands in it, and what is left out: (line, why)."""
    # A job is a shell, which waits for its command.
    lines = ["set -euo pipefail", "jobs_of_document=()",
             "trap 'for job in \"${jobs_of_document[@]}\"; do told=$(ps -o pid= --ppid \"$job\") || true; kill ${told:-$job} 2>/dev/null || true; done; wait || true' EXIT"]
    commands, left_out = 0, []
    for block in blocks(path):
        where = f"{path.name}:{block.line}"
        assert block.language, f"{where}: a fence without a language"
        assert block.language == "bash" or block.language in SHOWN, f"{where}: the language {block.language}"
        if block.language != "bash":
            continue
        if block.directive in ("by", "not"):
            assert block.argument, f"{where}: test: {block.directive} needs a reason"
            left_out.append((block.line, block.argument))
            continue
        commands += block.commands
        lines.append(f"echo '== {where}' >&2")
        if block.directive == "background":
            log = f'"$HOME/background-{block.line}"'
            lines += [f"{{ {block.text.rstrip()}", f"}} >{log} 2>&1 &", "jobs_of_document+=($!)",
                      f"for _ in $(seq 600); do grep -qF -- '{block.argument}' {log} && break; kill -0 $! || {{ cat {log} >&2; exit 1; }}; sleep 0.05; done"]
        elif block.directive == "fails":
            lines += ["if (", "set -e", block.text.rstrip(), f"); then echo '{where} is meant to fail' >&2; exit 1; fi"]
        else:
            assert not block.directive, f"{where}: unknown directive {block.directive}"
            lines.append(block.text.rstrip())
    return "\n".join(lines) + "\n", commands, left_out
