// D-072: the same quantity in another unit.
using System.Collections.Generic;

namespace Drifts;

public class EnhancedSDXLResult
{
    public List<string> Images { get; set; } = new();
    public double GenerationTimeSeconds { get; set; }
    public long MemoryUsedBytes { get; set; } // drift
    public Dictionary<string, bool> FeaturesUsed { get; set; } = new();
}
