using System.Collections.Generic;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Studio.Replies;

// Tolerant on purpose: what it does not name is kept.
public class WorkerStatus
{
    [JsonPropertyName("gpu_id")] public string GpuId { get; set; } = "";
    [JsonPropertyName("state")] public string State { get; set; } = "";
    [JsonExtensionData] public Dictionary<string, JsonElement>? Rest { get; set; }
}

// Not so harmless: this is written, and the contract's object is closed.
public class Hyperparameters
{
    [JsonPropertyName("guidance_scale")] public double? GuidanceScale { get; set; }
    [JsonPropertyName("seed")] public long? Seed { get; set; }
    [JsonPropertyName("batch_size")] public int? BatchSize { get; set; }
    [JsonExtensionData] public Dictionary<string, JsonElement>? Extra { get; set; }
}
