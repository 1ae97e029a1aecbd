using System.Runtime.CompilerServices;
using Foretoken.Quantities;

namespace Foretoken.Workloads.Synthetic.Sampling;

/// <summary>Draws prompt and answer lengths together.</summary>
internal sealed class LengthSampler
{
    private readonly Sampler? _input;
    private readonly Sampler? _output;
    private readonly double _correlation;
    private readonly double _own;
    private readonly IReadOnlyList<LengthPair>? _pairs;
    private readonly CumulativeTable? _table;

    /// <summary>Two distributions tied by a Gaussian copula.</summary>
    public LengthSampler(Sampler input, Sampler output, double correlation)
    {
        _input = input;
        _output = output;
        _correlation = correlation;
        _own = Math.Sqrt(1 - correlation * correlation);
    }

    /// <summary>A joint table.</summary>
    public LengthSampler(IReadOnlyList<LengthPair> pairs)
    {
        _pairs = pairs;
        _table = new CumulativeTable([.. pairs.Select(pair => pair.Weight)]);
    }

    /// <summary>
    /// Draws both: one number from each stream, so that what one stream says about other requests never depends on the
    /// distributions.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Next(ref RandomStream inputs, ref RandomStream outputs, out int input, out int output)
    {
        if (_table is not null)
        {
            var pair = _pairs![_table.Find(inputs.NextOpenDouble())];
            input = pair.Input;
            output = pair.Output;
        }
        else if (_correlation == 0)
        {
            input = _input!.NextWhole(ref inputs);
            output = _output!.NextWhole(ref outputs);
        }
        else
        {
            var z = inputs.NextNormal();
            input = (int)_input!.FromNormal(z);
            output = (int)_output!.FromNormal(_correlation * z + _own * outputs.NextNormal());
        }
    }

    /// <summary>Mean prompt and answer length.</summary>
    public (double Input, double Output) Means()
    {
        if (_pairs is null)
        {
            return (_input!.Mean(), _output!.Mean());
        }

        var weight = _pairs.Sum(pair => pair.Weight);
        return (_pairs.Sum(pair => pair.Weight * pair.Input) / weight, _pairs.Sum(pair => pair.Weight * pair.Output) / weight);
    }
}
