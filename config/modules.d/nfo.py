#!/usr/bin/env python3
"""The module `nfo` (nfo.json): a task's data comes as JSON on standard input, progress goes out as JSON lines.

Needs ffprobe. Whatever Python raises ends up on standard error, and so in the job's message.
"""
import json
import subprocess
import sys
from xml.etree import ElementTree


def say(**members):
    print(json.dumps(members), flush=True)


def probe(path):
    told = subprocess.run(["ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", f"file:{path}"],
                          check=True, stdout=subprocess.PIPE)
    return json.loads(told.stdout)


def add(parent, name, text=None):
    """An element with a text, or one for others to go into."""
    element = ElementTree.SubElement(parent, name)
    element.text = None if text is None else str(text)
    return element


def add_stream(details, stream, seconds):
    kind = stream["codec_type"]
    if kind not in ("video", "audio", "subtitle"):
        return
    element = add(details, kind)
    add(element, "codec", stream.get("codec_name", "unknown"))
    if kind == "video":
        add(element, "width", stream["width"])
        add(element, "height", stream["height"])
        add(element, "durationinseconds", round(seconds))
    if kind == "audio":
        add(element, "channels", stream["channels"])
    if language := stream.get("tags", {}).get("language"):
        add(element, "language", language)


def main():
    data = json.load(sys.stdin)
    say(phase="probing", percent=0)
    media = probe(data["source"])
    seconds = float(media["format"].get("duration", 0))

    movie = ElementTree.Element("movie")
    for name in ("title", "year", "plot"):
        if name in data:
            add(movie, name, data[name])
    details = add(add(movie, "fileinfo"), "streamdetails")
    for stream in media["streams"]:
        add_stream(details, stream, seconds)

    say(phase="writing", percent=90)
    tree = ElementTree.ElementTree(movie)
    ElementTree.indent(tree)
    tree.write(data["output_file"], encoding="utf-8", xml_declaration=True)
    say(percent=100)
    say(result={"seconds": seconds, "streams": len(details)})


if __name__ == "__main__":
    main()
