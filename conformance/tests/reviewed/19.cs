using System;

namespace Studio.Replies;

public class WorkerStatus
{
    public string GpuId { get; set; } = "";
    public string State { get; set; } = "";
    public bool IsInitialized { get; set; }
    public bool HasModelLoaded { get; set; }
    public string CurrentModelId { get; set; } = "";
    public DateTime ModelLoadedAt { get; set; }            // optional: absent is 0001-01-01
    public long ModelSizeBytes { get; set; }               // optional: absent is 0
    public long ActiveInferenceSessions { get; set; }
    public DateTimeOffset LastActivity { get; set; }
    public TimeSpan UptimeSeconds { get; set; }            // a number on the wire
    public string? RunningRequestId { get; set; }
    public string? ErrorMessage { get; set; }
}
