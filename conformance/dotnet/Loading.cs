// Loads an assembly with what lies beside it, and with the shared frameworks of this .NET.
using System.Reflection;
using System.Runtime.Loader;

sealed class Loading(string path) : AssemblyLoadContext(isCollectible: false)
{
    readonly AssemblyDependencyResolver beside = new(path);

    protected override Assembly? Load(AssemblyName name)
    {
        // One copy of the serialiser and of the base library: the attributes that are read are those of the peer.
        if (Default.Assemblies.Any(loaded => loaded.GetName().Name == name.Name) || IsShared(name)) return null;
        var file = beside.ResolveAssemblyToPath(name) ?? OfFrameworks(name);
        return file == null ? null : LoadFromAssemblyPath(file);
    }

    static string Runtime => Path.GetDirectoryName(typeof(object).Assembly.Location)!;

    static bool IsShared(AssemblyName name) => File.Exists(Path.Combine(Runtime, name.Name + ".dll"));

    // ASP.NET and others lie beside the base library's folder, each by its version.
    static string? OfFrameworks(AssemblyName name) =>
        Directory.GetDirectories(Path.Combine(Runtime, "..", ".."))
            .SelectMany(Directory.GetDirectories)
            .Select(folder => Path.GetFullPath(Path.Combine(folder, name.Name + ".dll")))
            .Where(File.Exists).OrderDescending().FirstOrDefault();
}
