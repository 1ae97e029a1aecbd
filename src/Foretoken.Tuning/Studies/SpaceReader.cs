using System.Globalization;
using Foretoken.Quantities;
using Foretoken.Tuning.Space;
using Foretoken.Twin.Scenarios.Documents;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Tuning.Studies;

/// <summary>Reads the dimensions that a user wrote under <c>tune.space</c>.</summary>
internal static class SpaceReader
{
    private const string Expected = "a list of values, {range: [first, last], step: s}, {log_range: [first, last], points: n} or {values: [...], when: {path: value}}";

    public static IReadOnlyList<Dimension> Read(ConfigNode node, BindContext context)
    {
        var found = new List<Dimension>();
        foreach (var entry in ((MapNode)node).Entries)
        {
            var path = $"tune.space.{entry.Key}";
            if (entry.Key.Split('.', '[')[0] is "workload" or "seed" or "slo" or "name" or "run" or "tune")
            {
                context.Add(entry.KeyOrigin, path, "is the same for all candidates", "a dimension is part of the deployment: model, gpu, parallel sizes, engine, fleet; other traffic is another study");
                continue;
            }

            if (Choices(entry, path, context) is not var (choices, ordered, when) || choices.Count == 0)
            {
                continue;
            }

            var conditions = new List<Condition>();
            foreach (var condition in when?.Entries ?? [])
            {
                IReadOnlyList<string> values = condition.Value is ListNode list ? [.. list.Items.Select(Text)] : [Text(condition.Value)];
                if (found.Find(d => d.Name == condition.Key) is not { } other)
                {
                    context.Add(condition.KeyOrigin, path, $"depends on '{condition.Key}', which is no dimension before it", found.Count == 0 ? "write that dimension first" : $"one of {string.Join(", ", found.Select(d => d.Name))}");
                }
                else if (values.FirstOrDefault(v => !other.Choices.Any(c => c.Text == v)) is { } missing)
                {
                    context.Add(condition.Value.Origin, path, $"depends on {condition.Key} = {missing}, which is not among its values", $"one of {string.Join(", ", other.Choices.Select(c => c.Text))}");
                }
                else
                {
                    conditions.Add(new Condition(condition.Key, values));
                }
            }

            found.Add(new Dimension { Name = entry.Key, Choices = choices, IsOrdered = ordered, When = conditions });
        }

        return found;
    }

    private static (IReadOnlyList<Choice> Choices, bool Ordered, MapNode? When)? Choices(MapEntry entry, string path, BindContext context)
    {
        switch (entry.Value)
        {
            case ListNode list:
                return (FromList(entry.Key, list, path, context), IsAscending(list), null);
            case MapNode map:
                foreach (var unknown in map.Entries.Where(e => e.Key is not ("values" or "range" or "step" or "log_range" or "points" or "when")))
                {
                    context.Add(unknown.KeyOrigin, $"{path}.{unknown.Key}", "is an unknown key", $"expected {Expected}");
                }

                if (map.Find("when") is { } when and not MapNode)
                {
                    context.Add(when.Origin, $"{path}.when", $"is {when.Shown}", "expected a map of dimension and value");
                }

                var condition = map.Find("when") as MapNode;
                if (map.Find("values") is ListNode values)
                {
                    return (FromList(entry.Key, values, path, context), IsAscending(values), condition);
                }

                if (map.Find("range") is { } range)
                {
                    return (Range(entry.Key, range, map.Find("step"), path, context), true, condition);
                }

                if (map.Find("log_range") is { } log)
                {
                    return (LogRange(entry.Key, log, map.Find("points"), path, context), true, condition);
                }

                break;
        }

        context.Add(entry.Value.Origin, path, $"is {entry.Value.Shown}", $"expected {Expected}");
        return null;
    }

    private static Choice[] FromList(string key, ListNode list, string path, BindContext context)
    {
        if (list.Items.Count == 0)
        {
            context.Add(list.Origin, path, "is an empty list", $"expected {Expected}");
        }

        var texts = new HashSet<string>();
        foreach (var item in list.Items)
        {
            if (!texts.Add(Text(item)))
            {
                context.Add(item.Origin, path, $"has {Text(item)} twice", "keep one of them");
            }
        }

        return [.. list.Items.Select(item => new Choice(Text(item), [new(key, item)]))];
    }

    private static Choice[] Range(string key, ConfigNode range, ConfigNode? step, string path, BindContext context)
    {
        if (Ends(range, $"{path}.range", context) is not var (first, last))
        {
            return [];
        }

        var by = 1m;
        if (step is not null && (!Number(step, out by) || by <= 0))
        {
            context.Add(step.Origin, $"{path}.step", $"is {step.Shown}", "expected a number above 0");
            return [];
        }

        if ((last - first) / by > 10_000)
        {
            context.Add(range.Origin, $"{path}.range", "has more than 10,000 values", "take a larger step, or log_range");
            return [];
        }

        var choices = new List<Choice>();
        for (var value = first; value <= last; value += by)
        {
            choices.Add(Of(key, value, range.Origin));
        }

        return [.. choices];
    }

    private static Choice[] LogRange(string key, ConfigNode range, ConfigNode? points, string path, BindContext context)
    {
        if (Ends(range, $"{path}.log_range", context) is not var (first, last))
        {
            return [];
        }

        if (first <= 0)
        {
            context.Add(range.Origin, $"{path}.log_range", "does not begin above 0", "a geometric series has no zero; use values: [...]");
            return [];
        }

        var whole = first == Math.Truncate(first) && last == Math.Truncate(last);
        var doublings = (int)Math.Round(DeterministicMath.Log((double)last / (double)first) / DeterministicMath.Log(2));
        var count = (decimal)(doublings + 1);
        if (points is not null && (!Number(points, out count) || count < 2 || count > 1000 || count != Math.Truncate(count)))
        {
            context.Add(points.Origin, $"{path}.points", $"is {points.Shown}", "expected a whole number from 2 to 1000");
            return [];
        }

        var choices = new List<Choice>();
        for (var i = 0; i < count; i++)
        {
            var share = count == 1 ? 0 : (double)(i / (count - 1));
            var value = (decimal)DeterministicMath.Exp(DeterministicMath.Log((double)first) + (share * DeterministicMath.Log((double)last / (double)first)));
            value = i == count - 1 ? last : whole ? Math.Round(value) : Math.Round(value, 6);
            if (choices.Count == 0 || choices[^1].Text != Of(key, value, range.Origin).Text)
            {
                choices.Add(Of(key, value, range.Origin));
            }
        }

        return [.. choices];
    }

    private static (decimal First, decimal Last)? Ends(ConfigNode node, string path, BindContext context)
    {
        if (node is ListNode { Items: [var first, var last] } && Number(first, out var from) && Number(last, out var to) && from <= to)
        {
            return (from, to);
        }

        context.Add(node.Origin, path, $"is {node.Shown}", "expected [first, last], two numbers in ascending order");
        return null;
    }

    private static bool IsAscending(ListNode list)
    {
        var before = decimal.MinValue;
        foreach (var item in list.Items)
        {
            if (!Number(item, out var value) || value <= before)
            {
                return false;
            }

            before = value;
        }

        return list.Items.Count > 1;
    }

    private static bool Number(ConfigNode node, out decimal value)
    {
        value = 0;
        return node is ScalarNode scalar && decimal.TryParse(scalar.Text.Replace("_", "", StringComparison.Ordinal), NumberStyles.Float & ~NumberStyles.AllowThousands, CultureInfo.InvariantCulture, out value);
    }

    private static Choice Of(string key, decimal value, Origin origin)
    {
        var text = (value / 1.000000000000000000000000000m).ToString(CultureInfo.InvariantCulture);
        return new Choice(text, [new(key, new ScalarNode(text, quoted: false, origin))]);
    }

    private static string Text(ConfigNode node) => node switch
    {
        ScalarNode scalar => scalar.IsNull ? "none" : scalar.Text,
        ListNode list => "[" + string.Join(", ", list.Items.Select(Text)) + "]",
        MapNode map => "{" + string.Join(", ", map.Entries.Select(e => $"{e.Key}: {Text(e.Value)}")) + "}",
        _ => node.Shown,
    };
}
