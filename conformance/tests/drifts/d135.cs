// D-135: a transformer that lower-cases each name loses its parts.
using System.Text.Json.Serialization;

namespace Drifts;

public class TransformedParameters
{
    [JsonPropertyName("prompt")] public string Prompt { get; set; } = "";
    [JsonPropertyName("modelid")] public string? ModelId { get; set; } // drift
    [JsonPropertyName("width")] public int? Width { get; set; }
    [JsonPropertyName("height")] public int? Height { get; set; }
    [JsonPropertyName("steps")] public int? Steps { get; set; }
    [JsonPropertyName("seed")] public long? Seed { get; set; }
}
