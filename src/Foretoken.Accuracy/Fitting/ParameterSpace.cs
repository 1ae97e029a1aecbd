using Foretoken.Hardware.Coefficients;
using Foretoken.Quantities;

namespace Foretoken.Accuracy.Fitting;

/// <summary>
/// The numbers that the fit may move, as logarithms: overheads and front-end times of every engine version that rows were
/// measured on, and factors for groups of rows, coarse groups before fine ones.
/// </summary>
internal sealed class ParameterSpace
{
    // How far (in logarithms) a number may plausibly stray: an overhead by half, a group by a tenth or so.
    private const double OverheadSpread = 0.6;

    private static readonly (string Name, double[] Spread, Func<FitRow, ScaleFactor> Of)[] Levels =
    [
        ("engine and format", [0.06, 0.06, 0.1], r => new(r.Engine, "", "", r.Experts)),
        ("engine and GPU", [0.06, 0.06, 0.1], r => new(r.Engine, r.Gpu, "", "")),
        ("engine, model and format", [0.12, 0.12, 0.4], r => new(r.Engine, "", r.Model, r.Experts)),
        ("engine, GPU, model and format", [0.12, 0.12, 0.8], r => new(r.Engine, r.Gpu, r.Model, r.Experts)),
    ];

    private static readonly (string Name, Func<EngineOverheads, double> Get, Func<EngineOverheads, double, EngineOverheads> Set)[] Tuned =
    [
        ("elementwise_us", o => o.ElementwiseUs, (o, v) => o with { ElementwiseUs = v }),
        ("eager_collective_us", o => o.EagerCollectiveUs, (o, v) => o with { EagerCollectiveUs = v }),
        ("step_us", o => o.StepUs, (o, v) => o with { StepUs = v }),
        ("host_us", o => o.HostUs, (o, v) => o with { HostUs = v }),
        ("sequence_us", o => o.SequenceUs, (o, v) => o with { SequenceUs = v }),
        ("prefill_factor", o => o.PrefillFactor, (o, v) => o with { PrefillFactor = v }),
        ("imbalance_factor", o => o.ImbalanceFactor, (o, v) => o with { ImbalanceFactor = v }),
        ("frontend_ms", o => o.FrontendMs, (o, v) => o with { FrontendMs = v }),
        ("frontend_token_us", o => o.FrontendTokenUs, (o, v) => o with { FrontendTokenUs = v }),
    ];

    /// <summary>Factors of a group: decoding, prompts, attention of prompts.</summary>
    public const int Parts = 3;

    private readonly Calibration _start;
    private readonly List<ScaleFactor> _groups = [];
    private readonly List<double[]> _groupSpread = [];
    private readonly int[] _versionOf;
    private readonly int[][] _groupsOf;

    public ParameterSpace(Calibration start, IReadOnlyList<FitRow> rows)
    {
        _start = start with { Factors = [] };
        var known = start.Factors.ToLookup(f => f with { Decode = 1, Prefill = 1, PromptAttention = 1 });
        _versionOf = [.. rows.Select(r => Index(_start, r))];
        _groupsOf = [.. rows.Select(_ => new int[Levels.Length])];
        for (var level = 0; level < Levels.Length; level++)
        {
            for (var i = 0; i < rows.Count; i++)
            {
                var group = Levels[level].Of(rows[i]);
                var at = _groups.IndexOf(group);
                if (at < 0)
                {
                    at = _groups.Count;
                    _groups.Add(group);
                    _groupSpread.Add(Levels[level].Spread);
                }

                _groupsOf[i][level] = at;
            }
        }

        Overheads = Tuned.Length;
        Count = (_start.Overheads.Count * Tuned.Length) + (Parts * _groups.Count);
        Prior = [.. _start.Overheads.SelectMany(o => Tuned.Select(t => DeterministicMath.Log(Math.Max(t.Get(o), 1e-9)))), .. Enumerable.Repeat(0.0, Parts * _groups.Count)];
        Start = [.. Prior.Take(_start.Overheads.Count * Tuned.Length), .. _groups.SelectMany(g => known[g].FirstOrDefault() is { } f
            ? new[] { DeterministicMath.Log(f.Decode), DeterministicMath.Log(f.Prefill), DeterministicMath.Log(f.PromptAttention) } : [0.0, 0.0, 0.0])];
        Spread = [.. _start.Overheads.SelectMany(o => Tuned.Select(t => t.Get(o) > 0 ? t.Name is "prefill_factor" or "imbalance_factor" ? 0.2 : OverheadSpread : 1e-6)), .. _groupSpread.SelectMany(s => s)];
    }

    /// <summary>Numbers in all.</summary>
    public int Count { get; }

    /// <summary>Overheads that one version has.</summary>
    public int Overheads { get; }

    /// <summary>Where the numbers belong without observations.</summary>
    public double[] Prior { get; }

    /// <summary>Where the search begins: as the prior, but for factors that the start names.</summary>
    public double[] Start { get; }

    /// <summary>How far they may stray.</summary>
    public double[] Spread { get; }

    /// <summary>Which number is overhead <paramref name="kind"/> of a row's engine version.</summary>
    public int OverheadOf(int row, int kind) => (_versionOf[row] * Tuned.Length) + kind;

    /// <summary>The first number of each group that a row belongs to; <see cref="Parts"/> of them follow each other.</summary>
    public IEnumerable<int> FactorsOf(int row) => _groupsOf[row].Select(g => (_start.Overheads.Count * Tuned.Length) + (Parts * g));

    /// <summary>The calibration that numbers stand for.</summary>
    public Calibration At(ReadOnlySpan<double> numbers)
    {
        var overheads = new List<EngineOverheads>();
        for (var v = 0; v < _start.Overheads.Count; v++)
        {
            var o = _start.Overheads[v];
            for (var k = 0; k < Tuned.Length; k++)
            {
                if (Tuned[k].Get(o) > 0)
                {
                    o = Tuned[k].Set(o, DeterministicMath.Exp(numbers[(v * Tuned.Length) + k]));
                }
            }

            overheads.Add(o);
        }

        var factors = new List<ScaleFactor>();
        var first = _start.Overheads.Count * Tuned.Length;
        for (var g = 0; g < _groups.Count; g++)
        {
            factors.Add(_groups[g] with { Decode = DeterministicMath.Exp(numbers[first + (Parts * g)]), Prefill = DeterministicMath.Exp(numbers[first + (Parts * g) + 1]), PromptAttention = DeterministicMath.Exp(numbers[first + (Parts * g) + 2]) });
        }

        return new Calibration { Overheads = overheads, Factors = factors };
    }

    private static int Index(Calibration calibration, FitRow row)
    {
        var found = calibration.Of(row.Engine, row.Version);
        for (var i = 0; i < calibration.Overheads.Count; i++)
        {
            if (ReferenceEquals(calibration.Overheads[i], found))
            {
                return i;
            }
        }

        throw new InvalidOperationException("overheads without a place");
    }
}
