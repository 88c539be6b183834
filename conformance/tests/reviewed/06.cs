using System;
using System.Collections.Generic;

namespace Studio.Results;

public class ImageResult
{
    public string OutputPath { get; set; } = "";
    public int Seed { get; set; }            // the contract has up to 2^53-1
    public string Width { get; set; } = "";  // a number on the wire
    public uint Height { get; set; }
    public float GenerationTimeSeconds { get; set; }
    public Guid GpuId { get; set; }          // "gpu_0"
    public bool StepsUsed { get; set; }
    public List<Uri> Images { get; set; } = new();
}
