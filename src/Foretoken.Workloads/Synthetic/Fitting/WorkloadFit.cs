using Foretoken.Quantities;
using Foretoken.Workloads.Traces;

namespace Foretoken.Workloads.Synthetic.Fitting;

/// <summary>
/// Describes a trace by a small workload spec: numbers only, no ids, no rows. The spec generates as many requests as the
/// trace has.
/// </summary>
public static class WorkloadFit
{
    private const double GroupsExplain = 0.9;
    private const double CommonShare = 0.95;

    /// <summary>Fits <paramref name="trace"/>. <paramref name="notes"/> tells what of it the spec cannot say.</summary>
    /// <exception cref="InputException">The trace has no requests.</exception>
    public static SyntheticSpec Fit(Trace trace, out IReadOnlyList<string> notes)
    {
        if (trace.Count == 0)
        {
            throw new InputException("trace", "has no requests", "nothing can be fitted to it");
        }

        var told = new List<string>();
        notes = told;
        if (trace.Priorities is not null)
        {
            told.Add("priorities are left out");
        }

        return trace.Sessions is not null && trace.SessionCount < trace.Count ? FitSessions(trace, told) : FitRequests(trace, told);
    }

    private static SyntheticSpec FitRequests(Trace trace, List<string> notes)
    {
        var inputs = trace.InputTokens.Select(tokens => (double)tokens).ToArray();
        var outputs = trace.OutputTokens.Select(tokens => (double)tokens).ToArray();
        var spec = new SyntheticSpec
        {
            Requests = trace.Count,
            Arrivals = FitArrivals(trace.Arrivals, notes),
            OutputTokens = DistributionFit.Fit(outputs, ValueRange.Tokens),
            Correlation = Correlation(inputs, outputs),
        };
        var use = PrefixUse.Of(trace);
        if (use is null || use.Share < 0.001)
        {
            return spec with { InputTokens = DistributionFit.Fit(inputs, ValueRange.Tokens) };
        }

        if (FitGroups(trace, use, Enumerable.Range(0, trace.Count).ToArray()) is { } groups)
        {
            return spec with
            {
                Prefix = groups,
                InputTokens = DistributionFit.Fit(inputs.Select(tokens => tokens - groups.Tokens), ValueRange.Tokens),
            };
        }

        if (spec.Arrivals!.Process == ArrivalProcess.AtOnce)
        {
            notes.Add($"prefix reuse of {use.Share:P1} is left out: it needs arrival times");
            return spec with { InputTokens = DistributionFit.Fit(inputs, ValueRange.Tokens) };
        }

        return spec with { InputTokens = DistributionFit.Fit(inputs, ValueRange.Tokens), Reuse = FitReuse(trace, use) };
    }

    private static SyntheticSpec FitSessions(Trace trace, List<string> notes)
    {
        var last = new int[trace.SessionCount];
        var turns = new int[trace.SessionCount];
        Array.Fill(last, -1);
        var starts = new List<int>();
        var waits = new List<double>();
        var added = new List<double>();
        var counts = new List<int>();
        var shrunk = 0;
        for (var row = 0; row < trace.Count; row++)
        {
            var session = trace.Sessions![row];
            if (session < 0 || last[session] < 0)
            {
                starts.Add(row);
                if (session < 0)
                {
                    counts.Add(1);
                    continue;
                }
            }
            else
            {
                var before = last[session];
                waits.Add(WaitBefore(trace, before, row));
                var grown = trace.InputTokens[row] - (double)trace.InputTokens[before] - trace.OutputTokens[before];
                shrunk += grown < 1 ? 1 : 0;
                added.Add(Math.Max(1, grown));
            }

            turns[session]++;
            last[session] = row;
        }

        counts.AddRange(turns);
        if (shrunk > 0)
        {
            notes.Add(FormattableString.Invariant($"{shrunk} of {added.Count} later turns do not continue the turn before (prompt shorter than its prompt and answer); they become 1 new token"));
        }

        var use = PrefixUse.Of(trace);
        var groups = use is null ? null : FitGroups(trace, use, [.. starts]);
        var firstInputs = starts.Select(row => (double)trace.InputTokens[row]).ToArray();
        return new()
        {
            Requests = trace.Count,
            Arrivals = FitArrivals([.. starts.Select(row => trace.Arrivals[row])], notes),
            InputTokens = DistributionFit.Fit(firstInputs.Select(tokens => tokens - (groups?.Tokens ?? 0)), ValueRange.Tokens),
            OutputTokens = DistributionFit.Fit(trace.OutputTokens.Select(tokens => (double)tokens), ValueRange.Tokens),
            Correlation = Correlation(firstInputs, [.. starts.Select(row => (double)trace.OutputTokens[row])]),
            Prefix = groups,
            Sessions = new()
            {
                Turns = DistributionFit.FitCounts(counts),
                ThinkTime = waits.Max() == 0 ? null : DistributionFit.FitTimes(waits),
                NewTokens = DistributionFit.Fit(added, ValueRange.Tokens),
            },
        };
    }

    private static double WaitBefore(Trace trace, int before, int row)
    {
        if (trace.Delays is not null && trace.Delays[row] >= SimDuration.Zero)
        {
            return trace.Delays[row].TotalSeconds;
        }

        return trace.Arrivals[row] == SimTime.Never || trace.Arrivals[before] == SimTime.Never
            ? 0
            : Math.Max(0, (trace.Arrivals[row] - trace.Arrivals[before]).TotalSeconds);
    }

    private static ArrivalSpec FitArrivals(IReadOnlyList<SimTime> arrivals, List<string> notes)
    {
        var times = arrivals.Where(at => at != SimTime.Never).Select(at => at.TotalSeconds).Order().ToArray();
        if (times.Length == arrivals.Count)
        {
            return ArrivalFit.Fit(times);
        }

        notes.Add("the trace has no arrival times: all requests arrive at once (or use closed_loop instead of arrivals)");
        return new() { Process = ArrivalProcess.AtOnce };
    }

    private static double Correlation(double[] inputs, double[] outputs) => Math.Round(Ranks.ToNormal(Ranks.Correlation(inputs, outputs)), 3);

    // Groups: nearly all reuse ends at one and the same depth. The first request of a group hits nothing; every request must
    // be longer than the prefix.
    private static PrefixSpec? FitGroups(Trace trace, PrefixUse use, int[] rows)
    {
        var hits = rows.Select(row => use.HitTokens[row]).Where(hit => hit > 0).ToArray();
        if (hits.Length == 0)
        {
            return null;
        }

        var depth = hits.GroupBy(hit => hit).MaxBy(group => group.Count())!.Key;
        if (hits.Count(hit => hit == depth) < GroupsExplain * hits.Length || rows.Any(row => trace.InputTokens[row] <= depth))
        {
            return null;
        }

        var tree = trace.Tree!;
        var sizes = new Dictionary<int, int>();
        var alone = 0;
        foreach (var row in rows)
        {
            var node = -1;
            foreach (var candidate in trace.Contents![row].Path.Span)
            {
                node = tree.Ends[candidate] == depth ? candidate : node;
            }

            if (node < 0)
            {
                alone++; // the only request of its group, as far as this trace shows
            }
            else
            {
                sizes[node] = sizes.GetValueOrDefault(node) + 1;
            }
        }

        var ranked = sizes.Values.OrderDescending().Concat(Enumerable.Repeat(1, alone)).ToArray();
        var exponent = FitZipf(ranked);
        return new()
        {
            Groups = ranked.Length,
            Tokens = depth,
            Popularity = exponent < 0.05 ? Popularity.Uniform : Popularity.Zipf,
            Exponent = exponent < 0.05 ? 1 : exponent,
        };
    }

    // Maximum likelihood of p(rank) ~ rank^-s over s in [0, 4], by golden section.
    private static double FitZipf(int[] counts)
    {
        if (counts.Length < 2)
        {
            return 1;
        }

        double weighted = 0;
        double total = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            weighted += counts[i] * DeterministicMath.Log(i + 1);
            total += counts[i];
        }

        double low = 0;
        double high = 4;
        for (var step = 0; step < 50; step++)
        {
            var a = high - (high - low) * 0.6180339887498949;
            var b = low + (high - low) * 0.6180339887498949;
            (low, high) = Cost(a) < Cost(b) ? (low, b) : (a, high);
        }

        return Math.Round((low + high) / 2, 3);

        double Cost(double s)
        {
            double sum = 0;
            for (var i = 0; i < counts.Length; i++)
            {
                sum += DeterministicMath.Pow(i + 1, -s);
            }

            return s * weighted + total * DeterministicMath.Log(sum);
        }
    }

    private static ReuseSpec FitReuse(Trace trace, PrefixUse use)
    {
        var block = trace.Contents!.Max(content => content.HashBlockTokens);
        var common = CommonTokens(trace);
        var rows = Enumerable.Range(0, trace.Count).Where(row => use.HitTokens[row] > common && !double.IsNaN(use.Lags[row])).ToArray();
        var shares = rows.Select(row => (double)(use.HitTokens[row] - common) / (trace.InputTokens[row] - common)).ToArray();
        var longEnough = trace.InputTokens.Count(tokens => tokens >= common + block);
        var lengths = rows.Select(row => (double)trace.InputTokens[row]).ToArray();
        return new()
        {
            CommonTokens = common,
            Probability = Math.Round(Math.Min(1, (double)rows.Length / Math.Max(1, longEnough)), 4),
            Share = rows.Length == 0 ? DistributionSpec.Fixed(0) : DistributionFit.Fit(shares, ValueRange.Share),
            Correlation = rows.Length < 2 ? 0 : Correlation(lengths, shares),
            Lag = rows.Length == 0 ? DurationSpec.Fixed(SimDuration.Zero) : DistributionFit.FitTimes(rows.Select(row => use.Lags[row])),
            BlockTokens = block,
        };
    }

    // The longest path from the root that nearly every prompt begins with, in whole blocks.
    internal static int CommonTokens(Trace trace)
    {
        var block = trace.Contents!.Max(content => content.HashBlockTokens);
        var tree = trace.Tree!;
        var visits = new int[tree.Count];
        foreach (var content in trace.Contents!)
        {
            foreach (var node in content.Path.Span)
            {
                visits[node]++;
            }
        }

        var common = 0;
        for (var node = 0; node < tree.Count; node++)
        {
            if (visits[node] >= CommonShare * trace.Count)
            {
                common = Math.Max(common, tree.Ends[node] / block * block);
            }
        }

        return common;
    }
}
