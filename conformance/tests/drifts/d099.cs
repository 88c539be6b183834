// D-099: two shapes behind one name.
using System.Collections.Generic;

namespace Drifts.Services
{
    public class CapabilitiesResponse
    {
        public Dictionary<string, bool> Features { get; set; } = new();
        public List<string> SupportedSchedulers { get; set; } = new();
        public List<string> SupportedFormats { get; set; } = new();
        public long MaxBatchSize { get; set; }
    }
}

namespace Drifts.Controllers
{
    public class CapabilitiesResponse // drift
    {
        public Dictionary<string, bool> Features { get; set; } = new();
        public List<string> SupportedSchedulers { get; set; } = new();
        public long MaxResolution { get; set; }
    }
}
