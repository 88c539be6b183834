using System;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Studio.Submissions;

public enum Sampler { DpmPlusPlus2M, Euler, EulerAncestral, Heun }

public class SamplerConverter : JsonConverter<Sampler>
{
    public override Sampler Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
        reader.GetString() switch
        {
            "Euler" => Sampler.Euler,
            "Euler a" => Sampler.EulerAncestral,
            "Heun" => Sampler.Heun,
            _ => Sampler.DpmPlusPlus2M, // the rest
        };

    public override void Write(Utf8JsonWriter writer, Sampler value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value == Sampler.EulerAncestral ? "Euler a" : value.ToString());
}

public class Scheduler
{
    [JsonConverter(typeof(SamplerConverter))]
    public Sampler Type { get; set; }
    public int Steps { get; set; } = 30;
    public bool KarrasSigmas { get; set; }
    public string TimestepSpacing { get; set; } = "leading";
}
