using System.Diagnostics;
using Foretoken.Quantities;

namespace Foretoken.Hardware.StepTime.Records;

/// <summary>
/// A smooth factor over two sizes, from scattered records. Lattice points lie eight to each doubling of either size. A record
/// counts at the lattice point nearest to it; several there count with their geometric mean. Other lattice points get the mean
/// of all recorded ones, each weighted with one over the fourth power of its distance in doublings. Between lattice points:
/// bilinear.
/// </summary>
internal sealed class RatioLattice
{
    private const int Bits = 3;
    private const int Doublings = 41;
    private const int Points = (Doublings << Bits) + 2;
    private const long FirstBits = 1023L << Bits;

    private readonly List<(long X, long Y, double Log)> _cells;
    private readonly double[]?[] _rows = new double[]?[Points];

    /// <param name="records">Sizes of at least 1, and the factor that was seen there.</param>
    public RatioLattice(IEnumerable<(double X, double Y, double Ratio)> records) =>
        _cells = [.. records.GroupBy(r => (X: Nearest(r.X), Y: Nearest(r.Y))).OrderBy(g => g.Key)
            .Select(g => (g.Key.X, g.Key.Y, g.Average(r => DeterministicMath.Log(r.Ratio))))];

    /// <summary>Whether nothing was recorded.</summary>
    public bool IsEmpty => _cells.Count == 0;

    /// <summary>The factor at two sizes of at least 1; 1 when nothing was recorded.</summary>
    public double At(double x, double y)
    {
        if (IsEmpty)
        {
            return 1;
        }

        var (i, u) = Place(x);
        var (j, v) = Place(y);
        var low = Blend(i, j, v);
        return u == 0 ? low : low + ((Blend(i + 1, j, v) - low) * u);
    }

    private static (long Index, double Share) Place(double value)
    {
        Debug.Assert(value >= 1);
        var index = Math.Min((BitConverter.DoubleToInt64Bits(value) >> (52 - Bits)) - FirstBits, Points - 2);
        return (index, Math.Min(1, (value - Value(index)) / (Value(index + 1) - Value(index))));
    }

    private static long Nearest(double value) => Place(value) is var (index, share) && share < 0.5 ? index : index + 1;

    private static double Value(long index) => BitConverter.Int64BitsToDouble((index + FirstBits) << (52 - Bits));

    private double Blend(long i, long j, double v)
    {
        var row = _rows[i] ??= Fresh();
        var low = Node(row, i, j);
        return v == 0 ? low : low + ((Node(row, i, j + 1) - low) * v);
    }

    private double Node(double[] row, long i, long j) => row[j] > 0 ? row[j] : row[j] = Compute(i, j);

    private static double[] Fresh() => new double[Points];

    private double Compute(long i, long j)
    {
        var (sum, weights) = (0.0, 0.0);
        foreach (var (x, y, log) in _cells)
        {
            var (dx, dy) = (x - i, y - j);
            var squared = (dx * dx) + (dy * dy);
            if (squared == 0)
            {
                return DeterministicMath.Exp(log);
            }

            var weight = 1.0 / squared / squared;
            sum += weight * log;
            weights += weight;
        }

        return DeterministicMath.Exp(sum / weights);
    }
}
