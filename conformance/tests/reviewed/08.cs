using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace Studio.Submissions;

public class Lora
{
    public required string Name { get; init; }
    public double Weight { get; init; } = 1;
}

public class Conditioning
{
    public required string Prompt { get; init; }
    public string? Prompt2 { get; init; }
    public string? NegativePrompt { get; init; }
    public int ClipSkip { get; init; }
    public List<Lora>? LoRAs { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Conditioning))]
internal partial class SubmissionContext : JsonSerializerContext;
