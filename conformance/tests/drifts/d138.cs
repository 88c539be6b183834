// D-138: two rules for the names of ids.
namespace Drifts;

public class LoadModelResult
{
    public string IdModel { get; set; } = ""; // drift
    public double LoadTimeSeconds { get; set; }
    public long ModelSizeBytes { get; set; }
    public string GpuId { get; set; } = "";
}
