// D-060: names of schedulers that the other side replaces.
using System.Text.Json.Serialization;

namespace Drifts;

public class SchedulerConfiguration
{
    [JsonConverter(typeof(JsonStringEnumConverter))] public SchedulerType? Type { get; set; } // drift
    public int? Steps { get; set; }
    public bool? KarrasSigmas { get; set; }
}

public enum SchedulerType { Euler, Heun, DpmPlusPlus }
