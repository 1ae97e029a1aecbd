namespace Foretoken.Hardware.StepTime;

/// <summary>
/// Measured step times. Prefill: by the step's new prompt tokens, straight lines between the points. Decode: by batch (or
/// tokens in the KV cache) and mean context, bilinear. Beyond the measured range the outermost line goes on, but no step is
/// shorter than the shortest one measured of its kind. A step with both parts takes their sum.
/// </summary>
public sealed class TableStepTime : IStepTimeSource
{
    private readonly StepTimeTable _table;
    private readonly double _prefillLeast;
    private readonly double _decodeLeast;

    /// <summary>For a table that <see cref="StepTimeTable.Problems"/> finds nothing wrong with.</summary>
    public TableStepTime(StepTimeTable table)
    {
        _table = table;
        _prefillLeast = table.PrefillMilliseconds.Min();
        _decodeLeast = table.DecodeMilliseconds.Min();
    }

    /// <inheritdoc />
    public string Name => "table";

    /// <inheritdoc />
    public bool NeedsContextLengths => false;

    /// <inheritdoc />
    public double Milliseconds(in StepBatch batch)
    {
        long tokens = 0;
        foreach (var chunk in batch.Prefills)
        {
            tokens += chunk.NewTokens;
        }

        var prefill = tokens == 0 ? 0 : Prefill(tokens);
        return batch.DecodeRequests == 0 ? prefill : prefill + Decode(batch.DecodeRequests, batch.DecodeContextTokens);
    }

    /// <inheritdoc />
    public void DecodeRun(int requests, long contextTokens, Span<long> nanoseconds)
    {
        for (var i = 0; i < nanoseconds.Length; i++)
        {
            nanoseconds[i] = NanosecondRounding.Round(Decode(requests, contextTokens + (long)i * requests));
        }
    }

    private static int Segment(double[] axis, double x)
    {
        // Index of the segment [i, i+1] that holds x, the outermost one beyond the ends.
        var i = Array.BinarySearch(axis, x);
        i = i < 0 ? ~i - 1 : i;
        return Math.Clamp(i, 0, Math.Max(0, axis.Length - 2));
    }

    private static double Blend(double[] axis, int i, double x) => axis.Length == 1 ? 0 : (x - axis[i]) / (axis[i + 1] - axis[i]);

    private double Prefill(long tokens)
    {
        var times = _table.PrefillMilliseconds;
        var i = Segment(_table.PrefillTokens, tokens);
        var blend = Blend(_table.PrefillTokens, i, tokens);
        var time = times.Length == 1 ? times[0] : times[i] + (times[i + 1] - times[i]) * blend;
        return Math.Max(_prefillLeast, time);
    }

    private double Decode(int requests, long contextTokens)
    {
        double first = _table.DecodeFirstAxis == DecodeAxis.Batch ? requests : contextTokens;
        var context = (double)contextTokens / requests;
        var row = Segment(_table.DecodeFirst, first);
        var column = Segment(_table.DecodeContext, context);
        var blend = Blend(_table.DecodeContext, column, context);
        var low = Along(row, column, blend);
        if (_table.DecodeFirst.Length == 1)
        {
            return Math.Max(_decodeLeast, low);
        }

        var high = Along(row + 1, column, blend);
        return Math.Max(_decodeLeast, low + (high - low) * Blend(_table.DecodeFirst, row, first));
    }

    private double Along(int row, int column, double blend)
    {
        var times = _table.DecodeMilliseconds;
        var at = row * _table.DecodeContext.Length + column;
        return _table.DecodeContext.Length == 1 ? times[at] : times[at] + (times[at + 1] - times[at]) * blend;
    }
}
