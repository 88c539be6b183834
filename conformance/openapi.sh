#!/usr/bin/env bash
# Users' tools against the OpenAPI document of a running gateway, and against the files under schemas/: linters,
# validators, and generators of clients. The generated Python clients and the C# client each make a picture.
#
#   conformance/openapi.sh [TOOL ...]
#
# Tools come from PyPI and npm into a folder that stays (CONCORD_TOOLS, else ~/.cache/concord-tools). A tool that cannot
# be had is said to be skipped, with the reason. Exit 1: a tool refuses; 77: no tool could run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
tools=${CONCORD_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/concord-tools}
mkdir -p "$tools"
scratch=$(mktemp -d)
gateway=
trap '[ -z "$gateway" ] || { kill "$gateway" 2>/dev/null; wait "$gateway" || true; }; rm -rf "$scratch"' EXIT
only=("$@")
passed=0 failed=() skipped=()

# ---- tools

python_tools() {
  # The last three are what openapi-generator's Python client imports, and no tool brings all of them.
  [ -x "$tools/py/bin/schemathesis" ] && "$tools/py/bin/python" -c "import dateutil, pydantic, urllib3" && return
  python3 -m venv "$tools/py" && "$tools/py/bin/pip" install --quiet openapi-python-client openapi-generator-cli \
    schemathesis jsonschema check-jsonschema openapi-spec-validator ruff python-dateutil pydantic urllib3
}

node_tools() {
  command -v npm >/dev/null || { echo "no npm on PATH"; return 1; }
  [ -x "$tools/js/node_modules/.bin/spectral" ] && [ -x "$tools/js/node_modules/.bin/nswag" ] && return
  mkdir -p "$tools/js" && cd "$tools/js" && npm init -y >/dev/null && npm install --silent --no-fund --no-audit \
    nswag openapi-typescript typescript@5 ajv ajv-formats @stoplight/spectral-cli @redocly/cli
}

dotnet_sdk() {
  command -v dotnet >/dev/null && return
  [ -x "$root/../shared/dotnet/setup.sh" ] || { echo "no dotnet on PATH"; return 1; }
  eval "$("$root/../shared/dotnet/setup.sh")"
}

# ---- one tool: its name, what it needs, and the function of the same name

wanted() { [ ${#only[@]} -eq 0 ] || [[ " ${only[*]} " == *" $1 "* ]]; }

try() { # name, need ...
  wanted "$1" || return 0
  local need
  for need in "${@:2}"; do
    if ! ("$need") >"$scratch/need" 2>&1; then
      skipped+=("$1")
      echo "skipped $1: $need: $(tail -1 "$scratch/need")"
      return 0
    fi
  done
  mkdir -p "$scratch/$1"
  # A function that stands in a condition does not stop at its first error: it runs in a shell of its own.
  set +e
  (set -e; cd "$scratch/$1"; "$1") >"$scratch/$1.log" 2>&1
  local code=$?
  set -e
  if [ $code -eq 0 ]; then
    passed=$((passed + 1))
    echo "ok      $1"
  else
    failed+=("$1")
    echo "FAILED  $1 (exit $code)"
    tail -${CONCORD_LINES:-25} "$scratch/$1.log"
  fi
}

# ---- the tools

spec_validator() { "$tools/py/bin/openapi-spec-validator" "$document"; }

spectral() {
  echo 'extends: ["spectral:oas"]' >.spectral.yaml
  "$tools/js/node_modules/.bin/spectral" lint --ruleset .spectral.yaml --fail-severity error "$document"
}

redocly() { "$tools/js/node_modules/.bin/redocly" lint --extends recommended "$document"; }

ajv() { NODE_PATH="$tools/js/node_modules" node "$root/conformance/openapi/ajv.cjs" "$root/schemas"; }

jsonschema_by_id() { "$tools/py/bin/python" "$root/conformance/openapi/by_id.py" "$root/schemas"; }

check_jsonschema() {
  cd "$root/schemas"
  echo '{"model": {"base": "sdxl_base"}, "conditioning": {"prompt": "a pier"}}' >"$scratch/right.json"
  echo '{"model": {"base": "sdxl_base"}, "conditioning": {"prompt": "a pier"}, "scheduler": {"steps": 0}}' >"$scratch/wrong.json"
  "$tools/py/bin/check-jsonschema" --check-metaschema ./*_schema.json
  "$tools/py/bin/check-jsonschema" --schemafile prompt_submission_schema.json "$scratch/right.json"
  ! "$tools/py/bin/check-jsonschema" --schemafile prompt_submission_schema.json "$scratch/wrong.json"
}

openapi_python_client() {
  # It has no word for pictures of its own, and takes them as bytes when it is told so. It formats with ruff.
  PATH="$tools/py/bin:$PATH" openapi-python-client generate --path "$document" --output-path concord_client --meta none \
    --fail-on-warning --config "$root/conformance/openapi/python_client.yaml"
  PYTHONPATH=. "$tools/py/bin/python" "$root/conformance/openapi/python_client.py" "$url"
}

generator_python() {
  "$tools/py/bin/openapi-generator-cli" generate -i "$document" -g python -o out --package-name concord_generated
  PYTHONPATH=out "$tools/py/bin/python" "$root/conformance/openapi/generator_python.py" "$url"
}

generator_typescript() {
  "$tools/py/bin/openapi-generator-cli" generate -i "$document" -g typescript-fetch -o out
}

generator_csharp() {
  "$tools/py/bin/openapi-generator-cli" generate -i "$document" -g csharp -o out
  # Byte counts and seeds are over 2^31.
  ! grep -rn "VramTotalBytes.*GetInt32\|vramTotalBytes.*GetInt32" out
  grep -rqn "vramTotalBytes.*GetInt64" out
}

typescript() {
  local bin="$tools/js/node_modules/.bin"
  "$bin/openapi-typescript" "$document" --default-non-nullable=false -o api.ts
  cp "$root/conformance/openapi/reply.ts" right.ts
  "$bin/tsc" --strict --noEmit --skipLibCheck right.ts
  sed 's/data\.images/data.no_such_member/' right.ts >wrong.ts
  if "$bin/tsc" --strict --noEmit --skipLibCheck wrong.ts; then
    echo "a member that no reply has compiles"
    exit 1
  fi
}

nswag() {
  [ -n "${DOTNET_ROOT:-}" ] || command -v dotnet >/dev/null || eval "$("$root/../shared/dotnet/setup.sh")"
  cp -r "$root/conformance/openapi/nswag/." .
  dotnet "$tools/js/node_modules/nswag/bin/binaries/$(ls "$tools/js/node_modules/nswag/bin/binaries" | grep -x 'Net[0-9]*' | sort -V | tail -1)/dotnet-nswag.dll" \
    openapi2csclient "/input:$document" /output:Client.cs /namespace:Concord.Generated /classname:ConcordClient \
    /jsonLibrary:SystemTextJson /jsonLibraryVersion:10 /operationGenerationMode:SingleClientFromOperationId \
    /generateOptionalParameters:true
  dotnet build --nologo --verbosity quiet
  dotnet bin/Debug/net10.0/Nswag.dll "$url"
}

schemathesis() {
  # A status of 5xx that says what is missing or full is the contract's word, and its configuration lists these.
  # Never `shutdown`, which /v1/commands takes: this gateway is the one that everything here talks to.
  "$tools/py/bin/schemathesis" --config-file "$root/conformance/openapi/schemathesis.toml" run "$document" --url "$url" \
    --exclude-path /v1/commands --max-examples "${CONCORD_EXAMPLES:-10}" --seed 1 \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
    --exclude-path /v1/jobs/{id}/events --request-timeout 60 --no-color
}

# ---- a gateway, and everything in turn

cargo bins --quiet
mkdir "$scratch/inputs"
touch "$scratch/out"
"${CARGO_TARGET_DIR:-target}/debug/gateway" serve --workers sim --sim-arg --step-ms --sim-arg 0 --sim-arg --load-ms --sim-arg 0 \
  --listen 127.0.0.1:0 --input-root "$scratch/inputs" --output-dir "$scratch/outputs" >"$scratch/out" 2>"$scratch/err" &
gateway=$!
url=
while [ -z "$url" ]; do
  kill -0 "$gateway" 2>/dev/null || { cat "$scratch/out" "$scratch/err" >&2; echo "the gateway ended before it listened" >&2; exit 30; }
  url=$(grep -om1 'http://127.0.0.1:[0-9]*' "$scratch/out" "$scratch/err" -h || true)
  [ -n "$url" ] || sleep 0.05
done
document=$scratch/openapi.json
python3 -c 'import sys, urllib.request; sys.stdout.buffer.write(urllib.request.urlopen(sys.argv[1] + "/openapi.json").read())' "$url" >"$document"

try spec_validator python_tools
try spectral node_tools
try redocly node_tools
try ajv node_tools
try jsonschema_by_id python_tools
try check_jsonschema python_tools
try openapi_python_client python_tools
try generator_python python_tools
try generator_typescript python_tools
try generator_csharp python_tools
try typescript node_tools
try nswag node_tools dotnet_sdk
try schemathesis python_tools

echo "tools: $passed passed, ${#failed[@]} failed, ${#skipped[@]} skipped"
[ ${#failed[@]} -eq 0 ] || exit 1
[ "$passed" -gt 0 ] || exit 77
