// The result of a check: violations and warnings, each with its place.
namespace Concord.Contracts;

/// <summary>One way in which a document breaks the contract.</summary>
/// <param name="Pointer">JSON Pointer into the document, as its sender spelt it; empty for the document itself.</param>
/// <param name="Code">Its kind.</param>
/// <param name="Message">One sentence.</param>
/// <param name="Rule">The id of the broken rule over several fields; null of a value's own limits.</param>
public sealed record Violation(string Pointer, ErrorCode Code, string Message, string? Rule = null);

/// <summary>Something that takes no effect.</summary>
/// <param name="Pointer">JSON Pointer into the document, as its sender spelt it.</param>
/// <param name="Code">Its kind.</param>
/// <param name="Message">One sentence.</param>
public sealed record Warning(string Pointer, WarningCode Code, string Message);

/// <summary>All that a check found.</summary>
public sealed record Findings(IReadOnlyList<Violation> Violations, IReadOnlyList<Warning> Warnings)
{
    /// <summary>Whether there is no violation.</summary>
    public bool IsValid => Violations.Count == 0;
}

/// <summary>A document of the contract.</summary>
public interface IContractDocument
{
    /// <summary>Every violation and every warning, all at once.</summary>
    /// <param name="dialect">How the pointers spell names.</param>
    /// <param name="writer">Whether an empty string means absent.</param>
    Findings Validate(Dialect dialect = default, Writer writer = default);
}

/// <summary>A document with defaults.</summary>
public interface IHasDefaults
{
    /// <summary>The document with every default of the contract that applies.</summary>
    /// <param name="device">The kind of device; none: defaults that hang on it are left out.</param>
    IContractDocument Effective(DeviceKind? device);
}
