// A service that is compiled ahead of time: a source-generated context knows the types and their options.
using System.Text.Json.Serialization;

namespace Shapes.Context;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(JobList))]
[JsonSerializable(typeof(LoadRequest))]
internal sealed partial class JobsContext : JsonSerializerContext;

public sealed class JobList
{
    public List<JobView> Jobs { get; set; } = [];
    public long Total { get; set; }
    public string? NextCursor { get; set; }
}

public sealed class JobView
{
    public string RequestId { get; set; } = "";
    public string? SessionId { get; set; }
    public JobState Status { get; set; }
    public DateTimeOffset QueuedAt { get; set; }
    public DateTimeOffset? StartedAt { get; set; }
    public DateTimeOffset CompletedAt { get; set; } // G-DEFAULT
    public long? QueuePosition { get; set; }
    public double? Progress { get; set; }
    public Stage Attempt { get; set; } // G-TYPE
    public FailureView? ErrorDetails { get; set; }
    [JsonPropertyName("worker_id")] public string? WorkerId { get; set; } // G-CASE
}

public enum JobState { Queued, Running, Completed, Failed, Cancelled, Timeout }

public enum Stage { First, Second }

public sealed class FailureView
{
    public string Code { get; set; } = "";
    public bool Retryable { get; set; }
    public string? Hint { get; set; }
    [JsonConverter(typeof(SecondsConverter))] public TimeSpan? RetryAfterSeconds { get; set; } // undecided
}

public sealed class SecondsConverter : JsonConverter<TimeSpan?>
{
    public override TimeSpan? Read(ref System.Text.Json.Utf8JsonReader reader, Type type, System.Text.Json.JsonSerializerOptions options) =>
        TimeSpan.FromSeconds(reader.GetDouble());

    public override void Write(System.Text.Json.Utf8JsonWriter writer, TimeSpan? value, System.Text.Json.JsonSerializerOptions options) =>
        writer.WriteNumberValue(value!.Value.TotalSeconds);
}

public sealed record LoadRequest(
    string ModelPath,
    ModelKind ModelType, // G-ENUM
    string? ModelId = null);

public enum ModelKind { Sdxl, Vae, Lora, Clip }
