using System.Globalization;
using System.Text.Json;
using Foretoken.Quantities;
using Foretoken.Workloads.Synthetic.Arrivals;

namespace Foretoken.Workloads.Synthetic;

/// <summary>What a synthetic workload must fulfil.</summary>
internal static class SpecRules
{
    /// <summary>Default cycle of a diurnal rate.</summary>
    public static readonly SimDuration Day = SimDuration.FromSeconds(86400);

    private const long RequestsMax = 2_000_000_000;

    /// <summary>An enum value as it is written in YAML: <c>at_once</c>.</summary>
    public static string NameOf<TEnum>(TEnum value)
        where TEnum : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    /// <summary>Every problem of <paramref name="written"/>, its preset applied.</summary>
    public static IReadOnlyList<Problem> Check(SyntheticSpec written, string place)
    {
        var problems = new List<Problem>();
        if (written.Preset is { } preset && WorkloadPresets.Find(preset) is null)
        {
            return [new($"{place}.preset", $"'{preset}' is not a preset", "one of " + string.Join(", ", WorkloadPresets.Names))];
        }

        var spec = written.Resolve();
        CheckAmount(spec, place, problems);
        CheckLengths(spec, place, problems);
        if (spec.Prefix is { } prefix)
        {
            CheckPrefix(prefix, $"{place}.prefix", problems);
        }

        if (spec.Sessions is { } sessions)
        {
            Distribution(sessions.Turns, $"{place}.sessions.turns", ValueRange.Turns, required: true, problems);
            Distribution(sessions.NewTokens, $"{place}.sessions.new_tokens", ValueRange.Tokens, required: false, problems);
            Duration(sessions.ThinkTime, $"{place}.sessions.think_time", required: false, problems);
            AtLeastOne(sessions.MaxContextTokens, $"{place}.sessions.max_context_tokens", problems);
        }

        if (spec.Agents is { } agents)
        {
            Distribution(agents.Calls, $"{place}.agents.calls", ValueRange.Turns, required: true, problems);
            Distribution(agents.ToolTokens, $"{place}.agents.tool_tokens", ValueRange.Tokens, required: true, problems);
            Distribution(agents.FinalOutputTokens, $"{place}.agents.final_output_tokens", ValueRange.Tokens, required: false, problems);
            Duration(agents.ToolLatency, $"{place}.agents.tool_latency", required: false, problems);
        }

        if (spec.Reuse is { } reuse)
        {
            CheckReuse(spec, reuse, place, problems);
        }

        if (spec.ClosedLoop is { } loop)
        {
            problems.AddRange(Options(loop).Validate($"{place}.closed_loop"));
            if (spec.Requests is { } total && loop.WarmUpRequests >= total)
            {
                problems.Add(new($"{place}.closed_loop.warm_up_requests", $"{loop.WarmUpRequests} leaves nothing to measure of {total} requests"));
            }
        }

        return problems;
    }

    /// <summary>The closed loop as the source takes it.</summary>
    public static Requests.ClosedLoopOptions Options(ClosedLoopSpec loop) =>
        new() { Concurrency = loop.Concurrency, Ramp = loop.Ramp, WarmUpRequests = loop.WarmUpRequests };

    private static void CheckAmount(SyntheticSpec spec, string place, List<Problem> problems)
    {
        if (spec.Requests is null && spec.Duration is null)
        {
            problems.Add(new($"{place}.requests", "is required (or duration)", "for example 10000"));
        }

        if (spec.Requests is { } requests && requests is < 1 or > RequestsMax)
        {
            problems.Add(new($"{place}.requests", $"{spec.Requests} is outside 1 to {RequestsMax}"));
        }

        if (spec.Duration is { } duration && duration <= SimDuration.Zero)
        {
            problems.Add(new($"{place}.duration", "must be longer than 0"));
        }

        if (spec.ClosedLoop is not null)
        {
            if (spec.Arrivals is not null)
            {
                problems.Add(new($"{place}.arrivals", "has no meaning under a closed loop, which has no arrival times", "remove arrivals or closed_loop"));
            }

            if (spec.Duration is not null)
            {
                problems.Add(new($"{place}.duration", "has no meaning under a closed loop", "use requests, or a time limit of the run"));
            }

            return;
        }

        if (spec.Arrivals is not { } arrivals)
        {
            problems.Add(new($"{place}.arrivals", "is required (or closed_loop)", "for example {process: poisson, rate: 5}"));
            return;
        }

        var before = problems.Count;
        ArrivalRules.Check(arrivals, $"{place}.arrivals", problems);
        if (arrivals.Process == ArrivalProcess.AtOnce && spec.Requests is null)
        {
            problems.Add(new($"{place}.requests", "is required when all arrive at once"));
        }

        // 30 years leave room below the 292 that virtual time can tell.
        if (problems.Count == before && spec.Duration is null && arrivals.Rate is { } rate && spec.Requests / rate > 1e9)
        {
            problems.Add(new($"{place}.arrivals.rate", $"{rate.ToString(CultureInfo.InvariantCulture)} a second stretches {spec.Requests} requests over more than 30 years"));
        }
    }

    private static void CheckLengths(SyntheticSpec spec, string place, List<Problem> problems)
    {
        if (spec.JointLengths is { } pairs)
        {
            NotWithPairs(spec.InputTokens is not null, "input_tokens");
            NotWithPairs(spec.OutputTokens is not null, "output_tokens");
            NotWithPairs(spec.Correlation is not null, "correlation");
            if (pairs.Count is 0 or > 10_000_000)
            {
                problems.Add(new($"{place}.joint_lengths", "must have 1 to 10 million rows"));
            }

            double sum = 0;
            for (var i = 0; i < pairs.Count && problems.Count < 100; i++)
            {
                sum += pairs[i].Weight;
                if (pairs[i].Input < 1 || pairs[i].Output < 1 || !(pairs[i].Weight >= 0) || !double.IsFinite(pairs[i].Weight))
                {
                    problems.Add(new($"{place}.joint_lengths[{i}]", "needs input and output of at least 1 token and a weight of at least 0"));
                }
            }

            if (pairs.Count > 0 && !(sum > 0))
            {
                problems.Add(new($"{place}.joint_lengths", "has no weight above 0"));
            }

            return;
        }

        Distribution(spec.InputTokens, $"{place}.input_tokens", ValueRange.Tokens, required: true, problems);
        Distribution(spec.OutputTokens, $"{place}.output_tokens", ValueRange.Tokens, required: true, problems);
        if (spec.Correlation is { } correlation && !(correlation is >= -1 and <= 1))
        {
            problems.Add(new($"{place}.correlation", $"{correlation.ToString(CultureInfo.InvariantCulture)} is outside -1 to 1"));
        }

        void NotWithPairs(bool isSet, string name)
        {
            if (isSet)
            {
                problems.Add(new($"{place}.{name}", "and joint_lengths describe the same thing", "remove one of them"));
            }
        }
    }

    private static void CheckPrefix(PrefixSpec prefix, string place, List<Problem> problems)
    {
        if (prefix.Groups is < 1 or > 10_000_000)
        {
            problems.Add(new($"{place}.groups", $"{prefix.Groups} is outside 1 to 10000000"));
        }

        if (prefix.Tokens is < 1 or > 100_000_000)
        {
            problems.Add(new($"{place}.tokens", $"{prefix.Tokens} is outside 1 to 100000000"));
        }

        if (!(prefix.Exponent is >= 0 and <= 10))
        {
            problems.Add(new($"{place}.exponent", $"{prefix.Exponent.ToString(CultureInfo.InvariantCulture)} is outside 0 to 10"));
        }

        if (!Enum.IsDefined(prefix.Popularity))
        {
            problems.Add(new($"{place}.popularity", $"{prefix.Popularity} is neither zipf nor uniform"));
        }
    }

    private static void CheckReuse(SyntheticSpec spec, ReuseSpec reuse, string place, List<Problem> problems)
    {
        if (spec.Prefix is not null || spec.HasConversations || spec.ClosedLoop is not null)
        {
            problems.Add(new($"{place}.reuse", "cannot be combined with prefix, sessions, agents or closed_loop", "describe the sharing in one way"));
        }

        if (!(reuse.Probability is >= 0 and <= 1))
        {
            problems.Add(new($"{place}.reuse.probability", $"{reuse.Probability.ToString(CultureInfo.InvariantCulture)} is outside 0 to 1"));
        }

        if (!(reuse.Correlation is >= -1 and <= 1))
        {
            problems.Add(new($"{place}.reuse.correlation", $"{reuse.Correlation.ToString(CultureInfo.InvariantCulture)} is outside -1 to 1"));
        }

        if (reuse.BlockTokens is < 1 or > 1 << 20)
        {
            problems.Add(new($"{place}.reuse.block_tokens", $"{reuse.BlockTokens} is outside 1 to {1 << 20}"));
        }

        if (reuse.CommonTokens is < 0 or > 100_000_000)
        {
            problems.Add(new($"{place}.reuse.common_tokens", $"{reuse.CommonTokens} is outside 0 to 100000000"));
        }

        Distribution(reuse.Share, $"{place}.reuse.share", ValueRange.Share, required: true, problems);
        Duration(reuse.Lag, $"{place}.reuse.lag", required: true, problems);
    }

    private static void Distribution(DistributionSpec? spec, string place, ValueRange range, bool required, List<Problem> problems)
    {
        if (spec is not null)
        {
            problems.AddRange(spec.Validate(place, range));
        }
        else if (required)
        {
            problems.Add(new(place, "is required", "for example {distribution: lognormal, mean: 1000, cv: 1.2}"));
        }
    }

    private static void Duration(DurationSpec? spec, string place, bool required, List<Problem> problems)
    {
        if (spec is not null)
        {
            problems.AddRange(spec.Validate(place));
        }
        else if (required)
        {
            problems.Add(new(place, "is required", "for example {distribution: exponential, mean: 20s}"));
        }
    }

    private static void AtLeastOne(int? value, string place, List<Problem> problems)
    {
        if (value < 1)
        {
            problems.Add(new(place, $"{value} is below 1"));
        }
    }
}
