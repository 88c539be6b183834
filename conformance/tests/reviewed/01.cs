using System.Text.Json.Serialization;

namespace Studio.Models;

[JsonConverter(typeof(JsonStringEnumConverter<ModelType>))]
public enum ModelType
{
    Sdxl,
    [JsonStringEnumMemberName("sdxl_refiner")] SdxlRefiner,
    Vae,
    Lora,
    Controlnet,
    [JsonStringEnumMemberName("textual_inversion")] TextualInversion,
    Upscaler,
    [JsonStringEnumMemberName("safety_checker")] SafetyChecker,
}

/// <summary>The command <c>load_model</c>, PascalCase on the wire.</summary>
public class LoadModel
{
    public string ModelPath { get; set; } = "";
    public ModelType ModelType { get; set; }
    public string? ModelId { get; set; }
}

/// <summary>What it answers.</summary>
public class LoadResult
{
    public string ModelId { get; set; } = "";
    public double LoadTimeSeconds { get; set; }
    public long ModelSizeBytes { get; set; }
    public string GpuId { get; set; } = "";
    public bool FromCache { get; set; }
    public long MemoryUsedBytes { get; set; }
}
