// Runs an unchanged C# bridge against a worker: sends each of its commands and checks each member that its classes bind.
//
//   dotnet run --project clients/bridge -- PROGRAM [ARGUMENT...]
//
// Prints one line for each check. Exits with 0 if all hold, with 1 if one does not, with 2 for a wrong command line.
using System.Text.Json;
using Concord.Bridge;

if (args.Length == 0)
{
    Console.Error.WriteLine("usage: bridge PROGRAM [ARGUMENT...]");
    return 2;
}

var failed = 0;
var passed = 0;
void Check(string name, bool holds)
{
    Console.WriteLine($"{(holds ? "ok    " : "FAILED")} {name}");
    if (holds) { passed++; } else { failed++; }
}

var caseInsensitive = new JsonSerializerOptions { PropertyNameCaseInsensitive = true };
var patience = TimeSpan.FromSeconds(120);
await using var worker = new PyTorchWorkerService(args[0], args[1..]);

async Task<PyTorchResponse<T>> Send<T>(string name, object command)
{
    var reply = await worker.SendAsync<T>(command, patience);
    var again = JsonSerializer.Deserialize<PyTorchResponse<T>>(worker.LastLine, caseInsensitive);
    Check($"{name}: default and case-insensitive options bind the same",
        JsonSerializer.Serialize(reply) == JsonSerializer.Serialize(again));
    return reply;
}

var request = new EnhancedSDXLRequest
{
    Model = new() { Base = "sdxl_base" },
    Scheduler = new() { Type = "DPM++", Steps = 4 },
    Hyperparameters = new() { GuidanceScale = 7.5, Seed = 123456, Dimensions = new() { Width = 64, Height = 64 }, BatchSize = 2 },
    Conditioning = new() { Prompt = "un café à la mer & <b>\"thé\"</b> 日本語 😀", NegativePrompt = "" },
    Performance = new() { Device = "auto" },
    Postprocessing = new() { Upscaler = "none" },
};

var loaded = await Send<LoadModelResult>("load_model",
    new { action = "load_model", model_path = "sdxl_base", model_type = "SDXL", model_id = (string?)null });
Check("load_model: done", loaded is { Success: true, Error: null, Data: { ModelId: "sdxl_base", ModelSizeBytes: > 0, GpuId: not "" } });
Check("load_model: LoadTimeSeconds is there", worker.LastLine.Contains("\"LoadTimeSeconds\":"));

var valid = await Send<ValidationResult>("validate_request", new { action = "validate_request", request });
Check("validate_request: valid", valid is { Success: true, Data: { Valid: true, Error: null } });
Check("validate_request: DPM++ is said to be read as DPM++ 2M", valid.Data?.Warnings.Exists(w => w.Contains("DPM++ 2M")) ?? false);
Check("validate_request: details", valid.Data?.ValidationDetails.ContainsKey("estimated_vram_mb") ?? false);

var made = await Send<EnhancedSDXLResult>("generate_sdxl_enhanced",
    new { action = "generate_sdxl_enhanced", request, session_id = "s1" });
Check("generate_sdxl_enhanced: done", made is { Success: true, Error: null, Data: not null });
Check("generate_sdxl_enhanced: two pictures, and they are there",
    made.Data is { Images.Count: 2 } && made.Data.Images.TrueForAll(path => new FileInfo(path) is { Exists: true, Length: > 0 }));
Check("generate_sdxl_enhanced: SeedUsed", made.Data?.SeedUsed == 123456);
Check("generate_sdxl_enhanced: times", made.Data is { GenerationTimeSeconds: > 0, PreprocessingTimeSeconds: >= 0, PostprocessingTimeSeconds: >= 0 });
Check("generate_sdxl_enhanced: MemoryUsedMB is no silent 0", made.Data?.MemoryUsedMB > 0);
Check("generate_sdxl_enhanced: FeaturesUsed", made.Data is { FeaturesUsed: var used } && used["batch"] && !used["lora"]);
Check("generate_sdxl_enhanced: GpuId", made.Data?.GpuId is "gpu_0" or "gpu_1" or "cpu_0");

var image = await Send<InferenceResult>("generate_image", new
{
    action = "generate_image",
    parameters = new { prompt = "a pier", width = 64, height = 128, steps = 2, guidance_scale = 7.5, seed = -1, scheduler = "EulerA", model_id = "sdxl_base" },
});
Check("generate_image: done", image is { Success: true, Data: { Width: 64, Height: 128, GpuId: not "" } });
Check("generate_image: OutputPath is a file", File.Exists(image.Data?.OutputPath));
Check("generate_image: a chosen seed fits an int", image.Data?.Seed >= 0);

var capabilities = await Send<CapabilitiesResult>("get_capabilities", new { action = "get_capabilities" });
Check("get_capabilities: all members", capabilities.Data is { MaxResolution: >= 512, MaxBatchSize: >= 1 } able
    && able.Features["text2img"] && able.SupportedSchedulers.Contains("DPM++ 2M") && able.SupportedFormats.Contains("png")
    && able.PostprocessingOptions.Count > 0);

var wrong = await Send<EnhancedSDXLResult>("a fault", new
{
    action = "generate_sdxl_enhanced",
    request = new { Model = new { Base = "sdxl_base" }, Scheduler = new { Type = "DPM+++", Steps = 151 }, Conditioning = new { Prompt = "x" } },
});
Check("a fault: loud, as one sentence", wrong is { Success: false, Data: null, Error.Length: > 0 });
Check("a fault: where, as C# spelt it", worker.LastLine.Contains("/request/Scheduler/Steps") && worker.LastLine.Contains("/request/Scheduler/Type"));

var cleaned = await Send<Dictionary<string, object>>("cleanup_memory", new { action = "cleanup_memory" });
Check("cleanup_memory: done", cleaned.Success);
var unloaded = await Send<Dictionary<string, object>>("unload_model", new { action = "unload_model" });
Check("unload_model: done", unloaded.Success);

Check("end of stdin: exit 0 within 5 s", await worker.StopAsync(TimeSpan.FromSeconds(5)) == 0);
Console.WriteLine($"{passed} passed, {failed} failed");
return failed == 0 ? 0 : 1;
