using Foretoken.Accuracy.Fitting;
using Xunit;

namespace Foretoken.Tests.Accuracy.Fitting;

public sealed class RidgeSystemTests
{
    [Fact]
    public void Solve_WithAnOutlier_FollowsTheOthers()
    {
        var system = new RidgeSystem(2);
        for (var i = 0; i < 20; i++)
        {
            // residual + slope x = 0 at x = (0.3, -0.2).
            var (a, b) = (1 + (i % 3), 1 + (i % 5));
            system.Add(-(a * 0.3) + (b * 0.2), 1, (0, a), (1, b));
        }

        system.Add(25, 1, (0, 1));
        var x = system.Solve([0, 0], [0, 0], [10, 10]);
        Assert.Equal(0.3, x[0], 2);
        Assert.Equal(-0.2, x[1], 2);
    }

    [Fact]
    public void Solve_WithoutObservations_ReturnsToThePrior()
    {
        var x = new RidgeSystem(2).Solve([0.5, -1], [0.2, 0], [0.1, 3]);
        Assert.Equal(-0.3, x[0], 9);
        Assert.Equal(1, x[1], 9);
    }

    [Fact]
    public void Solve_WithANarrowPrior_HardlyMoves()
    {
        var system = new RidgeSystem(1);
        system.Add(-1, 1, (0, 1));
        Assert.InRange(system.Solve([0], [0], [0.01])[0], 0, 0.001);
        Assert.InRange(system.Solve([0], [0], [10])[0], 0.9, 1);
    }
}
