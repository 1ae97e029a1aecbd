using Foretoken.Quantities;
using Foretoken.Tuning.Evaluation;
using Foretoken.Tuning.Running;

namespace Foretoken.Tuning.Conclusions;

/// <summary>
/// Carries what was played over a slice of the traffic to the whole: by the factors by which the nearest relative that was played to
/// the end grew from the same slice. How wrong that is, is learnt by carrying those that were played to the end as if they had not been.
/// </summary>
internal sealed class Carriers
{
    // Another router is a distant relative.
    private const double OtherRouter = 0.5;

    // Too few to learn from: a normal distribution of this size.
    private const int Enough = 32;
    private const double NormalNineTenths = 3.290;
    private const double Exact = 1e-12;

    private readonly MeasureSet _measures;
    private readonly List<Contestant> _whole;
    private readonly double[][][] _logs;
    private readonly Lazy<double[]>[] _noise;

    /// <summary>Learns from everybody who was played to the end.</summary>
    /// <param name="measures">What is kept of a run.</param>
    /// <param name="contestants">Everybody.</param>
    /// <param name="shares">Share of the traffic per stage.</param>
    public Carriers(MeasureSet measures, IReadOnlyList<Contestant> contestants, IReadOnlyList<double> shares)
    {
        _measures = measures;
        _whole = [.. contestants.Where(c => Array.TrueForAll(c.Stages, s => s is not null))];
        _logs = [.. Enumerable.Range(0, shares.Count).Select(stage => _whole.Select(c => Logs(c.Stages[stage]!)).ToArray())];
        _noise = [.. shares.Select((share, stage) => new Lazy<double[]>(() => Noise(stage, share)))];
    }

    /// <summary>What somebody comes to over the whole traffic, and the standard deviation of the logarithm by which that may be off; null where nobody was played to the end.</summary>
    public (double[] Whole, double[] Noise)? Of(Contestant contestant)
    {
        var stage = contestant.LastStage;
        return Nearest(contestant, stage, except: -1) is >= 0 and var nearest ? (Carried(contestant.Stages[stage]!, _whole[nearest], stage), _noise[stage].Value) : null;
    }

    /// <summary>
    /// How strange two are to each other, whatever their numbers: 0 relatives, 1 of another GPU, engine or kind of deployment, 2 and 3 when only one
    /// of them changes its size, too, which nothing could be carried over from as long as there is anybody else.
    /// </summary>
    public static int Strangeness(Contestant a, Contestant b) =>
        (a.Candidate.Changes == b.Candidate.Changes ? 0 : 2) + (a.Candidate.Systems.Count == b.Candidate.Systems.Count && a.Candidate.System == b.Candidate.System ? 0 : 1);

    /// <summary>Logarithms of what candidates are judged by: how alike two behave shows in them.</summary>
    public double[] Logs(double[] values) => [.. _measures.Judged.Select(p => DeterministicMath.Log(Known(values[p])))];

    /// <summary>How far two are apart: the sum of the differences of those.</summary>
    public static double Apart(Contestant a, Contestant b, double[] logsOfA, double[] logsOfB)
    {
        var apart = a.Candidate.Router == b.Candidate.Router ? 0 : OtherRouter;
        for (var i = 0; i < logsOfA.Length; i++)
        {
            apart += Math.Abs(logsOfA[i] - logsOfB[i]);
        }

        return apart;
    }

    // What is missing is as far from a number as can be.
    private static double Known(double value) => double.IsFinite(value) ? Math.Max(value, 1e-9) : 1e9;

    // Who is left out of the learning must not be carried by somebody who is the same in all but a setting that never mattered.
    private int Nearest(Contestant contestant, int stage, int except)
    {
        var logs = Logs(contestant.Stages[stage]!);
        var (nearest, least, strangest) = (-1, double.PositiveInfinity, int.MaxValue);
        for (var i = 0; i < _whole.Count; i++)
        {
            if (i == except || (except >= 0 && logs.AsSpan().SequenceEqual(_logs[stage][i])))
            {
                continue;
            }

            var strange = Strangeness(contestant, _whole[i]);
            if (strange > strangest)
            {
                continue;
            }

            var apart = Apart(contestant, _whole[i], logs, _logs[stage][i]);
            if (apart < least || strange < strangest)
            {
                (nearest, least, strangest) = (i, apart, strange);
            }
        }

        return nearest;
    }

    private double[] Carried(double[] slice, Contestant carrier, int stage)
    {
        var (then, now) = (carrier.Stages[stage]!, carrier.Final!);
        return [.. slice.Select((value, i) => Math.Min(_measures.All[i].Most, Proportion.Of(value, then[i], now[i])))];
    }

    // As wide in its middle nine tenths: the tails are what an interval is asked for.
    private double[] Noise(int stage, double share)
    {
        var ratios = _measures.All.Select(_ => new List<double>()).ToArray();
        for (var i = 0; i < _whole.Count; i++)
        {
            if (Nearest(_whole[i], stage, except: i) is >= 0 and var nearest)
            {
                var told = Carried(_whole[i].Stages[stage]!, _whole[nearest], stage);
                for (var m = 0; m < ratios.Length; m++)
                {
                    if (_whole[i].Final![m] / told[m] is > 0 and < double.PositiveInfinity and var ratio)
                    {
                        ratios[m].Add(DeterministicMath.Log(ratio));
                    }
                }
            }
        }

        return [.. ratios.Select(r => Spread(r, Race.Unlearnt(share)))];
    }

    private static double Spread(List<double> ratios, double unlearnt)
    {
        if (ratios.Count > 0 && ratios.TrueForAll(r => Math.Abs(r) < Exact))
        {
            // What carrying has never been wrong about, such as the GPUs of a fleet that does not change.
            return 0;
        }

        ratios.Sort();
        return ratios.Count < Enough ? unlearnt : (ratios[19 * ratios.Count / 20] - ratios[ratios.Count / 20]) / NormalNineTenths;
    }
}
