using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace Studio.Mixed;

public class Metadata
{
    public string? Priority { get; set; }
    public double? TimeoutSeconds { get; set; }
    public Dictionary<string, int>? Tags { get; set; }          // words, not numbers
}

public class Performance
{
    public string Device { get; set; } = "auto";
    public string? Dtype { get; set; }
    public string? Optimizations { get; set; }                  // a list on the wire
}

public class UnloadResult
{
    public List<string> ModelIds { get; } = new();              // get-only: never filled
    public long FreedBytes { get; set; }
}

public class WorkerCapabilities
{
    public Dictionary<string, string> Features { get; set; } = new();   // booleans on the wire
    public HashSet<string> SupportedSchedulers { get; set; } = new();
    public string[] SupportedFormats { get; set; } = [];
    public int MaxResolution { get; set; }
    public int MaxBatchSize { get; set; }
    public IEnumerable<string> MemoryOptimizations { get; set; } = [];
    public IReadOnlyCollection<string> PostprocessingOptions { get; set; } = [];
}
