// Newtonsoft.Json as a party: the copy inside the SDK's folder, found at run time. Nothing of it is part of this repository.
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

static class Newtonsoft
{
    static readonly Assembly? Library = Find() is { } path ? Assembly.LoadFrom(path) : null;

    public static JsonObject Answer(Type type, string json)
    {
        if (Library?.GetType("Newtonsoft.Json.JsonConvert") is not { } convert)
            return new() { ["outcome"] = "absent", ["why"] = "the folder of the SDK has no Newtonsoft.Json.dll" };
        try
        {
            var value = convert.GetMethod("DeserializeObject", [typeof(string), typeof(Type)])!.Invoke(null, [json, type]);
            var written = convert.GetMethod("SerializeObject", [typeof(object)])!.Invoke(null, [value]);
            return new() { ["outcome"] = "bound", ["value"] = (string?)written };
        }
        catch (TargetInvocationException fault) when (fault.InnerException is { } inner)
        {
            var path = inner.GetType().GetProperty("Path")?.GetValue(inner) as string;
            return new() { ["outcome"] = inner.GetType().Name, ["path"] = path, ["why"] = inner.Message };
        }
    }

    // The runtime lies in <root>/shared/Microsoft.NETCore.App/<version>, an SDK in <root>/sdk/<version>.
    static string? Find()
    {
        var sdks = Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "sdk");
        if (!Directory.Exists(sdks)) return null;
        return Directory.EnumerateDirectories(sdks).Select(sdk => Path.Combine(sdk, "Newtonsoft.Json.dll")).LastOrDefault(File.Exists);
    }
}
