// Rules over several fields: their kinds, and which field a breach is reported at.
using System.Globalization;
using System.Text.Json;

namespace Concord.Contracts;

/// <summary>A field that a rule compares.</summary>
/// <param name="Pointer">Canonical, from the rule's document.</param>
/// <param name="IsSaid">Whether the sender wrote it.</param>
/// <param name="Value">Its value, or its default.</param>
readonly record struct RuleField(string Pointer, bool IsSaid, object? Value);

/// <summary>How a rule is broken: the measured value and the limits, as far as there are any.</summary>
sealed record Breach(double? Value = null, double? Minimum = null, double? Maximum = null)
{
    public static Breach? If(bool broken) => broken ? new() : null;

    public static Breach? ProductAtMost(double? a, double? b, double maximum) => Over(a * b, maximum);

    public static Breach? LastSeedAtMost(long? seed, long? count, double maximum) =>
        seed is >= 0 && count is not null && (Int128)seed + count - 1 is var last && (double)last > maximum ? new((double)last, null, maximum) : null;

    public static Breach? FloorProductAtLeast(double? a, double? b, double minimum) =>
        a * b is { } product && Math.Floor(product) is var floor && floor < minimum ? new(floor, minimum) : null;

    public static Breach? LessThan(double? a, double? b) => If(a >= b);

    public static Breach? ScaledAtMost(double? a, double? b, double? factor, double maximum) =>
        Scaled(a, factor) is { } width && Scaled(b, factor) is { } height ? Over(Math.Max(width, height), maximum) : null;

    public static Breach? ScaledProductAtMost(double? a, double? b, double? factor, double maximum) =>
        Over(Scaled(a, factor) * Scaled(b, factor), maximum);

    public static Breach? Same(object? a, object? b) => If(a is not null && b is not null && !a.Equals(b));

    static Breach? Over(double? value, double maximum) => value > maximum ? new(value, null, maximum) : null;

    static double? Scaled(double? side, double? factor) =>
        side * factor is { } scaled ? Math.Round(scaled, MidpointRounding.AwayFromZero) : null;
}

sealed partial class Checks
{
    /// <summary>What the broken rules of a document blame.</summary>
    readonly HashSet<string> blamed = [];

    /// <summary>A value as a rule reads it: none of one that is empty or could not be read.</summary>
    public T? Readable<T>(Place at, string pointer, T? value) where T : class =>
        value is string { Length: 0 } || unread.Contains(at.Canonical + pointer) ? null : value;

    public void Rule(Place at, string id, ErrorCode code, string message, RuleField[] fields, Breach? breach)
    {
        if (breach is null || fields.Any(field => IsFaulty(at.Canonical + field.Pointer))) return;
        var place = Sender(at, Blamed(fields));
        violations.Add(new(place.Sender, code, Sentence(message, fields, breach), id));
        blamed.Add(place.Canonical);
    }

    /// <summary>Marks the fields that broken rules blame as faulty, so that they get no warning. Earlier, a second rule over the same field would
    /// not be judged.</summary>
    public void Blame()
    {
        faulty.UnionWith(blamed);
        blamed.Clear();
    }

    /// <summary>Warns only about values that the sender wrote, never about defaults.</summary>
    public void Warn(Place at, WarningCode code, string message, RuleField[] fields, Breach? breach)
    {
        if (breach is null || !fields[^1].IsSaid || fields.Any(field => IsFaulty(at.Canonical + field.Pointer))) return;
        warnings.Add(new(Sender(at, Blamed(fields)).Sender, code, Sentence(message, fields, breach)));
    }

    /// <summary>Warns of a value that was set where it has no effect.</summary>
    public void Idle(Place at, string pointer, bool isSaid, bool isDefault, bool hasEffect)
    {
        if (!isSaid || isDefault || hasEffect || IsFaulty(at.Canonical + pointer)) return;
        warnings.Add(new(Sender(at, pointer).Sender, WarningCode.NoEffect, $"`{pointer[(pointer.LastIndexOf('/') + 1)..]}` takes no effect here"));
    }

    static string Blamed(RuleField[] fields) => fields.Reverse().FirstOrDefault(field => field.IsSaid, fields[0]).Pointer;

    bool IsFaulty(string canonical) =>
        faulty.Contains(canonical) || faulty.Any(known => known.StartsWith(canonical + "/", StringComparison.Ordinal));

    /// <summary>The place of a canonical pointer, in the sender's spelling.</summary>
    Place Sender(Place at, string pointer)
    {
        var names = pointer.Split('/').Skip(1).Select(name => Names.Csharp.TryGetValue(name, out var csharp) ? dialect.Spell(csharp) : name);
        return new(at.Canonical + pointer, at.Sender + string.Concat(names.Select(name => "/" + name)));
    }

    static string Sentence(string message, RuleField[] fields, Breach breach) => message
        .Replace("{left}", Shown(fields[0].Value))
        .Replace("{right}", Shown(fields.ElementAtOrDefault(1).Value))
        .Replace("{value}", Shown(breach.Value))
        .Replace("{minimum}", Shown(breach.Minimum))
        .Replace("{maximum}", Shown(breach.Maximum));

    static string Shown(object? value) => value switch
    {
        null => "absent",
        string text => $"`{text}`",
        Enum name => $"`{JsonSerializer.SerializeToElement(name, name.GetType()).GetString()}`",
        double number => number.ToString("0.###############", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}

/// <summary>Defaults of the items of a list.</summary>
static class Defaults
{
    public static IReadOnlyList<T>? Each<T>(IReadOnlyList<T>? items, Func<T, T> fill) =>
        items?.Select(item => item is null ? item! : fill(item)).ToList();
}
