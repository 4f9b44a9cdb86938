#!/bin/bash
# noted_end NOTES: a module that writes down when SIGTERM reached it, and ends. Its first line says that it is ready.
trap 'echo "$EPOCHREALTIME" >"$1"; exit 143' TERM
echo '{"frame": 1}'
sleep infinity &
wait
