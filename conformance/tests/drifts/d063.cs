// D-063: a spelling of the number format that the other side does not compare with.
using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace Drifts;

public class PerformanceConfiguration
{
    public string? Device { get; set; }
    public Precision? Dtype { get; set; } // drift
    public List<string>? Optimizations { get; set; }
}

[JsonConverter(typeof(JsonStringEnumConverter<Precision>))]
public enum Precision { Fp16, Fp32, Single }
