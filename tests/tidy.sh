#!/usr/bin/env bash
# clang-tidy over the files without coroutines: it does not get through asio's with g++'s headers. Slow (minutes), so
# `tests/lint.sh --tidy` asks for it. Arguments: files; without any, all of src/core, src/queue and src/modules.
set -euo pipefail
cd "$(dirname "$0")/.."

build=${BUILD_DIR:-build/tidy}
[ -f "$build/compile_commands.json" ] || cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug >/dev/null
cmake --build "$build" --target schemas_embedded >/dev/null 2>&1 || true  # a header that is made

# g++'s precompiled header and its own warnings mean nothing to clang.
mkdir -p "$build/tidy"
python3 - "$build" <<'PY'
import json, re, sys
build = sys.argv[1]
entries = json.load(open(f"{build}/compile_commands.json"))
for entry in entries:
    command = re.sub(r"-include \S*cmake_pch\.hxx|-Winvalid-pch|-Wno-mismatched-new-delete|-Werror", "", entry["command"])
    entry["command"] = command + " -Wno-unknown-warning-option -D__cpp_impl_coroutine=201902L -DASIO_HAS_CO_AWAIT -DASIO_HAS_STD_COROUTINE"
json.dump(entries, open(f"{build}/tidy/compile_commands.json", "w"))
PY

if [ $# -eq 0 ]; then
  mapfile -t files < <(grep -LE 'co_await|co_return' src/core/*.cpp src/queue/*.cpp src/modules/*.cpp)
else
  files=("$@")
fi
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy --quiet -p "$build/tidy" 2> >(grep -v 'warnings generated\.$' >&2)
