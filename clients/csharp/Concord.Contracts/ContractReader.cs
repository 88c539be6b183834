// Reading: a text in one dialect as a typed document, with everything that is wrong with it.
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Concord.Contracts;

/// <summary>The result of reading a document.</summary>
/// <param name="Value">The document; none if a name or a value could not be read.</param>
/// <param name="Findings">What is wrong with it.</param>
public sealed record Reading(IContractDocument? Value, Findings Findings);

/// <summary>Reads documents of the contract.</summary>
public static class ContractReader
{
    /// <summary>Reads a document. It is bound by strict options only after each name and each type in it is known to be right, so
    /// that every mistake is found and not the first alone.</summary>
    /// <exception cref="JsonException">The text is no JSON, or a name stands twice in one object.</exception>
    public static Reading Read(Type type, string json, Dialect dialect, Writer writer)
    {
        using var document = JsonDocument.Parse(json, new() { AllowDuplicateProperties = false });
        var walk = new Walk(ContractJson.Options(dialect), writer);
        using var kept = new MemoryStream();
        // After a mistake the text is not complete. It is not read then, so the writer need not check it.
        using (var output = new Utf8JsonWriter(kept, new() { SkipValidation = true })) walk.Value(document.RootElement, type, "", output);
        if (walk.Violations.Count > 0) return new(null, new(walk.Violations, []));
        var value = (IContractDocument)JsonSerializer.Deserialize(kept.ToArray(), type, ContractJson.Options(dialect))!;
        return new(value, value.Validate(dialect, writer));
    }
}

/// <summary>A walk through a text beside the type that it is to be bound to. It writes what is kept: null, and <c>""</c> in the
/// place of an optional string, mean absent.</summary>
sealed class Walk(JsonSerializerOptions options, Writer writer)
{
    public List<Violation> Violations { get; } = [];

    public void Value(JsonElement element, Type type, string at, Utf8JsonWriter output)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        var info = options.GetTypeInfo(type);
        if (type == typeof(JsonElement) || type == typeof(JsonNull) && element.ValueKind == JsonValueKind.Null) element.WriteTo(output);
        else if (info.Kind == JsonTypeInfoKind.Object) Object(element, info, at, output);
        else if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>)) List(element, type.GenericTypeArguments[0], at, output);
        else if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>)) Map(element, type.GenericTypeArguments[1], at, output);
        else Scalar(element, type, at, output);
    }

    void Object(JsonElement element, JsonTypeInfo info, string at, Utf8JsonWriter output)
    {
        output.WriteStartObject();
        if (element.ValueKind != JsonValueKind.Object) Unsupported(at, "an object", element);
        else Members(element, info, at, output);
        output.WriteEndObject();
    }

    void Members(JsonElement element, JsonTypeInfo info, string at, Utf8JsonWriter output)
    {
        var missing = info.Properties.Where(property => property.IsRequired).Select(property => property.Name).ToHashSet();
        foreach (var member in element.EnumerateObject())
        {
            var pointer = $"{at}/{Place.Escape(member.Name)}";
            var property = info.Properties.FirstOrDefault(property => property.Name == member.Name);
            if (property is null)
            {
                Violations.Add(new(pointer, ErrorCode.UnknownField, $"`{member.Name}` is unknown here"));
                continue;
            }
            if (IsAbsent(member.Value, property)) continue;
            missing.Remove(member.Name);
            output.WritePropertyName(member.Name);
            if (member.Value.ValueKind == JsonValueKind.Null && SaysNull(property)) output.WriteNullValue();
            else Value(member.Value, property.PropertyType, pointer, output);
        }
        foreach (var name in missing) Violations.Add(new($"{at}/{Place.Escape(name)}", ErrorCode.MissingField, $"`{name}` is missing"));
    }

    bool IsAbsent(JsonElement value, JsonPropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        return writer == Writer.Sender && value.ValueKind switch
        {
            JsonValueKind.Null => type != typeof(JsonElement) && !SaysNull(property),
            JsonValueKind.String => (type == typeof(string) || type.IsEnum) && value.ValueEquals(""),
            _ => false,
        };
    }

    /// <summary>Whether null says something: only of a required member whose annotation allows it.</summary>
    static bool SaysNull(JsonPropertyInfo property) => property.IsRequired
        && (property.PropertyType.IsValueType ? Nullable.GetUnderlyingType(property.PropertyType) is not null : property.IsSetNullable);

    void List(JsonElement element, Type item, string at, Utf8JsonWriter output)
    {
        output.WriteStartArray();
        if (element.ValueKind != JsonValueKind.Array) Unsupported(at, "a list", element);
        else
            foreach (var (index, value) in element.EnumerateArray().Index())
            {
                if (value.ValueKind == JsonValueKind.Null && item != typeof(JsonElement)) Unsupported($"{at}/{index}", "no null", value);
                else Value(value, item, $"{at}/{index}", output);
            }
        output.WriteEndArray();
    }

    void Map(JsonElement element, Type value, string at, Utf8JsonWriter output)
    {
        output.WriteStartObject();
        if (element.ValueKind != JsonValueKind.Object) Unsupported(at, "an object", element);
        else
            foreach (var entry in element.EnumerateObject())
            {
                output.WritePropertyName(entry.Name);
                Value(entry.Value, value, $"{at}/{Place.Escape(entry.Name)}", output);
            }
        output.WriteEndObject();
    }

    void Scalar(JsonElement element, Type type, string at, Utf8JsonWriter output)
    {
        var isRight = element.ValueKind switch
        {
            JsonValueKind.True or JsonValueKind.False => type == typeof(bool),
            JsonValueKind.String => type == typeof(string) || type.IsEnum && IsOneOf(element, type),
            JsonValueKind.Number => type == typeof(double) || IsInteger(type),
            _ => false,
        };
        if (!isRight) Unsupported(at, $"a value of {type.Name}", element);
        else if (IsInteger(type)) Integer(element, type, at, output);
        else element.WriteTo(output);
    }

    void Integer(JsonElement element, Type type, string at, Utf8JsonWriter output)
    {
        var text = element.GetRawText();
        if (element.TryGetInt64(out var value) && text != "-0" && !text.AsSpan().ContainsAny('.', 'e', 'E'))
        {
            if (type == typeof(long) || value is >= int.MinValue and <= int.MaxValue) element.WriteTo(output);
            else Beyond(at, text, output);
        }
        // A larger number is out of range however it is written: no reader has the integer to judge its form by.
        else if (Math.Abs(element.GetDouble()) >= 9223372036854775808.0) Beyond(at, text, output);
        else Unsupported(at, "an integer without fraction, exponent or the sign of a zero", element);
    }

    void Beyond(string at, string text, Utf8JsonWriter output)
    {
        output.WriteNullValue();
        Violations.Add(new(at, ErrorCode.OutOfRange, $"{text} is out of range"));
    }

    bool IsOneOf(JsonElement element, Type type)
    {
        try
        {
            var value = element.Deserialize(type, options);
            // The canonical form alone: what is written again is what was read.
            return writer == Writer.Sender || JsonSerializer.SerializeToElement(value, type, options).ValueEquals(element.GetString());
        }
        catch (JsonException)
        {
            return false;
        }
    }

    static bool IsInteger(Type type) => type == typeof(int) || type == typeof(long);

    void Unsupported(string at, string wanted, JsonElement element) =>
        Violations.Add(new(at, ErrorCode.UnsupportedValue, $"expected {wanted}, not {element.ValueKind}"));
}
