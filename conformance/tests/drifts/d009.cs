// D-009: a command that the worker has under another name only.
namespace Drifts;

public class PyTorchWorkerService(IWorkerPipe pipe)
{
    public Task<string> CleanupAsync() => pipe.SendAsync(new { action = "cleanup_memory" });

    public Task<string> ResetAsync(bool force) => pipe.SendAsync(new
    {
        action = "reset_worker", // drift
        force,
    });
}
