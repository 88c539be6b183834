// The C# client that NSwag generates makes one picture. What a program leaves out is left out, never sent as 0.
using System.Text.Json;
using Concord.Generated;

var text = JsonSerializer.Serialize(new Hyperparameters { Batch_size = 1 });
using (var sent = JsonDocument.Parse(text))
{
    foreach (var (name, expected) in new[] { ("guidance_scale", 7.5), ("seed", -1.0) })
    {
        if (sent.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.GetDouble() != expected)
            throw new Exception($"{name} goes out as {value}: {text}");
    }
}
using var http = new HttpClient();
var client = new ConcordClient(http) { BaseUrl = args[0] + "/" };
var submission = new PromptSubmission
{
    Model = new Model { Base = "sdxl_base" },
    Conditioning = new Conditioning { Prompt = "a pier at dusk" },
    Hyperparameters = new Hyperparameters { Batch_size = 1 },
};
var reply = await client.Generate_sdxlAsync(submission);
if (reply.Data.Images.Count != 1 || !reply.Success)
    throw new Exception("no picture: " + JsonSerializer.Serialize(reply));
var status = await client.Get_statusAsync();
if (status.Data.Memory_stats.Vram_total_bytes <= int.MaxValue)
    throw new Exception("no bytes: " + JsonSerializer.Serialize(status));
try
{
    await client.Get_jobAsync("nobody");
    throw new Exception("a job that is not there was found");
}
catch (ApiException<Problem> problem) when (problem.StatusCode == 404)
{
}
Console.WriteLine($"a picture with the seed {reply.Data.Seed_used}, a status and a problem");
