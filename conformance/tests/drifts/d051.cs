// D-051: a reply without `data`, its members beside those of the envelope.
using System.Text.Json.Serialization;

namespace Drifts;

public class GenerateImageReply
{
    [JsonPropertyName("success")] public bool Success { get; set; } // drift
    [JsonPropertyName("output_path")] public string? OutputPath { get; set; }
    [JsonPropertyName("generation_time_seconds")] public double GenerationTimeSeconds { get; set; }
    [JsonPropertyName("seed")] public long Seed { get; set; }
}
