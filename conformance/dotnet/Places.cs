// Files and lines of types and members, from the portable PDB beside an assembly or in it.
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

sealed class Places
{
    const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    readonly string path;
    readonly Dictionary<int, (string, int)> methods = [];

    public Places(string path)
    {
        this.path = path;
        using var image = new PEReader(File.OpenRead(path));
        if (!image.TryOpenAssociatedPortablePdb(path, file => File.Exists(file) ? File.OpenRead(file) : null, out var pdb, out _)) return;
        using (pdb)
        {
            var reader = pdb!.GetMetadataReader();
            foreach (var handle in reader.MethodDebugInformation)
            {
                var points = reader.GetMethodDebugInformation(handle).GetSequencePoints().Where(point => !point.IsHidden).ToList();
                if (points.Count == 0) continue;
                var first = points.MinBy(point => point.StartLine);
                methods[MetadataTokens.GetToken(handle.ToDefinitionHandle())] = (reader.GetString(reader.GetDocument(first.Document).Name), first.StartLine);
            }
        }
    }

    // Without a PDB, or for what another assembly declares, it is the assembly itself.
    public (string, int) Of(MemberInfo? member)
    {
        IEnumerable<MethodBase> makers = member switch
        {
            PropertyInfo property => property.GetAccessors(true),
            Type type => type.GetMembers(Declared).OfType<MethodBase>(),
            _ => [],
        };
        var found = makers.Where(maker => maker.Module.FullyQualifiedName == path && methods.ContainsKey(maker.MetadataToken)).Select(maker => methods[maker.MetadataToken]).ToList();
        return found.Count == 0 ? (path, 1) : found.MinBy(place => place.Item2);
    }
}
