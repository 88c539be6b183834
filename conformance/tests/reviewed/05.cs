using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace Studio.Results;

// The service's old result class.
public class SdxlResult
{
    public List<string> Images { get; set; } = new();
    [JsonPropertyName("ProcessingTime")]
    public double GenerationTimeSeconds { get; set; }
    public double PreprocessingTimeSeconds { get; set; }
    public double PostprocessingTimeSeconds { get; set; }
    public double LoadTimeSeconds { get; set; }
    public double MemoryUsedMb { get; set; }
    public long SeedUsed { get; set; }
    public Dictionary<string, bool> FeaturesUsed { get; set; } = new();
    public string SchedulerUsed { get; set; } = "";
    public long InferenceSteps { get; set; }
    public string ModelId { get; set; } = "";
    public string Device { get; set; } = "";
    public string GpuId { get; set; } = "";
    public string? SessionId { get; set; }
    public List<string> Warnings { get; set; } = new();
}
