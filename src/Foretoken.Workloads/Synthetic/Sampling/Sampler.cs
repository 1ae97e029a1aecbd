using Foretoken.Quantities;

namespace Foretoken.Workloads.Synthetic.Sampling;

/// <summary>
/// A validated distribution, ready to draw from by inverting its distribution function: one uniform (or normal) number gives
/// one value, and a larger number never a smaller value.
/// </summary>
internal sealed class Sampler
{
    // Mass outside the cut-offs that is too little to bother with: below the accuracy of the normal quantile.
    private const double NoMass = 1e-9;

    private readonly DistributionKind _kind;
    private readonly double _min;
    private readonly double _max;
    private readonly bool _whole;
    private readonly double _location;
    private readonly double _scale;
    private readonly double _shareBelow;
    private readonly double _shareInside;
    private readonly bool _cut;
    private readonly CumulativeTable? _table;
    private readonly double[] _q = [];
    private readonly double[] _values = [];

    /// <summary>Prepares a spec that <see cref="DistributionRules.Check"/> found nothing wrong with.</summary>
    public Sampler(DistributionSpec spec, ValueRange range)
    {
        _kind = spec.Distribution;
        _min = spec.Min ?? range.Min;
        _max = spec.Max ?? range.Max;
        _whole = range.Whole;
        switch (_kind)
        {
            case DistributionKind.Fixed:
                _min = _max = spec.Value!.Value;
                return;
            case DistributionKind.Uniform:
                return;
            case DistributionKind.Normal:
                _location = spec.Mean!.Value;
                _scale = spec.StandardDeviation ?? spec.Cv!.Value * _location;
                break;
            case DistributionKind.Lognormal:
                var variance = spec.Cv is { } cv ? DeterministicMath.Log(1 + cv * cv) : spec.Sigma!.Value * spec.Sigma.Value;
                _scale = Math.Sqrt(variance);
                _location = spec.Mean is { } mean ? DeterministicMath.Log(mean) - variance / 2 : DeterministicMath.Log(spec.Median!.Value);
                break;
            case DistributionKind.Exponential:
                _scale = spec.Mean!.Value;
                break;
            case DistributionKind.Geometric:
                _scale = DeterministicMath.Log(1 - 1 / spec.Mean!.Value); // -infinity for mean 1
                break;
            case DistributionKind.Empirical when spec.Quantiles is { } points:
                _q = [.. points.Select(point => point.Q)];
                _values = [.. points.Select(point => point.Value)];
                _min = _values[0];
                _max = _values[^1];
                return;
            default:
                _values = [.. spec.Values!];
                var weights = spec.Weights?.ToArray() ?? [.. _values.Select(_ => 1.0)];
                Array.Sort(_values, weights); // ascending, so that a larger draw never gives a smaller value
                _table = new CumulativeTable(weights);
                return;
        }

        // Whole numbers stand for the interval of half a unit around them.
        var edge = _whole && _kind != DistributionKind.Geometric ? 0.5 : 0;
        _shareBelow = _kind == DistributionKind.Geometric ? ShareUpTo(_min - 1) : ShareUpTo(_min - edge);
        _shareInside = ShareUpTo(_max + edge) - _shareBelow;
        _cut = _shareInside < 1 - NoMass;
    }

    /// <summary>Share of the uncut distribution that lies inside the cut-offs; 1 for shapes without.</summary>
    public double ShareInside => _cut ? _shareInside : 1;

    /// <summary>Draws one value.</summary>
    public double Next(ref RandomStream random) => FromUniform(random.NextOpenDouble());

    /// <summary>Draws one whole value.</summary>
    public int NextWhole(ref RandomStream random) => (int)FromUniform(random.NextOpenDouble());

    /// <summary>The value at share <paramref name="u"/> in (0, 1).</summary>
    public double FromUniform(double u)
    {
        if (_cut)
        {
            u = Math.Clamp(_shareBelow + u * _shareInside, 1e-300, 1 - 1.2e-16);
        }

        return _kind switch
        {
            DistributionKind.Fixed => _min,
            DistributionKind.Uniform => _whole ? Math.Min(_max, _min + Math.Floor(u * (_max - _min + 1))) : _min + u * (_max - _min),
            DistributionKind.Normal => Finish(_location + _scale * DeterministicMath.NormalQuantile(u)),
            DistributionKind.Lognormal => Finish(DeterministicMath.Exp(_location + _scale * DeterministicMath.NormalQuantile(u))),
            DistributionKind.Exponential => Finish(-_scale * DeterministicMath.Log(1 - u)),
            DistributionKind.Geometric => Finish(Math.Max(1, Math.Ceiling(DeterministicMath.Log(1 - u) / _scale))),
            _ => _table is not null ? _values[_table.Find(u)] : Finish(Interpolate(u)),
        };
    }

    /// <summary>The value that has the share of <paramref name="z"/> in the standard normal distribution.</summary>
    public double FromNormal(double z)
    {
        if (!_cut && _kind == DistributionKind.Lognormal)
        {
            return Finish(DeterministicMath.Exp(_location + _scale * z));
        }

        return !_cut && _kind == DistributionKind.Normal ? Finish(_location + _scale * z) : FromUniform(NormalDistribution.OpenCumulative(z));
    }

    /// <summary>Mean of what is drawn: the quantile function integrated at 20,000 equally spaced shares.</summary>
    public double Mean()
    {
        const int points = 20_000;
        double sum = 0;
        for (var i = 0; i < points; i++)
        {
            sum += FromUniform((i + 0.5) / points);
        }

        return sum / points;
    }

    private double ShareUpTo(double x) => _kind switch
    {
        DistributionKind.Normal => _scale == 0 ? (x >= _location ? 1 : 0) : NormalDistribution.Cumulative((x - _location) / _scale),
        DistributionKind.Lognormal when x <= 0 => 0,
        DistributionKind.Lognormal => _scale == 0
            ? (DeterministicMath.Log(x) >= _location ? 1 : 0)
            : NormalDistribution.Cumulative((DeterministicMath.Log(x) - _location) / _scale),
        DistributionKind.Exponential => x <= 0 ? 0 : 1 - DeterministicMath.Exp(-x / _scale),
        _ => x <= 0 ? 0 : 1 - DeterministicMath.Exp(x * _scale),
    };

    private double Interpolate(double u)
    {
        var low = 0;
        var high = _q.Length - 1;
        while (high - low > 1)
        {
            var middle = (low + high) >>> 1;
            if (_q[middle] <= u)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        var width = _q[high] - _q[low];
        return width <= 0 ? _values[high] : _values[low] + (_values[high] - _values[low]) * ((u - _q[low]) / width);
    }

    private double Finish(double x) => Math.Clamp(_whole ? Math.Round(x) : x, _min, _max);
}
