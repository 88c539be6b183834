using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Shapes.Controllers;

public class SubmissionDto
{
    [Required] public ModelDto Model { get; set; } = new();
    public SchedulerDto? Scheduler { get; set; }
    public HyperparametersDto? Hyperparameters { get; set; }
    [Required] public ConditioningDto Conditioning { get; set; } = new();
    public PostprocessingDto? Postprocessing { get; set; }
    public Dictionary<string, string>? Labels { get; set; } // G-NAMES
}

public class ModelDto
{
    public string Base { get; set; } = "";
    public string? Refiner { get; set; }
    public string? Vae { get; set; }
}

public class SchedulerDto
{
    public string? Type { get; set; }
    [Range(1, 200)] public int? Steps { get; set; } // G-LIMIT
    public bool? KarrasSigmas { get; set; }
}

public class HyperparametersDto
{
    [Range(0, 50)] public double? GuidanceScale { get; set; }
    public long? Seed { get; set; }
    public DimensionsDto? Dimensions { get; set; }
    public int BatchSize { get; set; } = 1;
    public double Strength { get; set; } // G-DEFAULT
}

public class DimensionsDto
{
    public int? Width { get; set; }
    public int? Height { get; set; }
}

public class ConditioningDto
{
    public string Prompt { get; set; } = string.Empty;
    public string? NegativePrompt { get; set; }
    public List<LoraDto>? LoRAs { get; set; }
    public string? InitImage { get; set; }
    public bool HasImage => InitImage != null; // G-NAMES
    [JsonIgnore] public bool HasMask => false;
}

public class LoraDto
{
    public string Name { get; set; } = "";
    public string? Weight { get; set; } // G-TYPE
}

public class PostprocessingDto
{
    public bool SafetyChecker { get; set; }
    public string? Upscaler { get; set; }
    public int? Quality { get; set; }
}

public class ResultDto
{
    public List<string> Images { get; set; } = [];
    public double GenerationTimeSeconds { get; set; }
    public double MemoryUsedMB { get; set; }
    public long SeedUsed { get; set; }
    public Dictionary<string, bool>? FeaturesUsed { get; set; }
    public string SchedulerUsed { get; set; } = "";
    public string? SessionId { get; set; }
    public double LoadTimeMs { get; set; } // G-UNIT
}
