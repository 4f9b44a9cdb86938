#!/usr/bin/env bash
# What `./dev lint` runs. Prints FILE:LINE and what is wrong there; exit code 1 when anything is.
#   tests/lint.sh          source rules (tools/lint/check_sources.py) and formatting
#   tests/lint.sh --tidy   clang-tidy too (minutes)
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0

python3 tools/lint/check_sources.py . || failed=1

# Reports FILE:LINE:COLUMN for each place; clang-format -i puts it right.
find src tests bench \( -name '*.cpp' -o -name '*.hpp' \) -print0 2>/dev/null |
  xargs -0 clang-format --dry-run -Werror 2>&1 | grep -E '^[^ ].*: error: ' && {
  echo "run ./dev format" >&2
  failed=1
}

if [ "${1:-}" = --tidy ]; then tests/tidy.sh || failed=1; fi
exit $failed
