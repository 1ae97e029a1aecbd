namespace Foretoken.Engines.SgLang.Plain;

/// <summary>
/// A sum of floating point numbers as Python computes it since 3.12: with Neumaier's compensation. The engine compares such
/// a sum with whole numbers of tokens, so its last bit can decide an admission.
/// </summary>
internal struct PythonSum
{
    private double _sum;
    private double _compensation;

    /// <summary>The sum so far.</summary>
    public readonly double Value => _sum + _compensation;

    /// <summary>Adds a number.</summary>
    public void Add(double value)
    {
        var sum = _sum + value;
        _compensation += Math.Abs(_sum) >= Math.Abs(value) ? _sum - sum + value : value - sum + _sum;
        _sum = sum;
    }
}
