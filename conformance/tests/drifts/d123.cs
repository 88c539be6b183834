// D-123: every inference is sent as an action that the handler lacks.
namespace Drifts;

public class InferenceService(IWorkerPipe pipe)
{
    public Task<string> ExecuteAsync(string prompt) => pipe.SendAsync(new
    {
        action = "execute_inference", // drift
        request = new { Model = new { Base = "sdxl_base" }, Conditioning = new { Prompt = prompt } },
    });
}
