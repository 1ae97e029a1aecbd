namespace Foretoken.Workloads.Synthetic.Sampling;

/// <summary>Chooses an index in proportion to weights, by binary search over their running sum.</summary>
internal sealed class CumulativeTable
{
    private readonly double[] _upTo;

    /// <summary>Weights: at least 0, with a positive sum.</summary>
    public CumulativeTable(IReadOnlyList<double> weights)
    {
        _upTo = new double[weights.Count];
        double sum = 0;
        for (var i = 0; i < _upTo.Length; i++)
        {
            sum += weights[i];
            _upTo[i] = sum;
        }

        for (var i = 0; i < _upTo.Length; i++)
        {
            _upTo[i] /= sum;
        }
    }

    /// <summary>Index for a uniform number in (0, 1): the smallest whose running share is above it.</summary>
    public int Find(double u)
    {
        var low = 0;
        var high = _upTo.Length - 1;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (_upTo[middle] > u)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }
}
