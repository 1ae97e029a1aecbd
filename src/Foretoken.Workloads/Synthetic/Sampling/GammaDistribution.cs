using Foretoken.Quantities;

namespace Foretoken.Workloads.Synthetic.Sampling;

/// <summary>Gamma-distributed numbers: G. Marsaglia and W. W. Tsang, A simple method for generating gamma variables, 2000.</summary>
internal sealed class GammaDistribution
{
    private readonly double _d;
    private readonly double _c;
    private readonly double _inverseShape;
    private readonly bool _boosted;
    private readonly double _scale;

    /// <summary>The distribution with mean 1 and the given shape (above 0); its coefficient of variation is 1/sqrt(shape).</summary>
    public GammaDistribution(double shape)
    {
        // Below shape 1 the method does not work: draw with shape + 1 and multiply by U^(1/shape).
        _boosted = shape < 1;
        _d = (_boosted ? shape + 1 : shape) - 1.0 / 3;
        _c = 1 / Math.Sqrt(9 * _d);
        _inverseShape = 1 / shape;
        _scale = 1 / shape;
    }

    /// <summary>Draws one number of mean 1.</summary>
    public double Next(ref RandomStream random)
    {
        while (true)
        {
            var z = random.NextNormal();
            var root = 1 + _c * z;
            if (root <= 0)
            {
                continue;
            }

            var v = root * root * root;
            var u = random.NextOpenDouble();
            if (DeterministicMath.Log(u) >= 0.5 * z * z + _d * (1 - v + DeterministicMath.Log(v)))
            {
                continue;
            }

            var value = _d * v * _scale;
            return _boosted ? value * DeterministicMath.Pow(random.NextOpenDouble(), _inverseShape) : value;
        }
    }
}
