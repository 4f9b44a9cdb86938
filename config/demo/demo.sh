#!/usr/bin/env bash
# demo.sh BINARY: makes a clip, encodes it through a real server and a real worker, and says where it is.
set -euo pipefail
[[ $# -eq 1 ]] || { echo "usage: $0 BINARY" >&2; exit 2; }
sisyphus=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
folder=$(realpath -m "${SISYPHUS_DEMO_DIR:-build/demo-files}")
rm -rf "$folder"
mkdir -p "$folder/library"
cd "$folder"
unset SISYPHUS_CONFIG HOST_UUID

say() { printf '\n==> %s\n' "$*"; }
pids=()
stop() {
  local pid
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" || true; done
}
trap stop EXIT

say "a clip of 20 s with two audio tracks and a subtitle"
printf '1\n00:00:01,000 --> 00:00:04,000\nOne must imagine Sisyphus happy.\n\n' >subtitle.srt
ffmpeg -nostdin -hide_banner -loglevel error -y \
  -f lavfi -i testsrc2=size=640x360:rate=25:duration=20 -f lavfi -i sine=frequency=440:duration=20 \
  -f lavfi -i sine=frequency=660:duration=20 -i subtitle.srt \
  -map 0:v -map 1:a -map 2:a -map 3:s -c:v mpeg4 -q:v 3 -c:a flac -c:s srt \
  -metadata:s:a:0 language=eng -metadata:s:a:1 language=jpn clip.mkv
ls -lh clip.mkv

say "a server and a worker"
: >server.log  # the background process may open it later than it is read
"$sisyphus" server --listen 127.0.0.1:0 --data-dir queue 2>server.log &
pids+=($!)
for _ in $(seq 100); do
  address=$(sed -n 's/.*server_listening address=\([^ ]*\).*/\1/p' server.log)
  [[ -n $address ]] && break
  kill -0 "${pids[0]}" 2>/dev/null || { cat server.log; exit 1; }
  sleep 0.1
done
[[ -n $address ]] || { echo "the server does not listen:"; cat server.log; exit 1; }
export API_URL="http://$address"
"$sisyphus" worker --slots 1 --state-dir worker 2>worker.log &
pids+=($!)
echo "$API_URL   (logs: $folder/server.log, worker.log)"

say "option sets, kept on the server for every job to use"
"$sisyphus" data put ffmpeg x265-dark-and-stormy "$here/x265-dark-and-stormy.json"
"$sisyphus" data put ffmpeg opus-128k-stereo "$here/opus-128k-stereo.json"

say "a job: encode with ffmpeg, then move the result into the library"
sed "s|@FOLDER@|$folder|g" "$here/job.json" >job.json
"$sisyphus" submit --watch job.json

say "done: $folder/library/clip.mkv"
ffprobe -v error -show_entries format=duration,size:stream=index,codec_type,codec_name:stream_tags=language \
  -of compact=nokey=0 "$folder/library/clip.mkv"
