// Describes the types of a built assembly as the serialiser sees them: `dotnet Peer.dll describe ASSEMBLY OPTIONS`, one JSON document on stdout.
// A type that a source-generated context of the assembly knows is described by that context; each other one under the named options.
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

sealed class Assembled
{
    readonly JsonSerializerOptions named;
    readonly List<JsonSerializerContext> contexts = [];
    readonly Places places;
    readonly Assembly assembly;
    readonly JsonArray undecided = [];

    Assembled(string path, string options)
    {
        named = new(Sets.Named(options)) { TypeInfoResolver = new DefaultJsonTypeInfoResolver() };
        assembly = new Loading(path).LoadFromAssemblyPath(path);
        places = new(path);
    }

    public static JsonObject Describe(string path, string options)
    {
        if (!File.Exists(path)) throw new FileNotFoundException("there is no such file");
        var assembled = new Assembled(Path.GetFullPath(path), options);
        var types = assembled.Loaded().Where(type => !type.IsDefined(typeof(System.Runtime.CompilerServices.CompilerGeneratedAttribute))).ToList();
        foreach (var type in types.Where(type => typeof(JsonSerializerContext).IsAssignableFrom(type) && !type.IsAbstract)) assembled.AddContext(type);
        var rows = new JsonArray();
        foreach (var type in types.Where(IsData)) rows.Add((JsonNode)assembled.Row(type));
        return new() { ["types"] = rows, ["undecided"] = assembled.undecided };
    }

    // The types that load. A type whose base or member is in a missing assembly does not load, and is reported.
    IEnumerable<Type> Loaded()
    {
        try
        {
            return assembly.GetTypes();
        }
        catch (ReflectionTypeLoadException fault)
        {
            foreach (var one in fault.LoaderExceptions.OfType<Exception>().DistinctBy(one => one.Message))
                Undecided(null, $"types cannot be loaded: {one.Message}");
            return fault.Types.OfType<Type>();
        }
    }

    void AddContext(Type type)
    {
        try
        {
            var made = type.GetProperty("Default", BindingFlags.Public | BindingFlags.Static)?.GetValue(null) ?? Activator.CreateInstance(type);
            contexts.Add((JsonSerializerContext)made!);
        }
        catch (Exception fault)
        {
            Undecided(type, $"the context {type.Name} cannot be made: {Reason(fault)}");
        }
    }

    static bool IsData(Type type) =>
        (type.IsClass || type.IsValueType) && !type.IsEnum && !(type.IsAbstract && type.IsSealed) && !type.IsByRefLike
        && !typeof(Delegate).IsAssignableFrom(type) && !typeof(Attribute).IsAssignableFrom(type) && !typeof(Exception).IsAssignableFrom(type)
        && !typeof(JsonConverter).IsAssignableFrom(type) && !typeof(JsonSerializerContext).IsAssignableFrom(type);

    // A generic type is described as a context closes it, else with `object` for each parameter.
    Type? Closed(Type type)
    {
        if (!type.IsGenericTypeDefinition) return type;
        var known = contexts.SelectMany(context => context.GetType().GetProperties()).Select(property => property.PropertyType)
            .Where(of => of.IsGenericType && of.GetGenericTypeDefinition() == typeof(JsonTypeInfo<>)).Select(of => of.GetGenericArguments()[0])
            .FirstOrDefault(of => of.IsGenericType && of.GetGenericTypeDefinition() == type);
        if (known != null) return known;
        try
        {
            return type.MakeGenericType(type.GetGenericArguments().Select(Argument).ToArray());
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    static Type Argument(Type parameter) =>
        parameter.GenericParameterAttributes.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint) ? typeof(int) : typeof(object);

    JsonObject Row(Type type)
    {
        var (file, line) = places.Of(type);
        var row = new JsonObject
        {
            ["name"] = type.Name.Split('`')[0], ["file"] = file, ["line"] = line, ["is_nested"] = type.IsNested,
            ["is_abstract"] = type.IsAbstract, ["tags"] = new JsonArray(),
            ["names"] = new JsonArray(type.GetProperties().Select(property => (JsonNode)property.Name).ToArray()),
            ["serialiser"] = Options(named), ["kind"] = "None", ["members"] = new JsonArray(),
        };
        try
        {
            Fill(row, Info(Closed(type) ?? throw new NotSupportedException("its type parameters are bound to other types"), row));
        }
        catch (Exception fault)
        {
            row["why"] = Reason(fault);
        }
        return row;
    }

    JsonTypeInfo Info(Type type, JsonObject row)
    {
        var by = contexts.FirstOrDefault(context => context.GetTypeInfo(type) != null);
        row["context"] = by?.GetType().Name;
        var options = by?.Options ?? named;
        try
        {
            return options.GetTypeInfo(type);
        }
        catch (InvalidOperationException) when (options.TypeInfoResolver!.GetTypeInfo(type, options) is { } raw)
        {
            // Its members are known, although the serialiser refuses to use them: `bind_empty_fault` says so.
            return raw;
        }
    }

    static JsonObject Options(JsonSerializerOptions options) => new()
    {
        ["case_insensitive"] = options.PropertyNameCaseInsensitive,
        ["disallow_unmapped"] = options.UnmappedMemberHandling == JsonUnmappedMemberHandling.Disallow,
        ["respect_nullable"] = options.RespectNullableAnnotations,
    };

    void Fill(JsonObject row, JsonTypeInfo info)
    {
        row["serialiser"] = Options(info.Options);
        if (info.PolymorphismOptions is { } polymorphism)
            row["tags"] = new JsonArray(polymorphism.DerivedTypes.Where(one => one.TypeDiscriminator is string).Select(one =>
                (JsonNode)new JsonObject { ["name"] = polymorphism.TypeDiscriminatorPropertyName, ["of"] = one.DerivedType.Name, ["value"] = (string)one.TypeDiscriminator! }).ToArray());
        row["kind"] = info.Kind.ToString();
        row["unmapped"] = info.UnmappedMemberHandling?.ToString();
        row["numbers"] = info.NumberHandling?.ToString();
        var converter = info.Converter.GetType();
        if (info.Kind == JsonTypeInfoKind.None && converter.Assembly != typeof(JsonSerializer).Assembly) row["converter"] = converter.Name;
        var fresh = Fresh(info);
        var members = new JsonArray();
        foreach (var property in info.Properties) members.Add((JsonNode)Member(property, info, fresh));
        row["members"] = members;
        if (info.Kind != JsonTypeInfoKind.None) row["names"] = new JsonArray(info.Properties.Select(property => (JsonNode)property.Name).ToArray());
        row["bind_empty_fault"] = Fault(() => JsonSerializer.Deserialize("{}", info));
    }

    // An instance as the serialiser makes it before it sets anything; with empty arguments where its constructor has some. Null where none is made.
    static object? Fresh(JsonTypeInfo info)
    {
        object? made = null;
        if (info.Kind != JsonTypeInfoKind.Object || info.Type.IsAbstract) return null;
        var constructor = info.Type.GetConstructors().OrderBy(one => one.GetParameters().Length).FirstOrDefault();
        var arguments = constructor?.GetParameters().Select(one => one.HasDefaultValue ? one.DefaultValue : one.ParameterType.IsValueType ? Activator.CreateInstance(one.ParameterType) : null).ToArray();
        Fault(() => made = info.CreateObject is { } make ? make() : constructor?.Invoke(arguments));
        return made;
    }

    static string? Fault(Action act)
    {
        try
        {
            act();
            return null;
        }
        catch (Exception fault)
        {
            return fault.GetType().Name;
        }
    }

    JsonObject Member(JsonPropertyInfo property, JsonTypeInfo info, object? fresh)
    {
        var member = property.AttributeProvider as MemberInfo;
        var parameter = property.AssociatedParameter;
        var populates = property.ObjectCreationHandling == JsonObjectCreationHandling.Populate
            || (info.PreferredPropertyObjectCreationHandling == JsonObjectCreationHandling.Populate && property is { Get: not null, Set: null } && !property.PropertyType.IsArray && property.PropertyType != typeof(string));
        var (file, line) = places.Of(member);
        return new()
        {
            ["json"] = property.Name,
            ["member"] = member?.Name ?? property.Name,
            ["clr"] = Clr.Name(property.PropertyType),
            ["read"] = property.Set != null || parameter != null || property.IsExtensionData || populates,
            ["write"] = property.Get != null,
            ["by_constructor"] = parameter is { IsMemberInitializer: false } ? parameter.Name : null,
            ["has_default"] = parameter is { IsMemberInitializer: false } ? parameter.HasDefaultValue : null,
            ["required"] = property.IsRequired,
            ["null_to_set"] = property.IsSetNullable,
            ["order"] = property.Order,
            ["extension"] = property.IsExtensionData,
            ["converter"] = property.CustomConverter?.GetType().Name,
            ["conditional_write"] = property.ShouldSerialize != null,
            ["named"] = member?.IsDefined(typeof(JsonPropertyNameAttribute)) ?? false,
            ["skips_default"] = (member?.GetCustomAttribute<JsonIgnoreAttribute>()?.Condition ?? info.Options.DefaultIgnoreCondition) == JsonIgnoreCondition.WhenWritingDefault,
            ["never_null"] = property.PropertyType.IsValueType && Nullable.GetUnderlyingType(property.PropertyType) == null,
            ["initial"] = Initial(property, parameter, fresh),
            ["form"] = Forms.Of(property),
            ["limits"] = Limits.Of(member),
            ["file"] = file,
            ["line"] = line,
        };
    }

    // The value of a member that the JSON does not have, as JSON: null where a caller must give one, `?` where it is not known.
    static string? Initial(JsonPropertyInfo property, JsonParameterInfo? parameter, object? fresh)
    {
        object? value = null;
        if (parameter is { IsMemberInitializer: false, HasDefaultValue: false }) return null;
        if (parameter is { IsMemberInitializer: false }) value = parameter.DefaultValue;
        else if (property.Get == null) return null;
        else if (fresh == null || Fault(() => value = property.Get(fresh)) != null) return "?";
        string? text = null;
        return Fault(() => text = JsonSerializer.Serialize(value, property.PropertyType, Forms.Options(property))) == null ? text : "?";
    }

    void Undecided(Type? type, string why)
    {
        var (file, line) = places.Of(type);
        undecided.Add((JsonNode)new JsonObject { ["file"] = file, ["line"] = line, ["why"] = why });
    }

    static string Reason(Exception fault) => (fault.InnerException ?? fault).Message;
}
