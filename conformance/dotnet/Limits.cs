// Limits that attributes of System.ComponentModel.DataAnnotations state, by their names in JSON Schema.
using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;

static class Limits
{
    public static JsonObject Of(MemberInfo? member)
    {
        var limits = new JsonObject();
        foreach (var one in member?.GetCustomAttributesData() ?? [])
        {
            if (one.AttributeType.Namespace != "System.ComponentModel.DataAnnotations") continue;
            var values = one.ConstructorArguments.Select(argument => argument.Value).ToList();
            switch (one.AttributeType.Name)
            {
                case "RangeAttribute":
                    limits["minimum"] = Number(values[^2]);
                    limits["maximum"] = Number(values[^1]);
                    break;
                case "MinLengthAttribute": limits["min_length"] = Number(values[0]); break;
                case "MaxLengthAttribute" when values.Count > 0: limits["max_length"] = Number(values[0]); break;
                case "LengthAttribute":
                    limits["min_length"] = Number(values[0]);
                    limits["max_length"] = Number(values[1]);
                    break;
                case "StringLengthAttribute":
                    limits["max_length"] = Number(values[0]);
                    if (one.NamedArguments.FirstOrDefault(named => named.MemberName == "MinimumLength").TypedValue.Value is { } least) limits["min_length"] = Number(least);
                    break;
            }
        }
        return limits;
    }

    static double Number(object? value) => Convert.ToDouble(value, CultureInfo.InvariantCulture);
}
