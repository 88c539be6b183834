#!/usr/bin/env bash
# The conformance suite against each worker of tests/faulty: every one must be found broken.
#
#   conformance/faulty.sh [NAME ...]      # as w01 or d003; all, without a name
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# The whole workspace: one choice of features, so that what the tests built is used again.
cargo bins --quiet
bin="$(realpath "${CARGO_TARGET_DIR:-target}/debug")"
export GOOD_WORKER="$bin/worker-sim"

# Prints one line, and what it says begins with the verdict.
judge() {
  local worker="conformance/tests/faulty/$1.py" fault scratch code=0
  fault=$(head -1 "$worker" | tr -d '"')
  scratch=$(mktemp -d)
  mkdir "$scratch/models"
  # Sourced here: a function that is exported takes no arrays with it.
  . conformance/pretend.sh
  local target=(worker --skip worker-process) command=(python3 "$worker" --model-root "$scratch/models")
  if grep -q '^from gateway' "$worker"; then
    target=(gateway --start-timeout 60 --skip gateway-process --skip gateway-log)
    command=(python3 "$worker" '{address}' "$2/gateway" serve --listen '{inner}' --workers sim --model-root "$scratch/models"
      --output-dir "$scratch/outputs")
  fi
  "$2/conformance" "${target[@]}" --skip readings.generated --skip bounds --timeout 20 --format json --output "$scratch/report.json" \
    "${pretend[@]}" \
    --scratch-models "$scratch/models" --base-file "$pretend_base" \
    -- "${command[@]}" 2>"$scratch/stderr" || code=$?
  case $code in
    10) echo "caught    $1 $fault" ;;
    0) echo "survived  $1 $fault" ;;
    *) echo "exit $code   $1 $(tail -1 "$scratch/stderr")" ;;
  esac
  [ "$code" -ne 10 ] || python3 -c '
import json, sys
broken = [check["id"] for check in json.load(open(sys.argv[1]))["checks"] if check["outcome"] == "failed"]
print("          " + ", ".join(broken[:4]) + (f" and {len(broken) - 4} more" if len(broken) > 4 else ""))
' "$scratch/report.json"
  rm -rf "$scratch"
}
export -f judge

names=("$@")
[ $# -gt 0 ] || for file in conformance/tests/faulty/[dw][0-9]*.py; do names+=("$(basename "$file" .py)"); done
# Each keeps less than a core busy.
said=$(mktemp)
trap 'rm -f "$said"' EXIT
printf '%s\n' "${names[@]}" | xargs -P 2 -I{} bash -c "judge {} $bin" | tee "$said"
caught=$(grep -c '^caught' "$said" || true)
echo "$caught of ${#names[@]} are caught"
[ "$caught" -eq "${#names[@]}" ] || exit 10
