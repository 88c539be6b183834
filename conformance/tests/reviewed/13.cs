using System.Text.Json.Serialization;

namespace Studio.Submissions;

public class Dimensions
{
    public int Width { get; set; } = 1024;
    public int Height { get; set; } = 1024;
}

public class Hyperparameters
{
    // 0 turns guidance off; it is never written, so the worker takes 7.5.
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double GuidanceScale { get; set; } = 7.5;

    // Seed 0 is a seed; it is never written, so the worker chooses one.
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Seed { get; set; } = -1;

    public Dimensions Dimensions { get; set; } = new();

    [JsonIgnore]
    public int BatchSize { get; set; } = 1;

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Strength { get; set; }
}
