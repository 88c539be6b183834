using System.Text.Json.Serialization;

namespace Studio.Replies;

public class LoadResult
{
    public required string ModelId { get; init; }
    public required double LoadTimeSeconds { get; init; }
    public required long ModelSizeBytes { get; init; }
    public required string GpuId { get; init; }
    public required bool FromCache { get; init; }
    public required long MemoryUsedBytes { get; init; }
    public required string Checksum { get; init; } // no reply has it
}

public class UnloadResult
{
    public required List<string> ModelIds { get; init; }
    [JsonRequired] public long FreedBytes { get; private set; } // private setter: never bound
}
