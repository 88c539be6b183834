// No drift that a source shows: options that are set elsewhere than where they are named.
using System.Text.Json;

namespace Drifts;

public static class Startup
{
    public static void Configure(JsonOptions options)
    {
        options.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.KebabCaseLower; // undecided
        options.SerializerOptions.Converters.Add(new ColourConverter()); // undecided
        options.SerializerOptions.WriteIndented = true;
    }

    public static readonly JsonSerializerOptions Own = new(JsonSerializerDefaults.Web) { WriteIndented = true }; // undecided
}

public class SchedulerConfiguration
{
    public string? Type { get; set; }
    public int? Steps { get; set; }
    public bool? KarrasSigmas { get; set; }
}
