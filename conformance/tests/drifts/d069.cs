// D-069: limits of the steps that are not the other side's.
using System.ComponentModel.DataAnnotations;

namespace Drifts;

public class StructuredScheduler
{
    public string? Type { get; set; }
    [Range(1, 1000)]
    public int? Steps { get; set; } // drift
    public bool? KarrasSigmas { get; set; }
    public string? TimestepSpacing { get; set; }
}
