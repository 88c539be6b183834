using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace Studio.Replies;

public partial class PyTorchResponse<T> where T : class
{
    public string? RequestId { get; set; }
    public string? SessionId { get; set; }
    public bool Success { get; set; }
    public T? Data { get; set; }
}

public class CancelResult
{
    public string TargetRequestId { get; set; } = "";
    public string Was { get; set; } = "";
}

public class CancelResponse : PyTorchResponse<CancelResult>;

public partial class PyTorchResponse<T>
{
    public string? Error { get; set; }
    public ErrorDetails? ErrorDetails { get; set; }
    public List<string> Warnings { get; set; } = [];
    public List<WarningDetail> WarningDetails { get; set; } = [];
    public long? WarningsTotal { get; set; }
}

public class ErrorDetails
{
    public string Code { get; set; } = "";
    public string? Field { get; set; }
    public bool Retryable { get; set; }
    public double? RetryAfterSeconds { get; set; }
    public string? Hint { get; set; }
    public Dictionary<string, object>? Details { get; set; }
    public List<Fault>? Errors { get; set; }
    public long? ErrorsTotal { get; set; }
}

public class Fault
{
    public string Pointer { get; set; } = "";
    public string Code { get; set; } = "";
    public string Message { get; set; } = "";
    public List<string>? Allowed { get; set; }
    public double? Minimum { get; set; }
    public double? Maximum { get; set; }
    public string? Nearest { get; set; }
}

public class WarningDetail
{
    public string Code { get; set; } = "";
    public string? Pointer { get; set; }
    public string Message { get; set; } = "";
    public string? Hint { get; set; }
}
