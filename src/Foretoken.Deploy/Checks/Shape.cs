using System.Globalization;
using System.Text.RegularExpressions;
using Foretoken.Deploy.Documents;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Checks;

/// <summary>What a public schema says of a value, as far as artefacts here use it.</summary>
internal abstract record Shape
{
    /// <summary>Anything at all: what a schema leaves open.</summary>
    public static readonly Shape Any = new AnyShape();

    /// <summary>true or false.</summary>
    public static readonly Shape Switch = new SwitchShape();

    /// <summary>A text.</summary>
    public static readonly Shape Text = new TextShape();

    /// <summary>A text that is no empty one.</summary>
    public static readonly Shape Name = new TextShape { Pattern = "." };

    /// <summary>A name that Kubernetes takes.</summary>
    public static readonly Shape KubernetesName = new TextShape { IsName = true };

    /// <summary>An amount as Kubernetes writes it: a number, or a text such as 16Gi.</summary>
    public static readonly Shape Amount = new TextShape { Pattern = @"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$", OrNumber = true };

    /// <summary>A whole number from 0 on.</summary>
    public static readonly Shape Count = new WholeShape(0);

    /// <summary>A whole number from 1 on.</summary>
    public static readonly Shape Positive = new WholeShape(1);

    /// <summary>A port.</summary>
    public static readonly Shape Port = new WholeShape(1, 65535);

    /// <summary>A port's number or name.</summary>
    public static readonly Shape PortOrName = new TextShape { Pattern = ".", OrNumber = true };

    /// <summary>A number.</summary>
    public static readonly Shape Number = new NumberShape();

    /// <summary>Texts under any keys.</summary>
    public static readonly Shape Labels = new MapShape(Text);

    /// <summary>A list.</summary>
    public static Shape List(Shape item, int least = 0, int most = int.MaxValue) => new ListShape(item, least, most);

    /// <summary>One of several texts.</summary>
    public static Shape OneOf(params string[] values) => new TextShape { Values = values };

    /// <summary>A map with these fields; a name that ends in an exclamation mark has to be there.</summary>
    public static ObjectShape Map(params IEnumerable<(string Name, Shape Shape)> fields) => new(fields);

    /// <summary>Notes everything about a value that is not as the schema says.</summary>
    public abstract void Check(ConfigNode node, string path, List<Problem> problems);

    private protected static void Wrong(List<Problem> problems, string path, ConfigNode node, string expected) =>
        problems.Add(new Problem(path, $"is {node.Shown}", expected));

    private sealed record AnyShape : Shape
    {
        public override void Check(ConfigNode node, string path, List<Problem> problems)
        {
        }
    }

    private sealed record SwitchShape : Shape
    {
        public override void Check(ConfigNode node, string path, List<Problem> problems)
        {
            if (node is not ScalarNode { Quoted: false, Text: "true" or "false" })
            {
                Wrong(problems, path, node, "true or false");
            }
        }
    }

    private sealed record NumberShape : Shape
    {
        public override void Check(ConfigNode node, string path, List<Problem> problems)
        {
            if (node is not ScalarNode { Quoted: false } scalar || !double.TryParse(scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out _))
            {
                Wrong(problems, path, node, "a number");
            }
        }
    }

    private sealed record WholeShape(long Least, long Most = int.MaxValue) : Shape
    {
        public override void Check(ConfigNode node, string path, List<Problem> problems)
        {
            if (node is not ScalarNode { Quoted: false } scalar || !long.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) || value < Least || value > Most)
            {
                Wrong(problems, path, node, Most == int.MaxValue ? $"a whole number of at least {Least}" : $"a whole number from {Least} to {Most}");
            }
        }
    }

    private sealed record TextShape : Shape
    {
        public string? Pattern { get; init; }

        public bool OrNumber { get; init; }

        public bool IsName { get; init; }

        public IReadOnlyList<string> Values { get; init; } = [];

        public override void Check(ConfigNode node, string path, List<Problem> problems)
        {
            // What YAML would read as a number or a switch is no text, however it is meant.
            if (node is not ScalarNode scalar || (!scalar.Quoted && !OrNumber && YamlText.IsAmbiguous(scalar.Text)))
            {
                Wrong(problems, path, node, "a text (in quotes where it looks like a number or a switch)");
            }
            else if (Values.Count > 0 && !Values.Contains(scalar.Text))
            {
                Wrong(problems, path, node, "one of " + string.Join(", ", Values));
            }
            else if (IsName && !Deployments.KubernetesName.IsGood(scalar.Text) && !scalar.Text.Contains("{{", StringComparison.Ordinal))
            {
                Wrong(problems, path, node, $"a name of at most {Deployments.KubernetesName.Longest} small letters, digits and hyphens that begins with a letter");
            }
            else if (Pattern is not null && !Regex.IsMatch(scalar.Text, Pattern, RegexOptions.CultureInvariant | RegexOptions.Singleline))
            {
                Wrong(problems, path, node, "a text like " + Pattern);
            }
        }
    }

    private sealed record ListShape(Shape Item, int Least, int Most) : Shape
    {
        public override void Check(ConfigNode node, string path, List<Problem> problems)
        {
            if (node is not ListNode list || list.Items.Count < Least || list.Items.Count > Most)
            {
                Wrong(problems, path, node, Least == 0 ? "a list" : $"a list of at least {Least}");
                return;
            }

            for (var i = 0; i < list.Items.Count; i++)
            {
                Item.Check(list.Items[i], string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), problems);
            }
        }
    }

    private sealed record MapShape(Shape Value) : Shape
    {
        public override void Check(ConfigNode node, string path, List<Problem> problems)
        {
            if (node is not MapNode map)
            {
                Wrong(problems, path, node, "a map");
                return;
            }

            foreach (var entry in map.Entries)
            {
                Value.Check(entry.Value, $"{path}.{entry.Key}", problems);
            }
        }
    }
}
