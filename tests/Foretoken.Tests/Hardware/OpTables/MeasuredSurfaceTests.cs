using Foretoken.Hardware.OpTables;
using Xunit;

namespace Foretoken.Tests.Hardware.OpTables;

public sealed class MeasuredSurfaceTests
{
    // Batches of 2 and 8; the larger one is measured at short lengths only. Bound: batch times length over 100.
    private static readonly OperatorGrid Grid = new(["bfloat16"], [128, 0, 32, 8],
    [
        new GridRow(2, [100, 200, 400], [6, 10, 20]),
        new GridRow(8, [100, 200], [16, 32]),
    ]);

    private static MeasuredSurface Surface => new(Grid, (batch, length) => batch * length / 100, squared: false);

    [Theory]
    [InlineData(2, 100, 6)]
    [InlineData(8, 200, 32)]
    [InlineData(2, 150, 8)]
    [InlineData(8, 150, 24)]
    [InlineData(5, 100, 11)]
    [InlineData(5, 150, 16)]
    [InlineData(3, 300, 15 + ((48 - 15) / 6.0))] // The larger batch goes on alone: 2 times its bound of 24.
    public void Us_Inside_IsBilinear(double batch, double length, double us) => Assert.Equal(us, Surface.Us(batch, length), 1e-12);

    [Theory]
    [InlineData(1, 100, 6)]
    [InlineData(0.5, 150, 8)]
    public void Us_BelowTheSmallestBatch_IsItsTime(double batch, double length, double us) => Assert.Equal(us, Surface.Us(batch, length), 1e-12);

    [Theory]
    [InlineData(16, 100, 32)]
    [InlineData(16, 150, 48)]
    [InlineData(2, 800, 40)]
    [InlineData(16, 400, 128)]
    public void Us_Outside_KeepsTheDistanceFromTheBound(double batch, double length, double us) => Assert.Equal(us, Surface.Us(batch, length), 1e-12);
}
