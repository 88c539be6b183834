// Strings that are read in other forms too.
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Concord.Contracts;

/// <summary>Reads a string in any of its forms as the canonical one.</summary>
public abstract class CanonicalText(bool lowerCase, Regex form, params (Regex Form, string To)[] aliases) : JsonConverter<string>
{
    /// <inheritdoc/>
    public override string? Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
        reader.GetString() is { } text ? Canonical(text) : null;

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);

    string Canonical(string text)
    {
        text = lowerCase ? text.ToLowerInvariant() : text;
        if (form.IsMatch(text)) return text;
        foreach (var alias in aliases)
            if (alias.Form.IsMatch(text)) return alias.Form.Replace(text, alias.To);
        return text;
    }
}
