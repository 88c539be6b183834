using System.Collections.Generic;
using System.Text.Json.Serialization;

namespace Studio.Results;

public record ImageDetail(
    [property: JsonPropertyName("path")] string Path,
    [property: JsonPropertyName("url")] string? Url,
    [property: JsonPropertyName("width")] int Width,
    [property: JsonPropertyName("height")] int Height,
    [property: JsonPropertyName("format")] string Format,
    [property: JsonPropertyName("bytes")] long Bytes,
    [property: JsonPropertyName("sha256")] string Sha256,
    [property: JsonPropertyName("seed")] long Seed,
    [property: JsonPropertyName("flagged")] bool Flagged);

public record SdxlResult(
    [property: JsonPropertyName("images")] IReadOnlyList<string> Images,
    [property: JsonPropertyName("image_details")] IReadOnlyList<ImageDetail> ImageDetails,
    [property: JsonPropertyName("generation_time_seconds")] double GenerationTimeSeconds,
    [property: JsonPropertyName("preprocessing_time_seconds")] double PreprocessingTimeSeconds,
    [property: JsonPropertyName("postprocessing_time_seconds")] double PostprocessingTimeSeconds,
    [property: JsonPropertyName("load_time_seconds")] double LoadTimeSeconds,
    [property: JsonPropertyName("memory_used_mb")] double MemoryUsedMB,
    [property: JsonPropertyName("seed_used")] long SeedUsed,
    [property: JsonPropertyName("features_used")] IReadOnlyDictionary<string, bool> FeaturesUsed,
    [property: JsonPropertyName("scheduler_used")] string SchedulerUsed,
    [property: JsonPropertyName("steps_used")] long StepsUsed,
    [property: JsonPropertyName("model_id")] string ModelId,
    [property: JsonPropertyName("device")] string Device,
    [property: JsonPropertyName("gpu_id")] string GpuId,
    [property: JsonPropertyName("session_id")] string? SessionId,
    [property: JsonPropertyName("warnings")] IReadOnlyList<string> Warnings,
    [property: JsonPropertyName("warnings_total")] long? WarningsTotal);
