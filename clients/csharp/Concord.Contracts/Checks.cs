// The limits of single values, and where each value stands.
using System.Text;
using System.Text.RegularExpressions;

namespace Concord.Contracts;

/// <summary>Where a value stands: canonically, and in the sender's document.</summary>
readonly record struct Place(string Canonical, string Sender)
{
    public static Place Root => new("", "");

    public Place Item(int index) => new($"{Canonical}/{index}", $"{Sender}/{index}");

    public Place Key(string key) => new($"{Canonical}/{Escape(key)}", $"{Sender}/{Escape(key)}");

    public static string Escape(string name) => name.Replace("~", "~0").Replace("/", "~1");
}

/// <summary>Checks a value that is there.</summary>
delegate void Check<in T>(Checks checks, Place at, T value);

/// <summary>The findings of a check while it walks a document.</summary>
sealed partial class Checks(Dialect dialect, Writer writer)
{
    readonly List<Violation> violations = [];
    readonly List<Warning> warnings = [];

    /// <summary>Canonical pointers of values that have a violation of their own. Rules do not compare them.</summary>
    readonly HashSet<string> faulty = [];

    /// <summary>Those of them that could not be read at all: for rules they are absent.</summary>
    readonly HashSet<string> unread = [];

    public static Findings Run(Dialect dialect, Writer writer, Action<Checks, Place> check)
    {
        var checks = new Checks(dialect, writer);
        check(checks, Place.Root);
        return new(checks.violations, checks.warnings);
    }

    public void Optional<T>(Place at, string csharp, T? value, Check<T> check) where T : class
    {
        if (value is not null && !IsAbsent(value)) check(this, Member(at, csharp), value);
    }

    public void OptionalValue<T>(Place at, string csharp, T? value, Check<T> check) where T : struct
    {
        if (value is { } present) check(this, Member(at, csharp), present);
    }

    public void Required<T>(Place at, string csharp, T? value, Check<T> check) where T : class
    {
        if (value is null || IsAbsent(value)) Missing(Member(at, csharp));
        else check(this, Member(at, csharp), value);
    }

    public void RequiredValue<T>(Place at, string csharp, T value, Check<T> check) where T : struct => check(this, Member(at, csharp), value);

    public void Missing(Place at) => Violate(at, ErrorCode.MissingField, $"`{at.Sender[(at.Sender.LastIndexOf('/') + 1)..]}` is missing");

    public void Integer(Place at, long value, long minimum, long maximum, long multipleOf)
    {
        if (value < minimum || value > maximum || value % multipleOf != 0)
            Violate(at, ErrorCode.OutOfRange, $"{value} is outside {minimum}..{maximum}{(multipleOf > 1 ? $" or not a multiple of {multipleOf}" : "")}");
    }

    public void Number(Place at, double value, double minimum, bool above, double maximum, bool below)
    {
        // Not the negation: NaN is outside too.
        var inside = (above ? value > minimum : value >= minimum) && (below ? value < maximum : value <= maximum);
        var allowed = above || below
            ? $"not {(above ? "above" : "at least")} {minimum} and {(below ? "below" : "at most")} {maximum}"
            : $"outside {minimum}..{maximum}";
        if (!inside) Violate(at, ErrorCode.OutOfRange, $"{value} is {allowed}");
    }

    public void Text(Place at, string value, long minimum, long maximum, Regex? form, bool notBlank)
    {
        long length = 0;
        foreach (var _ in value.EnumerateRunes()) length++;
        if (length < minimum || length > maximum)
            Violate(at, ErrorCode.OutOfRange, $"{length} characters; {minimum}..{maximum} are allowed");
        else if (notBlank && value.All(char.IsWhiteSpace))
            Unreadable(at, "the text is blank");
        else if (form is not null && !form.IsMatch(value))
            Unreadable(at, $"the text does not match {form}");
    }

    public void Enumeration<T>(Place at, T value) where T : struct, Enum
    {
        if (Spellings<T>.Name(value) is null) Unreadable(at, $"{value} is no {typeof(T).Name}");
    }

    public void List<T>(Place at, IReadOnlyList<T> items, long minimum, long maximum, bool unique, Check<T>? check)
    {
        if (items.Count > maximum)
        {
            unread.Add(at.Canonical);
            Violate(at, ErrorCode.OutOfRange, $"{items.Count} items; {minimum}..{maximum} are allowed");
            return;
        }
        for (var index = 0; index < items.Count; index++)
        {
            if (items[index] is null) Unreadable(at.Item(index), "a list must not contain null");
            else check?.Invoke(this, at.Item(index), items[index]);
            if (unique && items.Take(index).Contains(items[index])) Unreadable(at.Item(index), $"{items[index]} stands in the list twice");
        }
        if (items.Count < minimum) Violate(at, ErrorCode.OutOfRange, $"{items.Count} items; {minimum}..{maximum} are allowed");
    }

    public void Map<T>(Place at, IReadOnlyDictionary<string, T> entries, long maximum, Check<T>? check)
    {
        if (entries.Count > maximum)
        {
            unread.Add(at.Canonical);
            Violate(at, ErrorCode.OutOfRange, $"{entries.Count} entries; 0..{maximum} are allowed");
            return;
        }
        foreach (var (key, value) in entries)
        {
            if (value is null) Unreadable(at.Key(key), "a value must not be null");
            else check?.Invoke(this, at.Key(key), value);
        }
    }

    Place Member(Place at, string csharp) =>
        new($"{at.Canonical}/{SnakeNaming.Policy.ConvertName(csharp)}", $"{at.Sender}/{dialect.Spell(csharp)}");

    bool IsAbsent(object value) => writer == Writer.Sender && value is string { Length: 0 };

    void Unreadable(Place at, string message)
    {
        unread.Add(at.Canonical);
        Violate(at, ErrorCode.UnsupportedValue, message);
    }

    void Violate(Place at, ErrorCode code, string message)
    {
        faulty.Add(at.Canonical);
        violations.Add(new(at.Sender, code, message));
    }
}
