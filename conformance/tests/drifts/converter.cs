// No drift that a source shows: a converter of its own writes the steps.
using System.Text.Json.Serialization;

namespace Drifts;

public class SchedulerConfiguration
{
    public string? Type { get; set; }
    [JsonConverter(typeof(StepsConverter))] public int? Steps { get; set; } // undecided
    public bool? KarrasSigmas { get; set; }
}

[JsonConverter(typeof(SubmissionConverter))] // undecided
public class Submission
{
    public string? Anything { get; set; }
}
