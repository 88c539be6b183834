// A member that is always null.
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Concord.Contracts;

/// <summary>The value null, of a member that is nothing else.</summary>
[JsonConverter(typeof(Converter))]
public readonly record struct JsonNull
{
    sealed class Converter : JsonConverter<JsonNull>
    {
        public override bool HandleNull => true;

        public override JsonNull Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Null ? default : throw new JsonException("only null may stand here");

        public override void Write(Utf8JsonWriter writer, JsonNull value, JsonSerializerOptions options) => writer.WriteNullValue();
    }
}
