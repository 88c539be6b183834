// D-054: names of two dialects in one class: a reply in either leaves the others at their initial values.
using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace Drifts;

public class EnhancedSDXLResult
{
    public List<string> Images { get; set; } = new();
    [JsonPropertyName("generation_time_seconds")] public double GenerationTimeSeconds { get; set; } // drift
    public double MemoryUsedMB { get; set; }
    public Dictionary<string, bool> FeaturesUsed { get; set; } = new();
    public string SchedulerUsed { get; set; } = "";
}
