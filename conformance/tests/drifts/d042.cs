// D-042: the steps under a name that the other side does not have; the metadata keeps its initial value.
namespace Drifts;

public class InferenceResult
{
    public string OutputPath { get; set; } = "";
    public double GenerationTimeSeconds { get; set; }
    public long SeedUsed { get; set; }
    public int NumInferenceSteps { get; set; } = 50; // drift
}
