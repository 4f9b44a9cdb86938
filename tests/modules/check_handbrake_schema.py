"""Compares config/schemas/handbrake.schema.json with the help of the installed HandBrakeCLI.

Run as: check_handbrake_schema.py SCHEMA. Prints every difference and exits 1 when there is one.
"""

import json
import re
import subprocess
import sys

SECTIONS = ("source", "destination", "video", "audio", "picture", "filters", "subtitles")

# Options of those sections that a task cannot have, and why.
OUTSIDE = {
    "input": "the task's source",
    "output": "the task's output_file",
    "scan": "lists the source and encodes nothing",
    "encoder-preset-list": "prints a list and encodes nothing",
    "encoder-tune-list": "prints a list and encodes nothing",
    "encoder-profile-list": "prints a list and encodes nothing",
    "encoder-level-list": "prints a list and encodes nothing",
}
# The section "general" is not for tasks, says the original: --json is added by the module; --preset-import-file,
# --preset-import-gui and --queue-import-file read files that only one machine has; the others print and end.

# Keys of the schema that are no option of their own, and why.
ALIASES = {"first_subtitles": "how the original's schema spells first_subtitle"}

# Choices that the help of another build of the same version lists, and why a task may name them.
OTHER_BUILDS = {
    "nvenc_h264": "builds with NVENC; the module asks the program first",
    "nvenc_h265": "builds with NVENC; the module asks the program first",
    "nvenc_h265_10bit": "builds with NVENC; the module asks the program first",
    "fdk_aac": "builds with FDK AAC; the module asks the program first",
    "fdk_haac": "builds with FDK AAC; the module asks the program first",
}

# Options whose choices stand in the help one to a line, under a text that ends so.
LISTED = {
    "format": "Select container format:",
    "encoder": "Select video encoder:",
    "aencoder": "Select audio encoder(s):",
    "mixdown": "Format(s) for audio downmixing/upmixing:",
    "adither": "Select dithering to apply before encoding audio:",
    "color-matrix": "Overrides color signalling with no conversion.",
    "nlmeans-tune": "Tunes:",
    "chroma-smooth-tune": "Tunes:",
    "unsharp-tune": "Tunes:",
    "lapsharp-tune": "Tunes:",
    "deblock-tune": "Tunes:",
}

OPTION = re.compile(r"^ {1,7}(?:-\w[.,] )?(--[a-z].*)$", re.IGNORECASE)
NAME = re.compile(r"--([A-Za-z][A-Za-z0-9-]*)")


def key_of(name):
    """maxHeight -> max_height, start-at -> start_at."""
    return re.sub("([A-Z])", r"-\1", name).lower().replace("-", "_")


def read_help():
    """{section: {option: the lines about it}}"""
    text = subprocess.run(["HandBrakeCLI", "--help"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=True).stdout.decode()
    sections, section, option = {}, None, None
    for line in text.splitlines():
        if title := re.match(r"^(\w+) Options -----", line):
            section, option = title[1].lower(), None
            sections[section] = {}
        elif section and (start := OPTION.match(line)):
            # Several names may share a text: "--vfr, --cfr, --pfr". What follows two blanks is the text.
            for name in NAME.findall(start[1].partition("  ")[0]):
                option = name
                sections[section][name] = [start[1]]
        elif section and option:
            sections[section][option].append(line.strip())
    return sections


def choices_in_help(lines, heading):
    """The words alone on their lines right after the heading."""
    start = next((i for i, line in enumerate(lines) if line.endswith(heading)), None)
    words = []
    for line in lines[start + 1:] if start is not None else []:
        word = re.match(r"^([\w:-]+)(?: \([a-z0-9 ]+\))?$", line)
        if not word:
            break
        words.append(word[1])
    return words


def custom_keys(lines):
    """The settings under "Custom Format:", which go on over several lines."""
    text = "\n".join(lines)
    found = re.search(r"Custom Format:\n(.*?)(?:\nDefault:|\Z)", text, re.DOTALL)
    return set(re.findall(r"([a-z][a-z0-9-]*)=", found[1])) if found else None


def check_filter(key, schema, lines, complain):
    presets = choices_in_help(lines, "Presets:")
    properties = schema.get("properties", {})
    if presets != properties.get("preset", {}).get("enum", []):
        complain(f"{key}: the presets are {presets}")
    settings = custom_keys(lines)
    if settings is None:
        return
    for where, known in (("", properties), ("/custom", properties.get("custom", {}).get("properties", {}))):
        known = {name.replace("_", "-") for name in known} - {"preset", "presets", "custom"}
        if known != settings:
            complain(f"{key}{where}: settings that differ: {sorted(known ^ settings)}")


def check_descriptions(where, schema, complain):
    if not schema.get("description"):
        complain(f"{where}: no description")
    for name, one in schema.get("properties", {}).items():
        check_descriptions(f"{where}/{name}", one, complain)
    if "items" in schema:
        check_descriptions(f"{where}/items", schema["items"], complain)


def check_section(section, options, schema, complain):
    known = schema["properties"][f"{section}_options"]["properties"]
    wanted = set()
    for name, lines in options.items():
        positive = name.removeprefix("no-")
        if name in OUTSIDE or (positive != name and positive in options):
            continue
        key = key_of(name)
        wanted.add(key)
        if key not in known:
            complain(f"{section}_options: --{name} is missing")
            continue
        if name in LISTED:
            choices = choices_in_help(lines, LISTED[name])
            ours = known[key].get("items", known[key]).get("enum", [])
            if set(choices) - set(ours) or set(ours) - set(choices) - set(OTHER_BUILDS):
                complain(f"{section}_options/{key}: the program has {choices}, the schema {ours}")
        if "object" in known[key].get("type", "") and section == "filters":
            alias = re.search(r"Legacy alias for '--([\w-]+)'", lines[0])
            check_filter(key, known[key], options[alias[1]] if alias else lines, complain)
    for key in known:
        if key not in wanted and key not in ALIASES:
            complain(f"{section}_options/{key}: unknown to the program")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    differences = []
    sections = read_help()
    for section in SECTIONS:
        if not sections.get(section):
            differences.append(f"the help has no options in a section {section}")
        else:
            check_section(section, sections[section], schema, differences.append)
    for name in OUTSIDE:
        if not any(name in sections.get(section, {}) for section in SECTIONS):
            differences.append(f"--{name} is kept outside, but there is none")
    check_descriptions("", schema, differences.append)
    for difference in differences:
        print(difference)
    count = sum(len(sections.get(section, {})) for section in SECTIONS)
    print(f"{count} options of HandBrakeCLI, {len(differences)} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
