using System.Globalization;
using Foretoken.Quantities;
using Foretoken.Workloads.Traces;

namespace Foretoken.Workloads.Synthetic.Fitting;

/// <summary>One figure of a trace beside the same figure of what the fitted spec generates.</summary>
/// <param name="Name">What is measured.</param>
/// <param name="Real">The trace.</param>
/// <param name="Fitted">The fitted workload.</param>
/// <param name="Unit">Unit of both; empty for plain numbers.</param>
public sealed record ClosenessFigure(string Name, double Real, double Fitted, string Unit)
{
    /// <summary>Fitted / real - 1; not a number where the trace has 0.</summary>
    public double Error => Real == 0 ? double.NaN : Fitted / Real - 1;
}

/// <summary>A distance between the two as a whole, 0 when they agree.</summary>
/// <param name="Name">What is compared.</param>
/// <param name="Value">The distance.</param>
/// <param name="Chance">About what two samples of the very same workload differ by (95 % of the time by less).</param>
public sealed record ClosenessDistance(string Name, double Value, double Chance);

/// <summary>
/// How close a fitted spec is to its trace: as many requests are generated from it (seed 1) and both are measured the same way.
/// </summary>
public sealed class Closeness
{
    private Closeness(IReadOnlyList<ClosenessFigure> figures, IReadOnlyList<ClosenessDistance> distances)
    {
        Figures = figures;
        Distances = distances;
    }

    /// <summary>Figures side by side.</summary>
    public IReadOnlyList<ClosenessFigure> Figures { get; }

    /// <summary>Distances of whole distributions.</summary>
    public IReadOnlyList<ClosenessDistance> Distances { get; }

    /// <summary>Generates from <paramref name="spec"/> and compares.</summary>
    public static Closeness Measure(Trace real, SyntheticSpec spec)
    {
        using var reader = new SyntheticTraceReader(spec, seed: 1);
        using var again = new SyntheticTraceReader(spec, seed: 1, replication: 1);
        return Compare(real, TraceLoader.Load(reader), TraceLoader.Load(again));
    }

    // The second sample tells by how much the rate over time differs by chance, which has no formula for bursty arrivals.
    private static Closeness Compare(Trace real, Trace fitted, Trace again)
    {
        var figures = new List<ClosenessFigure>();
        var distances = new List<ClosenessDistance>();
        Arrivals(real, fitted, again, figures, distances);
        Lengths("input tokens", real.InputTokens, fitted.InputTokens, figures, distances);
        Lengths("output tokens", real.OutputTokens, fitted.OutputTokens, figures, distances);
        figures.Add(new("rank correlation of input and output", LengthCorrelation(real), LengthCorrelation(fitted), ""));
        Reuse(real, fitted, figures, distances);
        Sessions(real, fitted, figures);
        return new(figures, distances);
    }

    /// <summary>The comparison as lines of a table.</summary>
    public IEnumerable<string> Lines()
    {
        yield return Row("", "trace", "fitted", "error");
        foreach (var figure in Figures)
        {
            yield return Row(figure.Name, Show(figure.Real, figure.Unit), Show(figure.Fitted, figure.Unit), double.IsNaN(figure.Error) ? "-" : figure.Error.ToString("+0.0%;-0.0%;0.0%", CultureInfo.InvariantCulture));
        }

        yield return "";
        yield return Row("distance", "", "value", "by chance");
        foreach (var distance in Distances)
        {
            yield return Row(distance.Name, "", distance.Value.ToString("0.0000", CultureInfo.InvariantCulture), distance.Chance.ToString("0.0000", CultureInfo.InvariantCulture));
        }
    }

    private static void Arrivals(Trace real, Trace fitted, Trace again, List<ClosenessFigure> figures, List<ClosenessDistance> distances)
    {
        var a = Starts(real);
        var b = Starts(fitted);
        if (a.Length < 2 || b.Length < 2)
        {
            return;
        }

        var tick = CoarseClock.TickOf(a);
        var x = new ArrivalMeasure(a, tick);
        var y = new ArrivalMeasure(b, tick);
        figures.Add(new("arrivals per second", (a.Length - 1) / x.Span, (b.Length - 1) / y.Span, "/s"));
        if (x.Span == 0)
        {
            return;
        }

        figures.Add(new("CV of gaps", x.GapCv, y.GapCv, ""));
        foreach (var window in x.Windows())
        {
            figures.Add(new(FormattableString.Invariant($"dispersion of counts in {window:0.###} s"), x.Dispersion(window), y.Dispersion(window), ""));
        }

        distances.Add(new("gaps (KS)", Ranks.DistanceSorted(x.SortedGaps, y.SortedGaps), Ranks.Chance(x.Gaps.Length, y.Gaps.Length)));
        distances.Add(new("rate over time, 20 bins (mean deviation)", x.ProfileDistance(y), y.ProfileDistance(new ArrivalMeasure(Starts(again), tick))));
    }

    // What arrives by itself: rows on their own and first turns.
    private static double[] Starts(Trace trace)
    {
        var seen = new bool[trace.SessionCount];
        var times = new List<double>();
        for (var row = 0; row < trace.Count; row++)
        {
            var session = trace.Sessions is null ? -1 : trace.Sessions[row];
            if ((session < 0 || !seen[session]) && trace.Arrivals[row] != SimTime.Never)
            {
                times.Add(trace.Arrivals[row].TotalSeconds);
            }

            if (session >= 0)
            {
                seen[session] = true;
            }
        }

        return [.. times.Order()];
    }

    private static void Lengths(string name, int[] real, int[] fitted, List<ClosenessFigure> figures, List<ClosenessDistance> distances)
    {
        var a = real.Select(tokens => (double)tokens).Order().ToArray();
        var b = fitted.Select(tokens => (double)tokens).Order().ToArray();
        figures.Add(new($"{name}, mean", a.Average(), b.Average(), ""));
        foreach (var q in new[] { 0.5, 0.9, 0.99 })
        {
            figures.Add(new(FormattableString.Invariant($"{name}, p{q * 100:0}"), Ranks.Quantile(a, q), Ranks.Quantile(b, q), ""));
        }

        distances.Add(new($"{name} (KS)", Ranks.Distance(a, b), Ranks.Chance(a.Length, b.Length)));
    }

    private static void Reuse(Trace real, Trace fitted, List<ClosenessFigure> figures, List<ClosenessDistance> distances)
    {
        var a = PrefixUse.Of(real);
        var b = PrefixUse.Of(fitted);
        if (a is null && b is null)
        {
            return;
        }

        figures.Add(new("prefix reuse, endless cache", a?.Share ?? 0, b?.Share ?? 0, "%"));
        if (a is null || b is null)
        {
            return;
        }

        // What nearly every prompt begins with is always in use: only reuse beyond it tells something.
        var common = WorkloadFit.CommonTokens(real);
        var lagsA = Lags(a, common);
        var lagsB = Lags(b, common);
        figures.Add(new("requests that reuse a prompt", (double)lagsA.Length / real.Count, (double)lagsB.Length / fitted.Count, "%"));
        if (lagsA.Length > 0 && lagsB.Length > 0)
        {
            figures.Add(new("time to reuse, p50", Ranks.Quantile(lagsA, 0.5), Ranks.Quantile(lagsB, 0.5), "s"));
            figures.Add(new("time to reuse, p90", Ranks.Quantile(lagsA, 0.9), Ranks.Quantile(lagsB, 0.9), "s"));
            distances.Add(new("time to reuse (KS)", Ranks.Distance(lagsA, lagsB), Ranks.Chance(lagsA.Length, lagsB.Length)));
        }

        var sharesA = Enumerable.Range(0, real.Count).Select(row => (double)a.HitTokens[row] / real.InputTokens[row]).ToArray();
        var sharesB = Enumerable.Range(0, fitted.Count).Select(row => (double)b.HitTokens[row] / fitted.InputTokens[row]).ToArray();
        distances.Add(new("share of a prompt that is reused (KS)", Ranks.Distance(sharesA, sharesB), Ranks.Chance(sharesA.Length, sharesB.Length)));
    }

    private static double[] Lags(PrefixUse use, int common) =>
        [.. use.Lags.Where((lag, row) => use.HitTokens[row] > common && !double.IsNaN(lag)).Order()];

    private static void Sessions(Trace real, Trace fitted, List<ClosenessFigure> figures)
    {
        if (real.SessionCount == 0 && fitted.SessionCount == 0)
        {
            return;
        }

        figures.Add(new("sessions", real.SessionCount, fitted.SessionCount, ""));
        figures.Add(new("turns per session, mean", MeanTurns(real), MeanTurns(fitted), ""));
    }

    private static double MeanTurns(Trace trace) =>
        trace.SessionCount == 0 ? 0 : trace.Sessions!.Count(session => session >= 0) / (double)trace.SessionCount;

    private static double LengthCorrelation(Trace trace) =>
        Ranks.Correlation([.. trace.InputTokens.Select(tokens => (double)tokens)], [.. trace.OutputTokens.Select(tokens => (double)tokens)]);

    private static string Show(double x, string unit) => unit == "%"
        ? x.ToString("0.0%", CultureInfo.InvariantCulture)
        : x.ToString(Math.Abs(x) >= 1000 ? "0" : "0.####", CultureInfo.InvariantCulture) + (unit.Length > 0 && unit != "/s" ? " " + unit : unit);

    private static string Row(string name, string a, string b, string c) => $"{name,-42}{a,12}{b,12}{c,12}".TrimEnd();
}
