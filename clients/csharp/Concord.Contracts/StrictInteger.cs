// Integers as the contract writes them.
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Concord.Contracts;

/// <summary>Refuses an integer that is written with a fraction, an exponent or the sign of a zero. System.Text.Json itself reads
/// <c>-0</c>.</summary>
sealed class StrictInteger<T> : JsonConverter<T> where T : struct, IBinaryInteger<T>
{
    public override T Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
    {
        // An integer has no escapes, so its text is one span in every reader over a string.
        if (reader.TokenType == JsonTokenType.Number && !reader.HasValueSequence && !reader.ValueSpan.SequenceEqual("-0"u8)
            && reader.TryGetInt64(out var value) && value >= long.CreateSaturating(Bound(-1)) && value <= long.CreateSaturating(Bound(1)))
        {
            return T.CreateTruncating(value);
        }
        throw new JsonException();
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WriteNumberValue(long.CreateChecked(value));

    static T Bound(int sign) => T.CreateSaturating(sign < 0 ? Int128.MinValue : Int128.MaxValue);
}
