// Real .NET as a party: makes the described types, and reads and writes JSON with System.Text.Json; and reads documents with the
// generated types of clients/csharp.
// The first line of stdin describes the types; each further line is one question, answered by one line on stdout.
// `describe ASSEMBLY OPTIONS` describes the types of a built assembly instead (Assembled.cs).
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Concord.Contracts;

Console.InputEncoding = new UTF8Encoding(false);
using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false)) { AutoFlush = true, NewLine = "\n" };
using var input = new StreamReader(Console.OpenStandardInput(), new UTF8Encoding(false));
if (args is ["describe", var assembly, var set])
{
    // Constructors of the assembly run: one that never ends ends the program.
    using var patience = new Timer(_ => Environment.FailFast("the assembly's own code does not end"), null, TimeSpan.FromSeconds(60), Timeout.InfiniteTimeSpan);
    try
    {
        output.WriteLine(Assembled.Describe(assembly, set).ToJsonString());
    }
    catch (Exception fault)
    {
        // One line for the tool: what is said about an assembly's own types stands in the description.
        Console.Error.WriteLine(fault.Message.ReplaceLineEndings(" "));
        Environment.ExitCode = 1;
    }
    return;
}
if (input.ReadLine() is not { } described) return;
var types = new Described(JsonNode.Parse(described)!);
while (input.ReadLine() is { } line)
{
    var question = JsonNode.Parse(line)!;
    if ((string?)question["definition"] is { } definition)
    {
        output.WriteLine(Read(definition, question).ToJsonString());
        continue;
    }
    output.WriteLine(Answer(types.Named((string)question["clr"]!), (string)question["options"]!, (string)question["json"]!).ToJsonString());
}

// Reads a document with the generated types: its value, violations and warnings.
static JsonObject Read(string definition, JsonNode question)
{
    var dialect = Enum.Parse<Dialect>((string)question["dialect"]!, ignoreCase: true);
    var writer = (bool)question["sender"]! ? Writer.Sender : Writer.Canonical;
    Reading reading;
    try
    {
        reading = ContractReader.Read(Definitions.Types[definition], (string)question["json"]!, dialect, writer);
    }
    catch (JsonException fault)
    {
        return new() { ["exception"] = $"JsonException: {fault.Message}" };
    }
    var found = reading.Findings;
    return new()
    {
        ["violations"] = new JsonArray([.. found.Violations.Select(one => new JsonObject
            { ["pointer"] = one.Pointer, ["code"] = Spellings<ErrorCode>.Name(one.Code), ["rule"] = one.Rule, ["message"] = one.Message })]),
        ["warnings"] = new JsonArray([.. found.Warnings.Select(one => new JsonObject
            { ["pointer"] = one.Pointer, ["code"] = Spellings<WarningCode>.Name(one.Code) })]),
        ["value"] = Canonical(reading.Value),
        ["effective"] = Canonical((reading.Value as IHasDefaults)?.Effective(DeviceKind.Gpu)),
    };
}

static JsonNode? Canonical(IContractDocument? value) =>
    value is null ? null : JsonSerializer.SerializeToNode(value, value.GetType(), ContractJson.Options(Dialect.Snake));

static JsonObject Answer(Type type, string options, string json)
{
    if (options == "newtonsoft") return Newtonsoft.Answer(type, json);
    object? value;
    try
    {
        value = JsonSerializer.Deserialize(json, type, Sets.Named(options));
    }
    catch (JsonException fault)
    {
        return new() { ["outcome"] = "JsonException", ["path"] = fault.Path, ["inner"] = fault.InnerException?.GetType().Name, ["why"] = fault.Message };
    }
    catch (Exception fault)
    {
        return new() { ["outcome"] = fault.GetType().Name, ["why"] = fault.Message };
    }
    return new() { ["outcome"] = "bound", ["value"] = Written(value, type) };
}

// The bound value with relaxed escapes and the names of C#.
static string Written(object? value, Type type)
{
    try
    {
        return JsonSerializer.Serialize(value, type, Sets.Report);
    }
    catch (Exception fault)
    {
        return "unserialisable:" + fault.GetType().Name;
    }
}

static class Sets
{
    public static readonly JsonSerializerOptions Report = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    static readonly Dictionary<string, JsonSerializerOptions> All = new()
    {
        ["default"] = new(),
        ["case_insensitive"] = new() { PropertyNameCaseInsensitive = true },
        ["web"] = new(JsonSerializerDefaults.Web),
        ["snake_lower"] = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower },
        ["strict"] = JsonSerializerOptions.Strict,
        ["disallow_unmapped"] = new() { UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow },
        ["default+enum_strings"] = new() { Converters = { new JsonStringEnumConverter() } },
        ["web+enum_snake"] = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) } },
        ["default+named_floats"] = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals },
        ["default+read_from_string"] = new() { NumberHandling = JsonNumberHandling.AllowReadingFromString },
    };

    public static JsonSerializerOptions Named(string name) => All[name];
}
