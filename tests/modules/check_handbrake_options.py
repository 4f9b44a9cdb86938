"""Compares how `sisyphus plan` writes the options of handbrake with how the installed HandBrakeCLI takes them.

Run as: check_handbrake_options.py SISYPHUS SCHEMA. Prints every difference and exits 1 when there is one.

The program's help does not tell all: an option whose argument is optional silently ignores one that stands apart, and
some --no- forms are known and not listed. So the program itself is asked; without an input it only reads its arguments.
"""

import json
import re
import subprocess
import sys

NONSENSE = "--no-such-option"

# Flags that the program would take an argument for, which its help does not tell.
TOLERANT = {"markers", "keep-display-aspect"}

# What the program can negate and a task does not, and why.
NOT_NEGATED = {"inline-parameter-sets": "the original never writes it, and it is off unless asked for"}

WORDS = ("1", "1-3", "3:2", "none", "native", "nvdec", "permissive", "medium", "bob")


def unknown_option(*arguments):
    """The first option that HandBrakeCLI does not know; None when it knows all."""
    said = subprocess.run(["HandBrakeCLI", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=30, check=False).stdout.decode(errors="replace")
    found = re.search(r"^unknown option \((.*)\)$", said, re.MULTILINE)
    return found[1] if found else None


def sample(schema):
    """A value of an option that is more than on or off; None when it is no more."""
    if "enum" in schema:
        return schema["enum"][0]
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if "array" in kinds:
        return [sample(schema["items"])]
    if "object" in kinds:
        return {name: sample(one) for name, one in [*schema.get("properties", {"a": {"type": "integer"}}).items()][:1]}
    if "integer" in kinds or "number" in kinds:
        return max(1, schema.get("minimum", 1))
    if "string" in kinds:
        return next(word for word in WORDS if re.search(schema.get("pattern", ""), word))
    return None


def written(sisyphus, cases):
    """For each (section, key, value) the arguments that it becomes."""
    tasks = [{"module": "handbrake", "data": {"source": "a.mkv", "output_file": f"{i}.mkv", section: {key: value}}}
             for i, (section, key, value) in enumerate(cases)]
    done = subprocess.run([sisyphus, "plan", "--json", "-"], input=json.dumps({"job_title": "a", "tasks": tasks}),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", check=False)
    planned = json.loads(done.stdout)["tasks"]
    errors = [task["error"] for task in planned if "error" in task]
    if errors:
        sys.exit("\n".join(errors))
    return [task["argv"][5:] for task in planned]


class Spellings:
    """The options' names without dashes, by how they are written."""

    def __init__(self, sisyphus, schema):
        self.flags, self.optional, self.required = set(), set(), set()
        self.negated, self.not_negated = set(), set()
        options = [(section, key, one) for section, part in schema["properties"].items()
                   for key, one in part.get("properties", {}).items()]
        names = self._sort_values(sisyphus, options)
        self._sort_negations(sisyphus, options, names)

    def _sort_values(self, sisyphus, options):
        """The name of each key."""
        cases = [(section, key, True if sample(one) is None else sample(one)) for section, key, one in options]
        names = {}
        for (_, key, _), arguments in zip(cases, written(sisyphus, cases)):
            names[key], has_value, _ = arguments[0].removeprefix("--").partition("=")
            kind = self.optional if has_value else self.flags if len(arguments) == 1 else self.required
            kind.add(names[key])
        return names

    def _sort_negations(self, sisyphus, options, names):
        cases = [(section, key, False) for section, key, one in options if "boolean" in one.get("type", "")]
        for (_, key, _), arguments in zip(cases, written(sisyphus, cases)):
            if arguments == [f"--no-{names[key]}"]:
                self.negated.add(names[key])
            elif not arguments:
                self.not_negated.add(names[key])


def check(spellings, complain):
    def must_know(arguments, why):
        if unknown := unknown_option(*arguments):
            complain(f"{unknown} is unknown to the program, {why}")

    must_know([f"--{name}" for name in spellings.flags], "and written for true")
    must_know([f"--no-{name}" for name in spellings.negated], "and written for false")
    must_know([f"--{name}=1" for name in spellings.optional], "and written with an equals sign")
    for name in spellings.required:
        if unknown_option(f"--{name}", NONSENSE):
            complain(f"--{name} does not take the argument that stands behind it")
    for name in spellings.optional:
        if unknown_option(f"--{name}", NONSENSE) != NONSENSE:
            complain(f"--{name} takes the argument that stands behind it")
    for name in spellings.flags - TOLERANT:
        if not unknown_option(f"--{name}=1"):
            complain(f"--{name} takes an argument")
    for name in spellings.not_negated - set(NOT_NEGATED):
        if not unknown_option(f"--no-{name}"):
            complain(f"--no-{name} is known to the program, and left out")


def main():
    with open(sys.argv[2], encoding="utf-8") as file:
        spellings = Spellings(sys.argv[1], json.load(file))
    differences = []
    check(spellings, differences.append)
    for difference in differences:
        print(difference)
    print(f"{len(spellings.flags)} flags, {len(spellings.required)} options with an argument, "
          f"{len(spellings.optional)} with an optional one, {len(spellings.negated)} with a negation, "
          f"{len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
