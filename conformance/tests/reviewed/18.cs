using System.Text.Json.Serialization;

namespace Studio.Flat;

public class Parameters
{
    [JsonPropertyName("prompt")] public string Prompt { get; set; } = "";
    [JsonPropertyName("negative_prompt")] public string? NegativePrompt { get; set; }
    [JsonPropertyName("width")] public double Width { get; set; } = 1024;
    [JsonPropertyName("height")] public double Height { get; set; } = 1024;
    [JsonPropertyName("num_inference_steps")] public int Steps { get; set; } = 20;
    [JsonPropertyName("guidance_scale")] public double Guidance { get; set; } = 7.5;
    [JsonPropertyName("seed")] public long Seed { get; set; } = -1;
    [JsonPropertyName("scheduler")] public string Scheduler { get; set; } = "DPMSolver";
    [JsonPropertyName("idModel")] public string? Model { get; set; }
    [JsonPropertyName("eta")] public double Eta { get; set; }
}
