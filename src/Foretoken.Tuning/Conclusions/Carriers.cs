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
    // Another engine, GPU or kind of deployment is no relative unless there is none nearer; another router is a distant one.
    private const double Stranger = 10;
    private const double OtherRouter = 0.5;

    // Too few to learn from: a normal distribution of this size.
    private const int Enough = 32;
    private const double NormalNineTenths = 3.290;

    private readonly IReadOnlyList<int> _judged;
    private readonly List<Contestant> _whole;
    private readonly double[][][] _logs;
    private readonly double[][] _noise;

    /// <summary>Learns from everybody who was played to the end.</summary>
    /// <param name="measures">What is kept of a run.</param>
    /// <param name="contestants">Everybody.</param>
    /// <param name="shares">Share of the traffic per stage.</param>
    public Carriers(MeasureSet measures, IReadOnlyList<Contestant> contestants, IReadOnlyList<double> shares)
    {
        _judged = measures.Judged;
        _whole = [.. contestants.Where(c => Array.TrueForAll(c.Stages, s => s is not null))];
        _logs = [.. Enumerable.Range(0, shares.Count).Select(stage => _whole.Select(c => Logs(c.Stages[stage]!)).ToArray())];
        _noise = [.. shares.Select((share, stage) => stage == shares.Count - 1 ? [] : Noise(stage, share, measures.All.Count))];
    }

    /// <summary>What somebody comes to over the whole traffic, and the standard deviation of the logarithm by which that may be off; null where nobody was played to the end.</summary>
    public (double[] Whole, double[] Noise)? Of(Contestant contestant)
    {
        var stage = contestant.LastStage;
        return Nearest(contestant, stage, except: -1) is >= 0 and var nearest ? (Carried(contestant.Stages[stage]!, _whole[nearest], stage), _noise[stage]) : null;
    }

    /// <summary>How far two are apart before any number is looked at.</summary>
    public static double Kinship(Contestant a, Contestant b) =>
        (a.Candidate.Systems.Count != b.Candidate.Systems.Count || a.Candidate.System != b.Candidate.System ? Stranger : 0) + (a.Candidate.Router == b.Candidate.Router ? 0 : OtherRouter);

    /// <summary>Logarithms of what candidates are judged by: how alike two behave shows in them.</summary>
    public double[] Logs(double[] values) => [.. _judged.Select(p => DeterministicMath.Log(Known(values[p])))];

    /// <summary>Sum of the differences.</summary>
    public static double Apart(double[] a, double[] b)
    {
        double apart = 0;
        for (var i = 0; i < a.Length; i++)
        {
            apart += Math.Abs(a[i] - b[i]);
        }

        return apart;
    }

    // What is missing is as far from a number as can be.
    private static double Known(double value) => double.IsFinite(value) ? Math.Max(value, 1e-9) : 1e9;

    private int Nearest(Contestant contestant, int stage, int except)
    {
        var logs = Logs(contestant.Stages[stage]!);
        var (nearest, least) = (-1, double.PositiveInfinity);
        for (var i = 0; i < _whole.Count; i++)
        {
            if (i != except && Kinship(contestant, _whole[i]) is var apart && apart < least && apart + Apart(logs, _logs[stage][i]) is var far && far < least)
            {
                (nearest, least) = (i, far);
            }
        }

        return nearest;
    }

    private static double[] Carried(double[] slice, Contestant carrier, int stage)
    {
        var (then, now) = (carrier.Stages[stage]!, carrier.Final!);
        return [.. slice.Select((value, i) => value > 0 && then[i] > 0 ? value * (now[i] / then[i]) : value + (now[i] - then[i]))];
    }

    // As wide in its middle nine tenths: the tails are what an interval is asked for.
    private double[] Noise(int stage, double share, int measures)
    {
        var ratios = Enumerable.Range(0, measures).Select(_ => new List<double>()).ToArray();
        for (var i = 0; i < _whole.Count; i++)
        {
            if (Nearest(_whole[i], stage, except: i) is >= 0 and var nearest)
            {
                var told = Carried(_whole[i].Stages[stage]!, _whole[nearest], stage);
                for (var m = 0; m < measures; m++)
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
        ratios.Sort();
        return ratios.Count < Enough ? unlearnt : (ratios[19 * ratios.Count / 20] - ratios[ratios.Count / 20]) / NormalNineTenths;
    }
}
