// The JSON that a member takes and gives: scalars as `JsonSchemaExporter` says, lists and maps by their elements.
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

static class Forms
{
    public static JsonObject Of(JsonPropertyInfo property) => Of(property.PropertyType, Options(property));

    // The options of a member: those of its type, with its own converter and handling of numbers.
    public static JsonSerializerOptions Options(JsonPropertyInfo property)
    {
        if (property.CustomConverter == null && property.NumberHandling == null) return property.Options;
        var options = new JsonSerializerOptions(property.Options) { NumberHandling = property.NumberHandling ?? property.Options.NumberHandling };
        if (property.CustomConverter is { } own) options.Converters.Insert(0, own);
        return options;
    }

    static JsonObject Of(Type type, JsonSerializerOptions options)
    {
        if (Nullable.GetUnderlyingType(type) is { } of && !options.Converters.Any(own => own.CanConvert(type))) return Of(of, options);
        JsonTypeInfo info;
        try
        {
            info = options.GetTypeInfo(type);
        }
        catch (Exception)
        {
            return new() { ["kind"] = "unknown", ["name"] = Clr.Name(type) };
        }
        return info.Kind switch
        {
            JsonTypeInfoKind.Object => new() { ["kind"] = "object", ["name"] = Clr.Name(type) },
            JsonTypeInfoKind.Dictionary => new() { ["kind"] = "map", ["of"] = Of(info.ElementType!, options) },
            JsonTypeInfoKind.Enumerable => new() { ["kind"] = "list", ["of"] = Of(info.ElementType!, options) },
            _ => Scalar(info, type),
        };
    }

    static JsonObject Scalar(JsonTypeInfo info, Type type)
    {
        var is_own = info.Converter.GetType().Assembly != typeof(JsonSerializer).Assembly;
        var schema = info.GetJsonSchemaAsNode();
        if (is_own) return new() { ["kind"] = "unknown", ["name"] = info.Converter.GetType().Name };
        // `true` is any JSON: object, JsonElement and their like.
        if (schema is not JsonObject said) return new() { ["kind"] = "any" };
        if (said["enum"] is JsonArray values)
            return new() { ["kind"] = "enum", ["name"] = Clr.Name(Nullable.GetUnderlyingType(type) ?? type), ["values"] = new JsonArray(values.OfType<JsonNode>().Select(value => (JsonNode)(string)value!).ToArray()) };
        var names = said["type"] switch
        {
            JsonArray all => all.Select(one => (string)one!).Where(one => one != "null").ToList(),
            JsonNode one => [(string)one!],
            // Named floating point literals are an alternative to numbers.
            null => said.ContainsKey("anyOf") ? ["number"] : [],
        };
        if (names.Contains("integer") && (Nullable.GetUnderlyingType(type) ?? type) is { IsEnum: true } of) return new() { ["kind"] = "number_of_enum", ["name"] = of.Name };
        var kind = names switch
        {
            _ when info.Options.NumberHandling.HasFlag(JsonNumberHandling.WriteAsString) && names.Contains("string") => "text",
            _ when names.Contains("integer") => "integer",
            _ when names.Contains("number") => "number",
            _ when names.Contains("boolean") => "boolean",
            _ when names.Contains("string") => "text",
            _ => "any",
        };
        return new() { ["kind"] = kind, ["name"] = Clr.Name(Nullable.GetUnderlyingType(type) ?? type) };
    }
}

// Types as C# writes them.
static class Clr
{
    static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(bool)] = "bool", [typeof(byte)] = "byte", [typeof(sbyte)] = "sbyte", [typeof(short)] = "short", [typeof(ushort)] = "ushort", [typeof(int)] = "int",
        [typeof(uint)] = "uint", [typeof(long)] = "long", [typeof(ulong)] = "ulong", [typeof(float)] = "float", [typeof(double)] = "double",
        [typeof(decimal)] = "decimal", [typeof(string)] = "string", [typeof(char)] = "char", [typeof(object)] = "object",
    };

    public static string Name(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } of) return Name(of) + "?";
        if (type.IsArray) return Name(type.GetElementType()!) + "[" + new string(',', type.GetArrayRank() - 1) + "]";
        if (Keywords.TryGetValue(type, out var keyword)) return keyword;
        return type.IsGenericType ? type.Name.Split('`')[0] + "<" + string.Join(", ", type.GetGenericArguments().Select(Name)) + ">" : type.Name;
    }
}
