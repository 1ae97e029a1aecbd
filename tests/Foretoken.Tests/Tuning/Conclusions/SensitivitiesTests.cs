using Foretoken.Tuning.Conclusions;
using Foretoken.Tuning.Results;
using Xunit;

namespace Foretoken.Tests.Tuning.Conclusions;

public sealed class SensitivitiesTests
{
    [Fact]
    public void Of_OneDimensionThatDecides_TellsItFromNoise()
    {
        var random = new Random(1);
        var points = Enumerable.Range(0, 400).Select(_ => (Size: random.Next(4), Colour: random.Next(6))).ToList();
        var found = Sensitivities.Of(
            [.. points.Select(p => new Dictionary<string, string> { ["colour"] = $"{p.Colour}", ["size"] = $"{p.Size}" })],
            [.. points.Select(p => new[] { p.Size + 0.1 * random.NextDouble() })],
            ["colour", "size"]);
        Assert.Equal(["size", "colour"], found.Select(s => s.Dimension));
        Assert.InRange(found[0].Shares[0], 0.9, 1);
        Assert.InRange(found[1].Shares[0], 0, 0.05);
        Assert.Equal("0", found[0].Best[0]);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(6)]
    public void Of_FewPointsAndManyValues_DoesNotSeemToDecide(int points)
    {
        // Whatever the values are, each has its own point or nearly so: chance explains it all.
        double total = 0;
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            IReadOnlyList<Sensitivity> found = Sensitivities.Of(
                [.. Enumerable.Range(0, 20).Select(i => i < points ? new Dictionary<string, string> { ["rare"] = $"{i % (points - 1)}" } : [])],
                [.. Enumerable.Range(0, 20).Select(_ => new[] { random.NextDouble() })],
                ["rare"]);
            total += found.Count == 0 ? 0 : found[0].Shares[0];
        }

        Assert.InRange(total / 200, 0, 0.5);
    }
}
