// D-015: the generate call in another envelope.
using System.Collections.Generic;

namespace Drifts;

public class Orchestrator(IWorkerPipe pipe)
{
    public Task<string> GenerateAsync(string prompt) => pipe.SendAsync(new Dictionary<string, object>
    {
        ["message_type"] = "generate_sdxl_enhanced", // drift
        ["session_id"] = "s",
        ["prompt"] = prompt,
    });
}
