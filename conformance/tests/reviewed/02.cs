using System.Text.Json.Serialization;

namespace Studio.Models;

[JsonConverter(typeof(JsonStringEnumConverter))]
public enum ModelType { Sdxl, SdxlRefiner, Vae, Lora, Controlnet, TextualInversion, Upscaler, SafetyChecker }

public class LoadModel
{
    public string ModelPath { get; set; } = "";
    public ModelType ModelType { get; set; }
    public string? ModelId { get; set; }
}
