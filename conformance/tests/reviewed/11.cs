using System;
using System.Text.Json.Serialization;

namespace Studio.Events;

public abstract class JobEvent
{
    [JsonPropertyName("event")] public string Event { get; set; } = "";
    [JsonPropertyName("request_id")] public string RequestId { get; set; } = "";
    [JsonPropertyName("attempt")] public int Attempt { get; set; }
    [JsonPropertyName("sequence")] public long Sequence { get; set; }
    [JsonPropertyName("timestamp")] public DateTimeOffset Timestamp { get; set; }
    [JsonPropertyName("traceparent")] public string? Traceparent { get; set; }
}

public class ProgressEvent : JobEvent
{
    [JsonPropertyName("stage")] public string Stage { get; set; } = "";
    [JsonPropertyName("step")] public long Step { get; set; }
    [JsonPropertyName("total_steps")] public long TotalSteps { get; set; }
    [JsonPropertyName("progress")] public double Progress { get; set; }
    [JsonPropertyName("image_index")] public long ImageIndex { get; set; }
    [JsonPropertyName("eta_seconds")] public double? EtaSeconds { get; set; }
}

// The level is not read, and the words are called otherwise.
public class LogEvent : JobEvent
{
    [JsonPropertyName("text")] public string Message { get; set; } = "";
}
