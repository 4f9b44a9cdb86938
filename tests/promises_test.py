"""docs/reliability.md names tests for what it promises: every one of them is there."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def known_tests():
    names = set()
    for path in (ROOT / "tests").rglob("*.cpp"):
        for suite, name in re.findall(r"^TEST(?:_F|_P)?\((\w+),\s+(\w+)\)", path.read_text(encoding="utf-8"), re.M):
            names |= {suite, f"{suite}.{name}"}
    for path in (ROOT / "tests").rglob("test_*.py"):
        owner = None
        for class_name, method in re.findall(r"^(?:class (\w+)|    def (test_\w+))", path.read_text(encoding="utf-8"),
                                             re.M):
            owner = class_name or owner
            names.add(f"{path.stem}.{owner}.{method}" if method else f"{path.stem}.{owner}")
    return names


def main():
    text = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    table = text.partition("## Each promise and its tests")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    known = known_tests()
    wrong = []
    for row in rows:
        promise, tests = row.strip("|").rsplit("|", 1)
        named = re.findall(r"`([\w.]+)`", tests)
        if not named:
            wrong.append(f"no test is named for: {promise.strip()}")
        wrong += [f"there is no test {name}" for name in named if name not in known]
    if len(rows) < 30:
        wrong.append(f"only {len(rows)} rows were found: the table is not where it was")
    print("\n".join(wrong) or f"{len(rows)} promises, each with its tests")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
