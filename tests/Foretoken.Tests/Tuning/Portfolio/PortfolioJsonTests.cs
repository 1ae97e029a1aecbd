using System.Text.Json.Nodes;
using Foretoken.Reports.Tuning;
using Foretoken.Tests.Reports;
using Foretoken.Tests.Reports.Tuning;
using Foretoken.Tests.Support;
using Foretoken.Tuning.Portfolio;
using Xunit;

namespace Foretoken.Tests.Tuning.Portfolio;

public sealed class PortfolioJsonTests
{
    [Theory]
    [InlineData(4, true)]
    [InlineData(2, false)]
    [InlineData(1, true)]
    public void Text_AnyPortfolio_FollowsTheSchema(int classes, bool priced) =>
        Assert.Empty(Problems(FakePortfolio.Make(FakeStudy.Make(60), classes, priced)));

    [Fact]
    public void Text_NothingCouldRun_FollowsTheSchema() =>
        Assert.Empty(Problems(FakePortfolio.Make(FakeStudy.Make(60), 2) with { Shared = null, Together = null, Deployments = [] }));

    [Fact]
    public void Text_OtherKeys_DoNotFollowTheSchema()
    {
        var value = JsonNode.Parse(PortfolioJson.Text(FakePortfolio.Make(FakeStudy.Make(60), 2)))!;
        value["classes"]![0]!["switching"]!["more"] = 1;
        value["shared"]!.AsObject().Remove("gpus");
        Assert.Equal(["$.shared: lacks gpus", "$.classes[0].switching: knows no more"], MiniSchema.Problems(Schema(), value).Order(StringComparer.Ordinal).Reverse());
    }

    [Fact]
    public void Text_MeasureBoundedFromBothSides_HasAKeyForEach()
    {
        var made = FakePortfolio.Make(FakeStudy.Make(60), 2);
        var bound = made.Deployments[1].MissesInShared![0].Key;
        var result = made with { Deployments = [made.Deployments[0], made.Deployments[1] with { MissesInShared = [new(bound, 0.25), new(bound with { AtLeast = !bound.AtLeast, Bound = 3 }, 0)] }] };
        Assert.Empty(Problems(result));
        var misses = JsonNode.Parse(PortfolioJson.Text(result))!["classes"]![1]!["misses_in_shared"]!.AsObject();
        Assert.Equal(2, misses.Count);
        Assert.All(misses, m => Assert.StartsWith(bound.Measure.Text, m.Key, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(0, "- The switch costs nothing.")]
    [InlineData(2.5, "- The switch pays for itself in 15 min.")]
    public void Markdown_SwitchThatGains_SaysWhenItPays(double cost, string told)
    {
        var made = FakePortfolio.Make(FakeStudy.Make(60), 2);
        var result = made with
        {
            Shared = made.Shared! with { HourPrice = 40 }, Together = made.Together! with { HourPrice = 20 },
            Deployments = [.. made.Deployments.Select(d => d with { Switch = d.Switch with { Cost = cost } })],
        };
        Assert.Equal(told, PortfolioText.Markdown(result).TrimEnd().Split('\n')[^1]);
    }

    internal static List<string> Problems(PortfolioResult result) => MiniSchema.Problems(Schema(), JsonNode.Parse(PortfolioJson.Text(result)));

    private static JsonNode Schema() => JsonNode.Parse(File.ReadAllText(Repository.PathOf("docs", "schema", "portfolio.schema.json")))!;
}
