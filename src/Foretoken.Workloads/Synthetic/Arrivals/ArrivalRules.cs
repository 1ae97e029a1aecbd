using System.Globalization;
using Foretoken.Quantities;

namespace Foretoken.Workloads.Synthetic.Arrivals;

/// <summary>What each arrival process needs and may have.</summary>
internal static class ArrivalRules
{
    /// <summary>Adds every problem of <paramref name="spec"/>.</summary>
    public static void Check(ArrivalSpec spec, string place, List<Problem> problems)
    {
        var process = spec.Process ?? ArrivalProcess.Poisson;
        var profile = process == ArrivalProcess.Diurnal && spec.Profile is not null;
        var sinusoid = process == ArrivalProcess.Diurnal && spec.Profile is null;
        if (!Enum.IsDefined(process))
        {
            problems.Add(new($"{place}.process", $"{process} is not an arrival process"));
            return;
        }

        Unused(spec.Rate is not null, "rate", process != ArrivalProcess.AtOnce);
        Unused(spec.Cv is not null, "cv", process is ArrivalProcess.Gamma or ArrivalProcess.Replayed || profile);
        Unused(spec.Shape is not null, "shape", process == ArrivalProcess.Gamma);
        Unused(spec.States is not null, "states", process == ArrivalProcess.Bursty);
        Unused(spec.Amplitude is not null, "amplitude", sinusoid);
        Unused(spec.Period is not null, "period", process == ArrivalProcess.Diurnal);
        Unused(spec.Phase is not null, "phase", sinusoid);
        Unused(spec.Profile is not null, "profile", process == ArrivalProcess.Diurnal);
        Unused(spec.Rates is not null, "rates", process == ArrivalProcess.Replayed);
        Unused(spec.Bin is not null, "bin", process == ArrivalProcess.Replayed);
        Unused(spec.Gaps is not null, "gaps", process is ArrivalProcess.Renewal or ArrivalProcess.Replayed || profile);

        Number(spec.Rate, "rate", 1e-6, 1e9);
        Number(spec.Cv, "cv", 0.01, 100);
        Number(spec.Shape, "shape", 1e-4, 1e4);
        Number(spec.Amplitude, "amplitude", 0, 1);
        Number(spec.Phase, "phase", 0, 1);
        if (spec.Period is { } period && period <= SimDuration.Zero)
        {
            problems.Add(new($"{place}.period", "must be longer than 0"));
        }

        if (spec.Tick is { } tick && tick <= SimDuration.Zero)
        {
            problems.Add(new($"{place}.tick", "must be longer than 0"));
        }

        if (spec.Rate is null && (process is ArrivalProcess.Poisson or ArrivalProcess.Gamma or ArrivalProcess.Constant || sinusoid))
        {
            problems.Add(new($"{place}.rate", $"is required for {SpecRules.NameOf(process)}", "arrivals per second"));
        }

        if (process == ArrivalProcess.Gamma && spec.Cv is null == spec.Shape is null)
        {
            problems.Add(new($"{place}.cv", spec.Cv is null ? "is required for gamma (or shape)" : "and shape say the same thing twice", "give one of them"));
        }

        if (process == ArrivalProcess.Bursty)
        {
            CheckStates(spec, place, problems);
        }

        if (profile)
        {
            CheckProfile(spec, place, problems);
        }

        if (process is not (ArrivalProcess.Gamma or ArrivalProcess.Renewal) && spec.Cv is not null && spec.Gaps is not null)
        {
            problems.Add(new($"{place}.gaps", "and cv describe the same thing", "give one of them"));
        }

        if (process == ArrivalProcess.Renewal || spec.Gaps is not null)
        {
            CheckGaps(spec, place, problems);
        }

        if (process == ArrivalProcess.Replayed)
        {
            CheckRates(spec, place, problems);
        }

        void Unused(bool isSet, string name, bool used)
        {
            if (isSet && !used)
            {
                problems.Add(new($"{place}.{name}", $"has no meaning for {SpecRules.NameOf(process)}{(profile ? " with a profile" : "")}", "remove it"));
            }
        }

        void Number(double? value, string name, double min, double max)
        {
            if (value is { } x && !(x >= min && x <= max))
            {
                problems.Add(new($"{place}.{name}", $"{Show(x)} is outside {Show(min)} to {Show(max)}"));
            }
        }
    }

    private static void CheckStates(ArrivalSpec spec, string place, List<Problem> problems)
    {
        if (spec.States is not { Count: >= 2 } states)
        {
            problems.Add(new($"{place}.states", "needs at least two states for bursty", "each with a rate and a dwell"));
            return;
        }

        for (var i = 0; i < states.Count; i++)
        {
            CheckRate(states[i].Rate, $"{place}.states[{i}].rate", problems);
            if (states[i].Dwell <= SimDuration.Zero)
            {
                problems.Add(new($"{place}.states[{i}].dwell", "must be longer than 0"));
            }
        }

        CheckNotSilent(states.Select(state => state.Rate), $"{place}.states", problems);
    }

    private static void CheckProfile(ArrivalSpec spec, string place, List<Problem> problems)
    {
        var points = spec.Profile!;
        if (points.Count < 2 || points[0].At != SimDuration.Zero)
        {
            problems.Add(new($"{place}.profile", "needs at least two points, the first at 0s"));
        }

        for (var i = 0; i < points.Count; i++)
        {
            CheckRate(points[i].Rate, $"{place}.profile[{i}].rate", problems);
            if (i > 0 && points[i].At <= points[i - 1].At)
            {
                problems.Add(new($"{place}.profile[{i}].at", "is not later than the point before"));
            }
        }

        if (points.Count > 0 && spec.Period is { } period && period < points[^1].At)
        {
            problems.Add(new($"{place}.period", "is shorter than the profile"));
        }

        CheckNotSilent(points.Select(point => point.Rate), $"{place}.profile", problems);
    }

    private static void CheckRates(ArrivalSpec spec, string place, List<Problem> problems)
    {
        if (spec.Bin is not { } bin || bin <= SimDuration.Zero)
        {
            problems.Add(new($"{place}.bin", "is required for replayed and must be longer than 0"));
        }

        if (spec.Rates is not { Count: >= 1 } rates)
        {
            problems.Add(new($"{place}.rates", "is required for replayed", "a list of arrivals per second, one per bin"));
            return;
        }

        for (var i = 0; i < rates.Count; i++)
        {
            CheckRate(rates[i], $"{place}.rates[{i}]", problems);
        }

        CheckNotSilent(rates, $"{place}.rates", problems);
    }

    private static void CheckGaps(ArrivalSpec spec, string place, List<Problem> problems)
    {
        if (spec.Gaps is not { } gaps)
        {
            problems.Add(new($"{place}.gaps", "is required for renewal", "for example {distribution: lognormal, mean: 200ms, cv: 2}"));
            return;
        }

        var own = gaps.Validate($"{place}.gaps");
        problems.AddRange(own);
        if (own.Count == 0 && !(new Sampling.Sampler(gaps.InSeconds(), ValueRange.Seconds).Mean() > 1e-9))
        {
            problems.Add(new($"{place}.gaps", "have no length: use at_once"));
        }
    }

    private static void CheckRate(double rate, string place, List<Problem> problems)
    {
        if (!(rate is >= 0 and <= 1e9))
        {
            problems.Add(new(place, $"{Show(rate)} is outside 0 to 1e9"));
        }
    }

    private static void CheckNotSilent(IEnumerable<double> rates, string place, List<Problem> problems)
    {
        if (!(rates.Max() >= 1e-6))
        {
            problems.Add(new(place, "has no rate above 0.000001: nothing would ever arrive"));
        }
    }

    private static string Show(double x) => x.ToString("0.##########", CultureInfo.InvariantCulture);
}
