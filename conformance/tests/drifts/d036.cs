// D-036: a member that the other side need not send is required.
namespace Drifts;

public class WorkerReply
{
    public string? RequestId { get; set; }
    public required string SessionId { get; set; } // drift
    public bool Success { get; set; }
    public string? Error { get; set; }
    public object? Data { get; set; }
}
