// How property names are spelt, and the policy of System.Text.Json for each spelling.
using System.Text.Json;

namespace Concord.Contracts;

/// <summary>How property names are spelt.</summary>
public enum Dialect
{
    /// <summary>As C# writes them with default options, and the default here: <c>GuidanceScale</c>.</summary>
    Pascal,

    /// <summary>As C# writes them with web options: <c>guidanceScale</c>.</summary>
    Camel,

    /// <summary>As the schemas write them: <c>guidance_scale</c>.</summary>
    Snake,
}

/// <summary>Who wrote a document; decides how lenient its reading is.</summary>
public enum Writer
{
    /// <summary>A client: null and <c>""</c> mean absent, and enum values have further spellings.</summary>
    Sender,

    /// <summary>The gateway or a worker: the canonical form alone.</summary>
    Canonical,
}

/// <summary>The kind of device that a command runs on: some defaults depend on it.</summary>
public enum DeviceKind
{
    /// <summary>A GPU, real or simulated.</summary>
    Gpu,

    /// <summary>The processor.</summary>
    Cpu,
}

/// <summary>The names of the schemas. <see cref="JsonNamingPolicy.SnakeCaseLower"/> gives other ones for <c>LoRAs</c> or
/// <c>Prompt2</c>.</summary>
public sealed class SnakeNaming : JsonNamingPolicy
{
    /// <summary>The policy.</summary>
    public static SnakeNaming Policy { get; } = new();

    /// <inheritdoc/>
    public override string ConvertName(string name) => Names.Snake.GetValueOrDefault(name) ?? SnakeCaseLower.ConvertName(name);
}

/// <summary>Names of C# in each dialect.</summary>
public static class DialectNames
{
    /// <summary>The naming policy of a dialect; none of C#'s own names.</summary>
    public static JsonNamingPolicy? Policy(this Dialect dialect) => dialect switch
    {
        Dialect.Snake => SnakeNaming.Policy,
        Dialect.Camel => JsonNamingPolicy.CamelCase,
        _ => null,
    };

    /// <summary>A property's name, from its name in C#.</summary>
    public static string Spell(this Dialect dialect, string csharp) => dialect.Policy()?.ConvertName(csharp) ?? csharp;
}
