using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace Studio.Clients;

public class StopTraining
{
    public string TrainingId { get; set; } = "";
    public bool SaveCheckpoint { get; set; } = true;
}

// Which names are written depends on what somebody registered.
public class TrainingClient(HttpClient http, IOptions<JsonSerializerOptions> json)
{
    public Task<HttpResponseMessage> StopAsync(StopTraining command) =>
        http.PostAsJsonAsync($"v1/training/{command.TrainingId}", command, json.Value);
}
