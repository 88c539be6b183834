#!/usr/bin/env bash
# Judges a generated C# project of 500 types in 100 files and prints the time: `conformance/csharp.sh [target/release/conformance]`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tool=${1:-target/debug/conformance}
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
for i in $(seq 100); do
  cat > "$folder/Feature$i.cs" <<CS
using System; using System.Collections.Generic; using System.Text.Json.Serialization;
namespace Generated.Feature$i;

public abstract record Base$i<T> { public T? Data { get; init; } public string? RequestId { get; init; } public bool Success { get; init; } }

public record Submission$i(Model$i Model, Conditioning$i Conditioning) { public int? BatchSize { get; init; } }

public class Model$i
{
    public string Base { get; set; } = "";
    public string? Refiner { get; set; }
    [JsonPropertyName("vae")] public string? Vae { get; set; }
    public Dictionary<string, List<int>>? Own$i { get; set; }
}

public class Conditioning$i
{
    public string Prompt { get; set; } = "";
    public string? NegativePrompt { get; set; }
    public List<string>? ReferenceImages { get; set; }
    public int ClipSkip { get; set; }

    public Conditioning$i With(string prompt)
    {
        var words = prompt.Split(' ');
        foreach (var word in words) { if (word.Length > $i) { Prompt += " " + word; } }
        return this;
    }
}

public sealed record Result$i : Base$i<List<string>>
{
    public List<string> Images { get; init; } = [];
    public double GenerationTimeSeconds { get; init; }
    public double MemoryUsedMB { get; init; }
    public long SeedUsed { get; init; }
    public DateTimeOffset? At$i { get; init; }
}
CS
done
export TIMEFORMAT='%R s, of which the processor worked %U s'
# Whatever the verdict is, the time is the subject.
time "$tool" csharp "$folder" --options web > "$folder/report" || true
tail -n 1 "$folder/report"
