using Foretoken.Hardware.OpTables;
using Xunit;

namespace Foretoken.Tests.Hardware.OpTables;

public sealed class MeasuredCurveTests
{
    // Bound: half a microsecond per unit, so that the last three points are 4, 3 and 2.5 times above it.
    private static readonly GridRow Row = new(0, [1, 2, 8, 16], [10, 4, 12, 20]);

    private static MeasuredCurve Curve(bool squared = false, int tail = 3) => new(Row, x => x * 0.5, squared, tail);

    [Theory]
    [InlineData(1, 10)]
    [InlineData(2, 4)]
    [InlineData(8, 12)]
    [InlineData(16, 20)]
    public void Us_AtAMeasuredPlace_IsTheMeasurement(double x, double us)
    {
        Assert.Equal(us, Curve().Us(x), 1e-12);
        Assert.Equal(us, Curve(squared: true).Us(x), 1e-12);
    }

    [Theory]
    [InlineData(1.5, 7)]
    [InlineData(5, 8)]
    [InlineData(12, 16)]
    public void Us_BetweenPlaces_IsAStraightLine(double x, double us) => Assert.Equal(us, Curve().Us(x), 1e-12);

    [Fact]
    public void Us_BetweenPlacesOfWorkThatGrowsWithTheSquare_IsAStraightLineInItsRoot()
    {
        var curve = new MeasuredCurve(new GridRow(0, [10, 20], [100, 400]), x => x, squared: true, tail: 1);
        Assert.Equal(225, curve.Us(15), 1e-9);
    }

    [Fact]
    public void Us_BeforeTheFirstPlace_IsItsTime() => Assert.Equal(10, Curve().Us(0.25));

    [Theory]
    [InlineData(1, 32, 40)] // 2.5 times the bound of 16, as at the last point.
    [InlineData(3, 32, 48)] // The median of 4, 3 and 2.5.
    [InlineData(2, 32, 44)] // Between 3 and 2.5.
    public void Us_BeyondTheLastPlace_KeepsItsDistanceFromTheBound(int tail, double x, double us) => Assert.Equal(us, Curve(tail: tail).Us(x), 1e-12);
}
