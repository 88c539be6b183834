// A client library: records, generics, and names by the policy of snake_case.
namespace Shapes.Library;

public abstract record Message
{
    public string? SessionId { get; init; }
}

public record Envelope<T>(bool Success, T? Data, string? Error, string? RequestId) : Message
    where T : class
{
    public IReadOnlyList<string>? Warnings { get; init; }
}

public record Page<T>(IReadOnlyList<T> Items, string? Next);

public sealed record BatchRequest(IReadOnlyList<Submission> Requests, bool ContinueOnError = true);

public record Submission(Model Model, Conditioning Conditioning)
{
    public Performance? Performance { get; init; }
    public Metadata? Metadata { get; init; }
}

public record Model(string Base, string? Refiner = null, string? Vae = null);

public record Conditioning(string Prompt, string? NegativePrompt = null)
{
    public string? Prompt2 { get; init; }
    public int? ClipSkip { get; init; }
    public IReadOnlyList<Adapter>? LoRAs { get; init; } // G-CASE
    public ControlNet[]? ControlNets { get; init; }
}

public record Adapter(string Name, double? Weight = null, string? AdapterName = null);

public sealed record ControlNet(string Type, string Image)
{
    public double Weight { get; init; } = 1;
    public float? GuidanceStart { get; init; }
    public double GuidanceEnd { get; init; } // G-DEFAULT
}

public record Performance(string? Device, string? Dtype)
{
    public HashSet<string>? Optimizations { get; init; }
}

public record Metadata(string Priority = "urgent") // G-ENUM
{
    public double? TimeoutSeconds { get; init; }
    public IReadOnlyDictionary<string, string>? Tags { get; init; }
}

public record Batch(IReadOnlyList<Item> Results, long Succeeded, long Failed, long Cancelled);

public record Item(long Index, string? RequestId, bool Success, Result? Data, string? Error);

public record Result
{
    public required IReadOnlyList<string> Images { get; init; }
    public required string SchedulerName { get; init; } // G-NAMES
    public required string SchedulerUsed { get; init; }
    public required string[] Warnings { get; init; }
    public int SeedUsed { get; init; } // G-TYPE
    public required string Uploads { get; init; } // G-NAMES
    public double GenerationTimeSeconds { get; init; }
    public double MemoryUsedMB { get; init; }
    public required string GpuId { get; init; }
    public required string SessionId { get; init; } // G-NAMES
}
