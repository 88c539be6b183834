// The options of System.Text.Json that read and write documents of the contract.
using System.Text.Json;

namespace Concord.Contracts;

/// <summary>Options of System.Text.Json for documents of the contract.</summary>
public static class ContractJson
{
    static readonly JsonSerializerOptions[] ByDialect =
        [.. Enum.GetValues<Dialect>().Select(dialect => new JsonSerializerOptions(JsonSerializerOptions.Strict)
        {
            PropertyNamingPolicy = dialect.Policy(),
            Converters = { new StrictInteger<int>(), new StrictInteger<long>() },
        })];

    /// <summary>Strict options in a dialect: unknown names, names that stand twice and null where a value must be are refused.
    /// Shared and read-only after the first use.</summary>
    public static JsonSerializerOptions Options(Dialect dialect) => ByDialect[(int)dialect];
}
