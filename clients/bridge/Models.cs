// The classes of the existing C# services, with the names of the requirements and of the contract's §7.4. Replies must bind to
// them without any help: no attribute, no converter, no naming policy.
namespace Concord.Bridge;

public class PyTorchResponse<T>
{
    public bool Success { get; set; }
    public string? Error { get; set; }
    public T? Data { get; set; }
}

public class LoadModelResult
{
    public string ModelId { get; set; } = "";
    public double LoadTimeSeconds { get; set; }
    public long ModelSizeBytes { get; set; }
    public string GpuId { get; set; } = "";
}

public class InferenceResult
{
    public string OutputPath { get; set; } = "";
    public double GenerationTimeSeconds { get; set; }
    public int Seed { get; set; }
    public int Width { get; set; }
    public int Height { get; set; }
    public string GpuId { get; set; } = "";
}

public class EnhancedSDXLResult
{
    public List<string> Images { get; set; } = [];
    public double GenerationTimeSeconds { get; set; }
    public double PreprocessingTimeSeconds { get; set; }
    public double PostprocessingTimeSeconds { get; set; }
    public double MemoryUsedMB { get; set; }
    public int SeedUsed { get; set; }
    public Dictionary<string, bool> FeaturesUsed { get; set; } = [];
    public string GpuId { get; set; } = "";
}

public class CapabilitiesResult
{
    public Dictionary<string, bool> Features { get; set; } = [];
    public List<string> SupportedSchedulers { get; set; } = [];
    public List<string> SupportedFormats { get; set; } = [];
    public int MaxResolution { get; set; }
    public int MaxBatchSize { get; set; }
    public List<string> MemoryOptimizations { get; set; } = [];
    public List<string> PostprocessingOptions { get; set; } = [];
}

public class ValidationResult
{
    public bool Valid { get; set; }
    public string? Error { get; set; }
    public List<string> Warnings { get; set; } = [];
    public Dictionary<string, object> ValidationDetails { get; set; } = [];
}

public class ModelConfiguration { public string Base { get; set; } = ""; public string? Refiner { get; set; } public string? Vae { get; set; } }
public class SchedulerConfiguration { public string? Type { get; set; } public int? Steps { get; set; } }
public class DimensionsConfiguration { public int? Width { get; set; } public int? Height { get; set; } }
public class HyperparametersConfiguration
{
    public double? GuidanceScale { get; set; }
    public long? Seed { get; set; }
    public DimensionsConfiguration? Dimensions { get; set; }
    public int? BatchSize { get; set; }
}
public class LoRAConfiguration { public string Name { get; set; } = ""; public float? Weight { get; set; } }
public class ConditioningConfiguration
{
    public string Prompt { get; set; } = "";
    public string? NegativePrompt { get; set; }
    public List<LoRAConfiguration>? LoRAs { get; set; }
    public string? InitImage { get; set; }
}
public class PerformanceConfiguration { public string? Device { get; set; } public string? Dtype { get; set; } public bool Xformers { get; set; } }
public class PostprocessingConfiguration { public bool SafetyChecker { get; set; } public string? Upscaler { get; set; } }

public class EnhancedSDXLRequest
{
    public ModelConfiguration Model { get; set; } = new();
    public SchedulerConfiguration? Scheduler { get; set; }
    public HyperparametersConfiguration? Hyperparameters { get; set; }
    public ConditioningConfiguration Conditioning { get; set; } = new();
    public PerformanceConfiguration? Performance { get; set; }
    public PostprocessingConfiguration? Postprocessing { get; set; }
}
