using System.Globalization;
using System.Text;
using Foretoken.Fleet.Routing;
using Foretoken.Quantities;
using Foretoken.Tests.Support;
using Xunit;

namespace Foretoken.Tests.Fleet.Routing;

/// <summary>docs/routing.md lists every policy with its keys and defaults, and shows the example as it is. FORETOKEN_ACCEPT=1 writes both.</summary>
public sealed class RoutingDocumentationTests
{
    private const string File = "docs/routing.md";

    [Fact]
    public void Policies_AreListedWithTheirDefaults()
    {
        var text = System.IO.File.ReadAllText(Repository.PathOf(File));
        Snapshot.MatchFile(File, Between(text, "<!-- policies -->\n", "<!-- /policies -->", Table()));
    }

    [Fact]
    public void Example_IsShownAsItIs()
    {
        var text = System.IO.File.ReadAllText(Repository.PathOf(File));
        var example = System.IO.File.ReadAllText(Repository.PathOf("examples/policies/LongPromptsApart.cs"));
        Snapshot.MatchFile(File, Between(text, "```csharp\n", "```\n\nWhat the decision reads", example));
    }

    private static string Between(string text, string open, string close, string content)
    {
        var start = text.IndexOf(open, StringComparison.Ordinal) + open.Length;
        var end = text.IndexOf(close, start, StringComparison.Ordinal);
        Assert.True(start >= open.Length && end >= start);
        return text[..start] + content + text[end..];
    }

    private static string Table()
    {
        var table = new StringBuilder("| policy | picks | its keys and their defaults | polls | source |\n|---|---|---|---|---|\n");
        foreach (var policy in RoutingPolicies.All)
        {
            var keys = policy.Parameters.Select(p => $"`{p.Name}` {Show(p.DefaultObject)}");
            var poll = policy.Timing.PollInterval == SimDuration.Zero ? "" : Show(policy.Timing.PollInterval) + (policy.Timing.InFlightCorrection ? ", corrected" : "");
            table.Append(CultureInfo.InvariantCulture, $"| `{policy.Name}` | {policy.Meaning} | {string.Join(", ", keys)} | {poll} | {policy.Source} |\n");
        }

        return table.ToString();
    }

    private static string Show(object value) => value switch
    {
        bool b => b ? "true" : "false",
        SimDuration d when d.Nanoseconds % 1_000_000_000 == 0 => string.Create(CultureInfo.InvariantCulture, $"{d.Nanoseconds / 1_000_000_000} s"),
        SimDuration d => string.Create(CultureInfo.InvariantCulture, $"{d.TotalMilliseconds} ms"),
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}
