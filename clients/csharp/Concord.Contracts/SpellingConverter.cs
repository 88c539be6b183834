// Enums: values by their names in the schemas and by every further spelling that is read.
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Concord.Contracts;

/// <summary>Further spellings of an enum's value: read, never written.</summary>
[AttributeUsage(AttributeTargets.Field)]
public sealed class AcceptedSpellingsAttribute(params string[] spellings) : Attribute
{
    /// <summary>The spellings; case has no meaning.</summary>
    public IReadOnlyList<string> Spellings { get; } = spellings;
}

/// <summary>The spellings of an enum.</summary>
public static class Spellings<T> where T : struct, Enum
{
    static readonly Dictionary<T, string> Canonical = [];
    static readonly Dictionary<string, T> Read = [];

    static Spellings()
    {
        var fields = typeof(T).GetFields(BindingFlags.Public | BindingFlags.Static);
        foreach (var field in fields)
        {
            var value = (T)field.GetValue(null)!;
            Canonical[value] = field.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()?.Name ?? field.Name;
            foreach (var spelling in field.GetCustomAttribute<AcceptedSpellingsAttribute>()?.Spellings ?? [])
                Read[spelling.ToLowerInvariant()] = value;
        }
        // Names last: they win over a spelling that differs in case alone.
        foreach (var (value, name) in Canonical) Read[name.ToLowerInvariant()] = value;
    }

    /// <summary>The canonical name of a value, as it is written; null if the enum has no such value.</summary>
    public static string? Name(T value) => Canonical.GetValueOrDefault(value);

    /// <summary>The value of a spelling, if it has one.</summary>
    public static T? Value(string spelling) => Read.TryGetValue(spelling.ToLowerInvariant(), out var value) ? value : null;
}

/// <summary>Reads an enum by each of its spellings and writes its name.</summary>
public sealed class SpellingConverter<T> : JsonConverter<T> where T : struct, Enum
{
    /// <inheritdoc/>
    public override T Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String || reader.GetString() is not { } text) throw new JsonException();
        return Spellings<T>.Value(text) ?? throw new JsonException($"{text} is no {typeof(T).Name}");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Spellings<T>.Name(value) ?? throw new JsonException($"{value} is no {typeof(T).Name}"));
}

/// <summary>Reads a list whose order has no meaning, in the order of its enum.</summary>
public sealed class SortedConverter<T> : JsonConverter<IReadOnlyList<T>> where T : struct, Enum
{
    /// <inheritdoc/>
    public override IReadOnlyList<T>? Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
        JsonSerializer.Deserialize<List<T>>(ref reader, options)?.Order().ToList();

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, IReadOnlyList<T> value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, value.ToList(), options);
}
