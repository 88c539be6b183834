// D-114: the seed under another name than the reply's.
using System.Collections.Generic;

namespace Drifts;

public class EnhancedSDXLResult
{
    public List<string> Images { get; set; } = new();
    public double GenerationTimeSeconds { get; set; }
    public double MemoryUsedMB { get; set; }
    public long Seed { get; set; } = -1; // drift
    public Dictionary<string, bool> FeaturesUsed { get; set; } = new();
}
