namespace Foretoken.Metrics.Summaries;

/// <summary>Neumaier's compensated sum of values that are not negative: the mean of ten million is right to the last digits.</summary>
internal struct CompensatedSum
{
    private double _sum;
    private double _lost;

    public readonly double Total => _sum + _lost;

    public void Add(double value)
    {
        var total = _sum + value;
        _lost += Math.Abs(_sum) >= value ? _sum - total + value : value - total + _sum;
        _sum = total;
    }
}
