namespace Foretoken.Hardware.Coefficients;

/// <summary>A function of a whole number of tokens, computed once per number.</summary>
internal sealed class TokenTable(Func<double, double> compute)
{
    private double[] _values = [];

    /// <summary>The function's value.</summary>
    public double this[int tokens] => (uint)tokens < (uint)_values.Length && _values[tokens] >= 0 ? _values[tokens] : Compute(tokens);

    private double Compute(int tokens)
    {
        if (tokens >= _values.Length)
        {
            var grown = new double[Math.Max(64, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)tokens + 1))];
            Array.Fill(grown, -1);
            _values.CopyTo(grown, 0);
            _values = grown;
        }

        return _values[tokens] = tokens == 0 ? 0 : compute(tokens);
    }
}
