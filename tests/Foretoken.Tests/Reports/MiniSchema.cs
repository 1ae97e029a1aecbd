using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Foretoken.Tests.Reports;

/// <summary>The part of JSON Schema that our schemas use; an unknown keyword is a failure, so that nothing goes unchecked.</summary>
internal static class MiniSchema
{
    public static List<string> Problems(JsonNode schema, JsonNode? value, string place = "$")
    {
        var problems = new List<string>();
        foreach (var (keyword, rule) in schema.AsObject())
        {
            switch (keyword)
            {
                case "$schema" or "title" or "description":
                    break;
                case "type":
                    var types = rule is JsonArray several ? several.Select(t => t!.GetValue<string>()) : [rule!.GetValue<string>()];
                    if (!types.Any(t => IsType(t, value)))
                    {
                        problems.Add($"{place}: not {rule!.ToJsonString()}");
                    }

                    break;
                case "const" when !JsonNode.DeepEquals(rule, value):
                    problems.Add($"{place}: not {rule!.ToJsonString()}");
                    break;
                case "enum" when !rule!.AsArray().Any(r => JsonNode.DeepEquals(r, value)):
                    problems.Add($"{place}: not one of {rule.ToJsonString()}");
                    break;
                case "pattern" when !Regex.IsMatch(value!.GetValue<string>(), rule!.GetValue<string>()):
                    problems.Add($"{place}: does not match {rule}");
                    break;
                case "minimum" when value!.GetValueKind() == JsonValueKind.Number && value.GetValue<double>() < rule!.GetValue<double>():
                    problems.Add($"{place}: below {rule}");
                    break;
                case "const" or "enum" or "pattern" or "minimum":
                    break;
                case "required" when value is JsonObject o:
                    problems.AddRange(rule!.AsArray().Where(name => !o.ContainsKey(name!.GetValue<string>())).Select(name => $"{place}: lacks {name}"));
                    break;
                case "items" when value is JsonArray items:
                    problems.AddRange(items.SelectMany((item, i) => Problems(rule!, item, $"{place}[{i}]")));
                    break;
                case "properties" when value is JsonObject o:
                    problems.AddRange(rule!.AsObject().Where(p => o.ContainsKey(p.Key)).SelectMany(p => Problems(p.Value!, o[p.Key], $"{place}.{p.Key}")));
                    break;
                case "additionalProperties" when value is JsonObject o:
                    foreach (var (name, member) in o)
                    {
                        if (schema["properties"]?[name] is null && !(schema["patternProperties"]?.AsObject().Any(p => Regex.IsMatch(name, p.Key)) ?? false))
                        {
                            problems.AddRange(rule!.GetValueKind() == JsonValueKind.False ? [$"{place}: knows no {name}"] : Problems(rule, member, $"{place}.{name}"));
                        }
                    }

                    break;
                case "patternProperties" when value is JsonObject o:
                    problems.AddRange(rule!.AsObject().SelectMany(p => o.Where(m => Regex.IsMatch(m.Key, p.Key)).SelectMany(m => Problems(p.Value!, m.Value, $"{place}.{m.Key}"))));
                    break;
                case "required" or "items" or "properties" or "additionalProperties" or "patternProperties":
                    break;
                default:
                    problems.Add($"{place}: the schema uses '{keyword}', which this test does not know");
                    break;
            }
        }

        return problems;
    }

    private static bool IsType(string type, JsonNode? value) => (type, value?.GetValueKind() ?? JsonValueKind.Null) switch
    {
        ("null", JsonValueKind.Null) or ("string", JsonValueKind.String) or ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("number", JsonValueKind.Number) => true,
        ("boolean", JsonValueKind.True or JsonValueKind.False) => true,
        ("integer", JsonValueKind.Number) => value!.GetValue<JsonElement>().TryGetInt64(out _),
        _ => false,
    };
}
