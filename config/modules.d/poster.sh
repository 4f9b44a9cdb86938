#!/bin/sh
# The module `poster` (poster.json): a task's data comes as JSON on standard input, progress goes out as JSON lines.
# Needs ffmpeg and jq.
set -eu

# @sh quotes for the shell, so that a path may hold anything.
fields=$(jq -r '@sh "source=\(.source) output=\(.output_file) at=\(.at_percent // 20) width=\(.width // 0)"')
eval "$fields"

echo '{"phase": "measuring", "percent": 0}'
duration=$(ffprobe -v error -show_entries format=duration -of csv=p=0 "file:$source")
second=$(jq -n --arg duration "$duration" --argjson at "$at" '($duration | tonumber? // 0) * $at / 100')

# The most typical of some frames rather than the one that happens to be there: it may be black.
filter=thumbnail=50
[ "$width" -eq 0 ] || filter="$filter,scale=$width:-2"
echo '{"phase": "looking for a frame", "percent": 10}'
ffmpeg -nostdin -v error -y -ss "$second" -i "file:$source" -map 0:V:0 -vf "$filter" -frames:v 1 -update 1 \
  "file:$output"
echo '{"percent": 100}'
printf '{"result": {"second": %s}}\n' "$second"
