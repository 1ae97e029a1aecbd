namespace Foretoken.Hardware.Coefficients;

/// <summary>
/// Attention time of decoding requests, for each number of requests interpolated linearly in the mean context between
/// sixteen points per doubling. The windows and limits of real models are powers of two, which are such points.
/// </summary>
internal sealed class DecodeAttentionTable(Func<double, double, double> compute)
{
    private const int BitsPerDoubling = 4;
    private const int Doublings = 21;
    private const int Points = (Doublings << BitsPerDoubling) + 1;
    private const long FirstBits = 1023L << BitsPerDoubling;
    private double[]?[] _rows = [];

    /// <summary>Microseconds for requests whose contexts sum to <paramref name="context"/>.</summary>
    public double Us(int requests, long context)
    {
        var mean = (double)context / requests;
        var point = (BitConverter.DoubleToInt64Bits(mean) >> (52 - BitsPerDoubling)) - FirstBits;
        if ((ulong)point >= Points - 1)
        {
            return compute(requests, context); // Beyond two million tokens each, or less than one.
        }

        var row = requests < _rows.Length ? _rows[requests] ?? NewRow(requests) : NewRow(requests);
        var (low, high) = (row[point], row[point + 1]);
        var (from, to) = (At(point), At(point + 1));
        if (low < 0)
        {
            row[point] = low = compute(requests, from * requests);
        }

        if (high < 0)
        {
            row[point + 1] = high = compute(requests, to * requests);
        }

        return low + ((high - low) * ((mean - from) / (to - from)));
    }

    private static double At(long point) => BitConverter.Int64BitsToDouble((point + FirstBits) << (52 - BitsPerDoubling));

    private double[] NewRow(int requests)
    {
        if (requests >= _rows.Length)
        {
            Array.Resize(ref _rows, Math.Max(64, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)requests + 1)));
        }

        var row = _rows[requests] = new double[Points];
        Array.Fill(row, -1);
        return row;
    }
}
