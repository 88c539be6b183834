// Types made at run time from their description, as `conformance` writes it.
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

sealed class Described
{
    readonly Dictionary<string, Type> named = new()
    {
        ["bool"] = typeof(bool), ["sbyte"] = typeof(sbyte), ["byte"] = typeof(byte), ["short"] = typeof(short), ["ushort"] = typeof(ushort),
        ["int"] = typeof(int), ["uint"] = typeof(uint), ["long"] = typeof(long), ["ulong"] = typeof(ulong), ["float"] = typeof(float),
        ["double"] = typeof(double), ["decimal"] = typeof(decimal), ["string"] = typeof(string), ["char"] = typeof(char),
        ["DateTime"] = typeof(DateTime), ["DateTimeOffset"] = typeof(DateTimeOffset), ["DateOnly"] = typeof(DateOnly),
        ["TimeSpan"] = typeof(TimeSpan), ["Guid"] = typeof(Guid), ["Uri"] = typeof(Uri), ["object"] = typeof(object),
        ["JsonElement"] = typeof(JsonElement),
    };

    public Described(JsonNode description)
    {
        var module = AssemblyBuilder.DefineDynamicAssembly(new("Described"), AssemblyBuilderAccess.Run).DefineDynamicModule("Described");
        foreach (var one in description["enums"]!.AsArray())
        {
            var builder = module.DefineEnum((string)one!["name"]!, TypeAttributes.Public, typeof(int));
            foreach (var member in one["members"]!.AsObject()) builder.DefineLiteral(member.Key, (int)member.Value!);
            named[builder.Name] = builder.CreateType();
        }
        var classes = description["classes"]!.AsArray();
        var builders = new List<TypeBuilder>();
        foreach (var one in classes)
        {
            var builder = module.DefineType((string)one!["name"]!, TypeAttributes.Public);
            builder.DefineDefaultConstructor(MethodAttributes.Public);
            builders.Add(builder);
            named[builder.Name] = builder;
        }
        foreach (var (one, builder) in classes.Zip(builders))
            foreach (var member in one!["members"]!.AsArray()) Define(builder, member!);
        foreach (var builder in builders) named[builder.Name] = builder.CreateType();
    }

    // `List<T>`, `Dictionary<string, T>`, `T[]`, `T?` or a name.
    public Type Named(string clr)
    {
        clr = clr.Trim();
        if (clr.EndsWith("[]")) return Named(clr[..^2]).MakeArrayType();
        if (clr.EndsWith('?')) return typeof(Nullable<>).MakeGenericType(Named(clr[..^1]));
        if (clr.StartsWith("List<")) return typeof(List<>).MakeGenericType(Named(clr[5..^1]));
        if (clr.StartsWith("Dictionary<string,"))
            return typeof(Dictionary<,>).MakeGenericType(typeof(string), Named(clr["Dictionary<string,".Length..^1]));
        return named[clr];
    }

    // An auto-property with the attributes of its description.
    void Define(TypeBuilder builder, JsonNode member)
    {
        var (name, type) = ((string)member["csharp"]!, Named((string)member["clr"]!));
        var field = builder.DefineField("_" + name, type, FieldAttributes.Private);
        var property = builder.DefineProperty(name, PropertyAttributes.None, type, null);
        const MethodAttributes Accessor = MethodAttributes.Public | MethodAttributes.SpecialName | MethodAttributes.HideBySig;
        var get = builder.DefineMethod("get_" + name, Accessor, type, Type.EmptyTypes);
        var code = get.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldfld, field);
        code.Emit(OpCodes.Ret);
        property.SetGetMethod(get);
        var set = builder.DefineMethod("set_" + name, Accessor, null, [type]);
        code = set.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldarg_1);
        code.Emit(OpCodes.Stfld, field);
        code.Emit(OpCodes.Ret);
        property.SetSetMethod(set);
        if ((string?)member["json"] is { } json) Mark(property, typeof(JsonPropertyNameAttribute), [typeof(string)], json);
        if ((bool)member["required"]!) Mark(property, typeof(JsonRequiredAttribute), []);
        if (!type.IsValueType) MarkNullable(property, set, (bool)member["null_allowed"]! ? (byte)2 : (byte)1);
    }

    static void Mark(PropertyBuilder property, Type attribute, Type[] parameters, params object[] arguments) =>
        property.SetCustomAttribute(new CustomAttributeBuilder(attribute.GetConstructor(parameters)!, arguments));

    static void MarkNullable(PropertyBuilder property, MethodBuilder set, byte flag)
    {
        var attribute = new CustomAttributeBuilder(typeof(NullableAttribute).GetConstructor([typeof(byte)])!, [flag]);
        property.SetCustomAttribute(attribute);
        set.DefineParameter(1, ParameterAttributes.None, "value").SetCustomAttribute(attribute);
    }
}
