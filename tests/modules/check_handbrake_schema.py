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

# What else the help says of an option's values: a pattern in its text, and what the schema has there. Parts of what was
# found stand between "/", "|", ":" or ", ".
SAID = {
    "start-at": (r"offset in (\w+, \w+), or (\w+)", lambda one: one["properties"]),
    "stop-at": (r"duration in (\w+, \w+), or (\w+)", lambda one: one["properties"]),
    "rate": (r"between (\d+) and (\d+)", lambda one: range_of(one)),
    "enable-hw-decoding": (r"Use '(\w+)'", lambda one: words_of(one["pattern"])),
    "audio": (r'"(none)" for no audio', lambda one: words_of(one["pattern"])),
    "audio-copy-mask": (r"\(([\w/]+)\)", lambda one: both_spellings(one["items"]["enum"])),
    "normalize-mix": (r"(\d) = Disable.* (\d) = Enable", lambda one: range_of(one["items"])),
    "arate": (r'\(([\d./]+) kHz\) or "(auto)"', lambda one: one["items"]["enum"]),
    "drc": (r"Range is (\S+) to (\S+)", lambda one: range_of(one["items"])),
    "crop-mode": (r"> ([\w|]+) ", lambda one: one["enum"]),
    "crop": (r"<([\w:]+)>", lambda one: one["properties"]),
    "rotate": (r"can be one of: (\d+, [\d, ]+) ", lambda one: one["properties"]["angle"]["enum"]),
    "subtitle": (r'"(none)" for no subtitles.* name "(scan)"', lambda one: words_of(one["items"]["pattern"])),
    "subtitle-burned": (r'"(\w+)", or "(\w+)"\]', lambda one: words_of(one["pattern"])),
    "subtitle-default": (r'or "(\w+)"\]', lambda one: words_of(one["pattern"])),
}

# Options that take an argument though the line with their name does not show it.
WITH_ARGUMENT = {"min-duration", "normalize-mix", "arate"}

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


def range_of(schema):
    return schema.get("minimum"), schema.get("maximum")


def words_of(pattern):
    """The words that a pattern of the schema takes."""
    return re.findall(r"[a-z]+", pattern)


def both_spellings(words):
    """The codecs of a list that has each as "dts" and as "copy:dts"."""
    codecs = {word.removeprefix("copy:") for word in words}
    return {word if {word, f"copy:{word}"} <= set(words) else f"{word} in one spelling" for word in codecs}


def number_or_word(text):
    try:
        return float(text)
    except ValueError:
        return text


def settings_in_help(lines, heading):
    """{setting: what stands behind its equals sign}; they go on over several lines."""
    found = re.search(heading + r"\n((?:[a-z].*=.*\n?)*)", "\n".join(lines))
    return dict(re.findall(r"([a-z][a-z0-9-]*)=([^:\s]+)", found[1])) if found else {}


def check_filter(key, schema, lines, complain):
    properties = dict(schema.get("properties", {}))
    presets = choices_in_help(lines, "Presets:")
    for name in ("preset", "presets"):
        if presets != properties.pop(name, {}).get("enum", []):
            complain(f"{key}/{name}: the presets are {presets}")
    if presets and schema.get("pattern") != f"^({'|'.join(presets)})$":
        complain(f"{key}: the presets as a text are {presets}, the schema's pattern {schema.get('pattern')}")
    if properties.pop("custom", {}).get("properties") != properties:
        complain(f"{key}/custom: has other settings than {key} itself")
    known = {name.replace("_", "-"): one for name, one in properties.items()}
    settings = settings_in_help(lines, "Custom Format:")
    if set(known) != set(settings):
        complain(f"{key}: settings that differ: {sorted(set(known) ^ set(settings))}")
    defaults = {name: number_or_word(text) for name, text in settings_in_help(lines, "Default:").items()}
    for name, one in known.items():
        if name in defaults and defaults[name] != one.get("default"):
            complain(f"{key}/{name}: the default is {defaults[name]}, in the schema {one.get('default')}")


def check_kind(name, schema, head, complain):
    """Whether the option is a flag, takes an integer, or a number."""
    takes_argument = name in WITH_ARGUMENT or "<" in head or "[=" in head
    if takes_argument == (schema.get("type") == "boolean"):
        complain(f"--{name}: {'takes an argument' if takes_argument else 'is a flag'}")
    for written, kind in (("<number>", "integer"), ("<float>", "number")):
        if written in head and kind not in schema.get("items", schema)["type"]:
            complain(f"--{name}: takes {written}")


def check_said(name, schema, text, complain):
    """What the help says in words: values, ranges, the default."""
    if name in SAID:
        pattern, value_of = SAID[name]
        found = re.search(pattern, text)
        parts = found.groups() if found else ()
        said = {number_or_word(word) for part in parts for word in re.split(r"[/|:]|, *", part)}
        ours = set(value_of(schema))
        if said != ours:
            complain(f"--{name}: the help says {sorted(map(str, said))}, the schema {sorted(map(str, ours))}")
    default = re.search(r"[dD]efault: (\w+)(?:[):]| unless)", text)
    if default and schema.get("default") != number_or_word(default[1]):
        complain(f"--{name}: the default is {default[1]}, in the schema {schema.get('default')}")


def check_descriptions(where, schema, complain):
    if not schema.get("description"):
        complain(f"{where}: no description")
    for name, one in schema.get("properties", {}).items():
        check_descriptions(f"{where}/{name}", one, complain)
    if "items" in schema:
        check_descriptions(f"{where}/items", schema["items"], complain)


def check_fallback(audio, complain):
    """The help has no list for it: it is every encoder that encodes."""
    encoders = {word for word in audio["aencoder"]["items"]["enum"] if not word.startswith("copy")}
    if set(audio["audio_fallback"]["enum"]) != encoders:
        complain(f"audio_options/audio_fallback: expected {sorted(encoders)}")


def check_section(section, options, schema, complain):
    if f"{section}_options" not in schema["properties"]:
        complain(f"{section}_options is missing")
        return
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
        check_kind(name, known[key], lines[0], complain)
        check_said(name, known[key], " ".join(lines), complain)
        if name in LISTED:
            choices = choices_in_help(lines, LISTED[name])
            ours = known[key].get("items", known[key]).get("enum", [])
            if set(choices) - set(ours) or set(ours) - set(choices) - set(OTHER_BUILDS):
                complain(f"{section}_options/{key}: the program has {choices}, the schema {ours}")
        if "object" in known[key].get("type", "") and section == "filters":
            alias = re.search(r"Legacy alias for '--([\w-]+)'", lines[0])
            check_filter(key, known[key], options[alias[1]] if alias else lines, complain)
    if {"aencoder", "audio_fallback"} <= set(known):
        check_fallback(known, complain)
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
