# Puts `dotnet` on PATH, or ends the script with 77 and the reason; sourced by the scripts that need .NET 10, in the root.
if ! command -v dotnet >/dev/null; then
  if [ -x ../shared/dotnet/setup.sh ]; then
    # Two commands: the exit code of one inside `eval` would be lost.
    dotnet_environment=$(../shared/dotnet/setup.sh)
    eval "$dotnet_environment"
  else
    echo "skipped: no dotnet on PATH; this needs .NET 10"
    exit 77
  fi
fi
# Build servers would hold the output open after the build.
export MSBUILDDISABLENODEREUSE=1
