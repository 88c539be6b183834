#!/usr/bin/env bash
# The conformance suite against workers without a fault that write, or are written to, in another way
# (tests/clean/rewrite.py), and against a gateway whose bodies are (rewrite_http.py): none may be found broken, and nothing
# undecided.
#
#   conformance/clean.sh [WAY ...]      # as replies:crlf; all, without one
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# The whole workspace: one choice of features, so that what the tests built is used again.
cargo bins --quiet
bin="$(realpath "${CARGO_TARGET_DIR:-target}/debug")"
export GOOD_WORKER="$bin/worker-sim"

# Prints one line, and the checks that are not passed or skipped.
judge() {
  local scratch code=0 skip=()
  # Of two spellings of one property the second is refused: which that is depends on the order of members. And a null that
  # is left out is refused no more.
  case $1 in commands:order | commands:shuffled | commands:no-nulls)
    skip=(--skip errors.envelopes --skip errors.submissions --skip errors.commands) ;;
  esac
  scratch=$(mktemp -d)
  mkdir "$scratch/models"
  # A proxy has a child, which `worker-process` counts.
  local target=(worker --skip worker-process "${skip[@]}")
  local command=(conformance/tests/clean/rewrite.py "$1" --model-root "$scratch/models")
  if [ "${1%%:*}" = bodies ]; then
    # The proxy reads heads without a limit of time, and sees no client leave.
    target=(gateway --start-timeout 60 --skip gateway-process --skip gateway-log --skip strangers.slowness --skip jobs.leaving)
    command=(conformance/tests/clean/rewrite_http.py "${1#*:}" '{address}' "$2/gateway" serve --listen '{inner}' --workers sim
      --sim-arg --step-ms --sim-arg 5 --sim-arg --load-ms --sim-arg 0 --model-root "$scratch/models" --output-dir "$scratch/outputs")
  fi
  # Sourced here: a function that is exported takes no arrays with it.
  . conformance/pretend.sh
  "$2/conformance" "${target[@]}" --timeout 30 --format json --output "$scratch/report.json" \
    "${pretend[@]}" \
    --scratch-models "$scratch/models" --base-file "$pretend_base" \
    -- python3 "${command[@]}" 2>"$scratch/stderr" || code=$?
  case $code in
    0) echo "passed    $1" ;;
    10 | 20) echo "alarm     $1" ;;
    *) echo "exit $code   $1 $(tail -1 "$scratch/stderr")" ;;
  esac
  [ "$code" -eq 0 ] || [ ! -s "$scratch/report.json" ] || python3 -c '
import json, sys
for check in json.load(open(sys.argv[1]))["checks"]:
    if check["outcome"] not in ("passed", "skipped"):
        print("         ", check["id"], check["outcome"], (check.get("why") or "")[:300])
' "$scratch/report.json"
  rm -rf "$scratch"
}
export -f judge

ways=("$@")
if [ $# -eq 0 ]; then
  for way in plain order shuffled crlf pieces blanks slow escapes all-escaped ascii solidus relaxed; do
    ways+=("replies:$way" "commands:$way")
  done
  ways+=(replies:numbers commands:no-nulls replies:shuffled,blanks,crlf,escapes,numbers,pieces)
  ways+=(bodies:shuffled,blanks,crlf,escapes,numbers bodies:order,ascii)
fi
# Each keeps about a core busy.
said=$(mktemp)
trap 'rm -f "$said"' EXIT
printf '%s\n' "${ways[@]}" | xargs -P 2 -I{} bash -c "judge {} $bin" | tee "$said"
passed=$(grep -c '^passed' "$said" || true)
echo "$passed of ${#ways[@]} pass"
[ "$passed" -eq "${#ways[@]}" ] || exit 10
