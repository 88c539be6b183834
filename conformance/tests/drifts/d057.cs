// D-057: objects where the other side lists paths.
using System.Collections.Generic;

namespace Drifts;

public class EnhancedSDXLResult
{
    public List<GeneratedImage> Images { get; set; } = new(); // drift
    public double GenerationTimeSeconds { get; set; }
    public double MemoryUsedMB { get; set; }
    public Dictionary<string, bool> FeaturesUsed { get; set; } = new();
}

public class GeneratedImage
{
    public string ImagePath { get; set; } = "";
    public string? Filename { get; set; }
    public long? Number { get; set; }
}
