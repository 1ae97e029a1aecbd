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
        var point = Point(mean);
        if ((ulong)point >= Points - 1)
        {
            return compute(requests, context); // Beyond two million tokens each, or less than one.
        }

        var (low, high) = Ends(requests, point);
        var from = At(point);
        return low + ((high - low) * ((context - (from * requests)) * (1 / ((At(point + 1) - from) * requests))));
    }

    /// <summary>The straight line that steps from one context to another begin on, and how many of them stay on it; none outside of the table.</summary>
    /// <param name="requests">Decoding requests.</param>
    /// <param name="first">Context tokens of the first step.</param>
    /// <param name="last">Context tokens of the last step.</param>
    /// <param name="perStep">Tokens that each step adds.</param>
    /// <param name="steps">Steps on the line.</param>
    public DecodeLine Piece(int requests, long first, long last, int perStep, out int steps)
    {
        var point = Point((double)first / requests);
        if ((ulong)point >= Points - 1)
        {
            steps = 0;
            return default;
        }

        var (low, high) = Ends(requests, point);
        var (from, to) = (At(point), At(point + 1));

        // The mean grows by one per step; the last whole step below the next point.
        var all = ((last - first) / perStep) + 1;
        var inside = (long)Math.Ceiling(to - ((double)first / requests)) - 1;
        steps = (int)Math.Clamp(inside, 0, all);
        return new DecodeLine(low, high - low, from * requests, 1 / ((to - from) * requests));
    }

    private (double Low, double High) Ends(int requests, long point)
    {
        var row = requests < _rows.Length ? _rows[requests] ?? NewRow(requests) : NewRow(requests);
        var (low, high) = (row[point], row[point + 1]);
        if (low < 0)
        {
            row[point] = low = compute(requests, At(point) * requests);
        }

        if (high < 0)
        {
            row[point + 1] = high = compute(requests, At(point + 1) * requests);
        }

        return (low, high);
    }

    private static long Point(double mean) => (BitConverter.DoubleToInt64Bits(mean) >> (52 - BitsPerDoubling)) - FirstBits;

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
