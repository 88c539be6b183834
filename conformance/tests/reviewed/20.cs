using System;
using System.Text.Json.Serialization;

namespace Studio.Events;

[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(ProgressEvent), "progress")]
[JsonDerivedType(typeof(LogEvent), "logged")]
public abstract record WorkerEvent
{
    [JsonPropertyName("request_id")] public string? RequestId { get; init; }
    [JsonPropertyName("attempt")] public int Attempt { get; init; }
    [JsonPropertyName("sequence")] public long Sequence { get; init; }
    [JsonPropertyName("timestamp")] public string Timestamp { get; init; } = "";
}

public record ProgressEvent : WorkerEvent
{
    [JsonPropertyName("stage")] public string Stage { get; init; } = "";
    [JsonPropertyName("step")] public long Step { get; init; }
    [JsonPropertyName("total_steps")] public long TotalSteps { get; init; }
    [JsonPropertyName("progress")] public double Progress { get; init; }
    [JsonPropertyName("image_index")] public long ImageIndex { get; init; }
    [JsonPropertyName("eta_seconds")] public double? EtaSeconds { get; init; }
    [JsonPropertyName("traceparent")] public string? Traceparent { get; init; }
}

public record LogEvent : WorkerEvent
{
    [JsonPropertyName("level")] public string Level { get; init; } = "";
    [JsonPropertyName("message")] public string Message { get; init; } = "";
    [JsonPropertyName("traceparent")] public string? Traceparent { get; init; }
}
