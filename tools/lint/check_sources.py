#!/usr/bin/env python3
"""Checks what the compiler cannot: who includes whom, and words that we do without (docs/architecture.md).

usage: check_sources.py [ROOT]    prints FILE:LINE: what is wrong; exit code 1 when anything is
"""
import re
import sys
from pathlib import Path

# app -> actors -> {net, modules, queue} -> core
MAY_INCLUDE = {
    "core": {"core"},
    "net": {"net", "core"},
    "modules": {"modules", "core"},
    "queue": {"queue", "core"},
    "actors": {"actors", "net", "modules", "queue", "core"},
    "app": {"app", "actors", "net", "modules", "queue", "core"},
}
# Libraries that take long to compile or must not spread: where their headers may stand.
LIBRARIES = [
    (r"boost/beast", r"(src/net|bench/load)/[^/]+\.cpp", "only in src/net/*.cpp"),
    (r"boost/process", r"src/actors/child_process\.cpp", "only in src/actors/child_process.cpp"),
    (r"CLI/", r"(src|tests)/app/.*|bench/load/main\.cpp", "only in src/app"),
]
ONE_FILE = ["valijson/"]  # in one .cpp, whichever it is
FORBIDDEN = [  # pattern, folders, why
    (r"\basio::detached\b", "src tests bench", "it swallows exceptions: spawn in a TaskGroup"),
    (r"\bcatch\s*\(\s*\.\.\.\s*\)", "src", "it swallows cancellations and lost invariants: catch what you mean"),
    (r"\bsleep_for\s*\(", "src", "it blocks the loop: wait on a timer"),
    (r"\busing namespace std\s*;", "src tests bench", "names of ours and of std must stay apart"),
    (r"\b(TODO|FIXME)\b", "src tests bench tools config", "do it, or write it into docs/"),
]
LONG_FILE = 400  # lines; docs and style say about 250
INCLUDE = re.compile(r'\s*#\s*include\s*(["<])([^">]+)[">]')
SOURCES = {".cpp", ".hpp"}
TEXTS = SOURCES | {".sh", ".py", ".toml", ".js", ".txt"}


class Check:
    def __init__(self, root):
        self.root = root
        self.errors = []
        self.warnings = []
        self.only_users = {library: set() for library in ONE_FILE}

    def error(self, name, line, text):
        self.errors.append(f"{name}:{line}: error: {text}")

    def run(self):
        for folder in ("src", "tests", "bench", "tools", "config"):
            for path in sorted((self.root / folder).rglob("*")):
                if path.is_file() and path.suffix in TEXTS and path.name != Path(__file__).name:
                    self.check_file(path)
        for library, users in self.only_users.items():
            for name, line in sorted(users)[1:] if len({n for n, _ in users}) > 1 else []:
                self.error(name, line, f"<{library}…> is in more than one .cpp; give it one home")
        return not self.errors

    def check_file(self, path):
        name = path.relative_to(self.root).as_posix()
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        self.check_words(name, lines)
        if path.suffix not in SOURCES:
            return
        includes = [(n, m[1], m[2]) for n, line in enumerate(lines, 1) if (m := INCLUDE.match(line))]
        if path.suffix == ".hpp" and "#pragma once" not in lines:
            self.error(name, 1, "a header needs #pragma once")
        for number, kind, header in includes:
            self.check_library(name, number, header)
            if name.startswith("src/") and kind == '"':
                self.check_direction(name, number, header)
        if name.startswith("src/"):
            self.check_own_header_first(path, name, includes)
            if len(lines) > LONG_FILE:
                self.warnings.append(f"{name}:{LONG_FILE}: warning: {len(lines)} lines: look for the second thing in it")

    def check_words(self, name, lines):
        for number, line in enumerate(lines, 1):
            for pattern, folders, why in FORBIDDEN:
                if name.split("/")[0] in folders.split() and (found := re.search(pattern, line)):
                    self.error(name, number, f"{found[0]}: {why}")

    def check_library(self, name, number, header):
        for library, home, where in LIBRARIES:
            if header.startswith(library) and not re.fullmatch(home, name):
                self.error(name, number, f"<{header}>: {library} {where}")
        for library in ONE_FILE:
            if header.startswith(library):
                if not name.endswith(".cpp"):
                    self.error(name, number, f"<{header}>: in a .cpp only")
                self.only_users[library].add((name, number))

    def check_direction(self, name, number, header):
        room, other = name.split("/")[1], header.split("/")[0]
        if not (self.root / "src" / header).is_file():
            self.error(name, number, f'"{header}": not in src/; paths of includes start there')
        elif other not in MAY_INCLUDE.get(room, set()):
            self.error(name, number, f'"{header}": {room} may not include {other}')

    def check_own_header_first(self, path, name, includes):
        own = path.with_suffix(".hpp")
        if path.suffix != ".cpp" or not own.is_file():
            return
        wanted = own.relative_to(self.root / "src").as_posix()
        if not includes or includes[0][2] != wanted:
            self.error(name, includes[0][0] if includes else 1, f'"{wanted}" comes first, so that it stands on its own')


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    check = Check(root)
    good = check.run()
    for line in check.warnings + check.errors:
        print(line)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
