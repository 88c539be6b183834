using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace Studio.Submissions;

public sealed class Lora
{
    public required string Name { get; init; }
    public double? Weight { get; init; }
    public string? AdapterName { get; init; }
}

public sealed class TextualInversion
{
    public required string Path { get; init; }
    public required string Token { get; init; }
}

public sealed class Conditioning
{
    public required string Prompt { get; init; }
    [JsonPropertyName("prompt_2")] public string? Prompt2 { get; init; }
    public string? NegativePrompt { get; init; }
    [JsonPropertyName("negative_prompt_2")] public string? NegativePrompt2 { get; init; }
    public int? ClipSkip { get; init; }
    [JsonPropertyName("loras")] public List<Lora>? LoRAs { get; init; }
    public List<TextualInversion>? TextualInversions { get; init; }
    public string? InitImage { get; init; }
    public string? InpaintMask { get; init; }
    public string? MaskChannel { get; init; }
    public int? MaskBlur { get; init; }
    public List<string>? ReferenceImages { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Conditioning))]
internal partial class SubmissionContext : JsonSerializerContext;
