#!/usr/bin/env bash
# Sets up the Python workers: the environment with locked versions, its bytecode, the real SDXL
# configurations (for single-file checkpoints, offline) and the tiny test models. Idempotent.
#
#   workers/setup.sh [--no-dev] [--no-tiny-models] [--tiny-models DIR]
#
# PYTHON names the interpreter to build the environment with (default: python3, 3.11 or newer).
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
python="${PYTHON:-python3}"
venv="$here/.venv"
tiny="$here/.tiny-models"
with_dev=1
with_tiny=1
while [ $# -gt 0 ]; do
  case "$1" in
    --no-dev) with_dev=0 ;;
    --no-tiny-models) with_tiny=0 ;;
    --tiny-models) [ $# -ge 2 ] || { echo "setup: --tiny-models needs a folder" >&2; exit 2; }; tiny="$2"; shift ;;
    *) echo "setup: unknown argument: $1" >&2; exit 2 ;;
  esac
  shift
done

say() { echo "setup: $*"; }

locks=("$here/requirements-setup.lock" "$here/requirements-cuda.lock" "$here/requirements-clip.lock")
[ "$with_dev" = 0 ] || locks+=("$here/requirements-dev.lock")
stamp_wanted="$({ "$python" -VV; cat "${locks[@]}" "$here/concord_workers/models/sdxl_config.py"; } | sha256sum | cut -d' ' -f1)"
stamp_file="$venv/.setup-stamp"

if [ -f "$stamp_file" ] && [ "$(cat "$stamp_file")" = "$stamp_wanted" ]; then
  say "environment is up to date"
else
  if [ ! -x "$venv/bin/python" ]; then
    say "creating $(basename "$venv") with $("$python" -V)"
    "$python" -m venv "$venv"
  fi
  rm -f "$stamp_file"
  say "installing uv (pinned by hash)"
  "$venv/bin/python" -m pip install --quiet --require-hashes --no-deps -r "$here/requirements-setup.lock"
  for lock in "${locks[@]:1}"; do
    say "installing $(basename "$lock") ($(grep -c '==' "$lock") packages, hashes checked, bytecode compiled)"
    "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --no-deps --require-hashes --compile-bytecode -r "$lock"
  done
  say "writing the SDXL configurations for single-file checkpoints"
  "$venv/bin/python" "$here/concord_workers/models/sdxl_config.py" "$venv/share/sdxl-config"
  echo "$stamp_wanted" > "$stamp_file"
fi

say "compiling the workers' bytecode"
"$venv/bin/python" -m compileall -q -x '/\.(venv|tiny-models)/' "$here"

if [ "$with_tiny" = 1 ]; then
  say "tiny models in $tiny"
  "$venv/bin/python" "$here/tiny_models.py" "$tiny"
fi
say "done; interpreter: $venv/bin/python"
