// D-039: a reader that refuses a member it does not know.
using System.Text.Json.Serialization;

namespace Drifts;

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public class LoadModelResult // drift
{
    public string ModelId { get; set; } = "";
    public double LoadTimeSeconds { get; set; }
    public long ModelSizeBytes { get; set; }
    public string GpuId { get; set; } = "";
}
