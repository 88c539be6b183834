using System.Text.Json.Serialization;

namespace Studio.Values;

// Binds: the positional properties of a record struct are init-only and so settable.
public readonly record struct CancelResult(string TargetRequestId, string Was);

// Does not bind: no [JsonConstructor], so the parameterless constructor is used and nothing can be set.
public readonly struct ImageDetail
{
    public ImageDetail(string path, int width, int height, string format, long bytes, string sha256, long seed, bool flagged)
    {
        Path = path; Width = width; Height = height; Format = format; Bytes = bytes; Sha256 = sha256; Seed = seed; Flagged = flagged;
    }

    public string Path { get; }
    public int Width { get; }
    public int Height { get; }
    public string Format { get; }
    public long Bytes { get; }
    public string Sha256 { get; }
    public long Seed { get; }
    public bool Flagged { get; }
}

// Binds by its constructor; the parameter's name must be the property's.
public class UnloadResult
{
    [JsonConstructor]
    public UnloadResult(string[] modelIds, long freed)
    {
        ModelIds = modelIds; FreedBytes = freed;
    }

    public string[] ModelIds { get; }
    public long FreedBytes { get; }
}
