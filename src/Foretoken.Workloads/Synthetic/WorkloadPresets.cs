using Foretoken.Quantities;

namespace Foretoken.Workloads.Synthetic;

/// <summary>
/// One ready-made workload per class. Each runs as it is (10,000 requests) and is meant to be overridden. Where a public trace
/// of the class exists the numbers are fitted to it; else they are assumptions and say so. Figures and sources stand in
/// <c>docs/workloads.md</c>.
/// </summary>
public static class WorkloadPresets
{
    private static readonly Dictionary<string, SyntheticSpec> All = new(StringComparer.Ordinal)
    {
        // Azure LLM inference trace 2023, conversation (19,366 requests): prompt mean 1,155, CV 0.96, longest 14,050; answer
        // mean 211, CV 0.77, longest 1,000; rank correlation 0.07; gaps nearly exponential (CV 1.09) at 5.5 a second.
        ["chat"] = new()
        {
            Requests = 10_000,
            Arrivals = new() { Process = ArrivalProcess.Poisson, Rate = 5 },
            InputTokens = Lognormal(1_155, 0.96, 14_050),
            OutputTokens = Lognormal(211, 0.77, 1_000),
            Correlation = 0.08,
        },

        // Azure LLM inference trace 2023, code (8,819 requests): prompt mean 2,048, CV 0.96, longest 7,437 (2,400 before the cut-off); answer mean 28,
        // median 13, CV 2.15, longest 1,899; no correlation. It comes in bursts: while requests come at all, one every 0.1 s
        // for 13 s (median); gaps of more than 3 s fill 73 % of the hour.
        ["code-completion"] = new()
        {
            Requests = 10_000,
            Arrivals = new()
            {
                Process = ArrivalProcess.Bursty,
                States = [new() { Rate = 9.5, Dwell = SimDuration.FromSeconds(13) }, new() { Rate = 0, Dwell = SimDuration.FromSeconds(35) }],
            },
            InputTokens = Lognormal(2_400, 0.96, 7_437),
            OutputTokens = Lognormal(28, 1.6, 1_899),
        },

        // Assumed: a coding agent with a 4,096-token system prompt and tool list, about 8 calls a task.
        ["agent"] = new()
        {
            Requests = 10_000,
            Arrivals = new() { Process = ArrivalProcess.Poisson, Rate = 0.5 },
            InputTokens = Lognormal(1_000, 1.0, 32_000),
            OutputTokens = Lognormal(150, 1.0, 4_000),
            Prefix = new() { Groups = 4, Tokens = 4_096 },
            Agents = new()
            {
                Calls = new() { Distribution = DistributionKind.Geometric, Mean = 8, Max = 50 },
                ToolLatency = new() { Distribution = DistributionKind.Lognormal, Median = SimDuration.FromSeconds(1), Sigma = 1.0 },
                ToolTokens = Lognormal(600, 1.5, 16_000),
                FinalOutputTokens = Lognormal(400, 0.8, 4_000),
            },
        },

        // Mooncake conversation trace (FAST'25, 12,031 requests), the longer half of its prompts (6,910 to 126,195 tokens, mean
        // 21,143), without its prefix reuse; answer mean 343, CV 0.73.
        ["long-document"] = new()
        {
            Requests = 10_000,
            Arrivals = new() { Process = ArrivalProcess.Poisson, Rate = 1 },
            InputTokens = new() { Distribution = DistributionKind.Lognormal, Median = 14_500, Sigma = 0.75, Min = 6_900, Max = 126_195 },
            OutputTokens = Lognormal(343, 0.73, 2_000),
        },

        // Assumed: offline generation, everything queued at the start.
        ["batch"] = new()
        {
            Requests = 10_000,
            Arrivals = new() { Process = ArrivalProcess.AtOnce },
            InputTokens = Lognormal(1_000, 0.8, 16_000),
            OutputTokens = Lognormal(300, 0.8, 4_000),
        },
    };

    /// <summary>Names of all presets.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Keys];

    /// <summary>A preset by name; null when there is none of this name.</summary>
    public static SyntheticSpec? Find(string name) => All.GetValueOrDefault(name);

    internal static SyntheticSpec Apply(SyntheticSpec spec)
    {
        if (spec.Preset is null || Find(spec.Preset) is not { } preset)
        {
            return spec;
        }

        var joint = spec.JointLengths is not null;
        return spec with
        {
            Preset = null,
            Requests = spec.Requests ?? (spec.Duration is null ? preset.Requests : null),
            Arrivals = spec.ClosedLoop is not null && spec.Arrivals is null ? null : Merge(spec.Arrivals, preset.Arrivals),
            InputTokens = spec.InputTokens ?? (joint ? null : preset.InputTokens),
            OutputTokens = spec.OutputTokens ?? (joint ? null : preset.OutputTokens),
            Correlation = spec.Correlation ?? (joint ? null : preset.Correlation),
            Prefix = spec.Prefix ?? (spec.Reuse is null ? preset.Prefix : null),
            Sessions = spec.Sessions ?? preset.Sessions,
            Agents = spec.Agents ?? preset.Agents,
            Reuse = spec.Reuse ?? preset.Reuse,
        };
    }

    // Arrivals without a process change what they name and keep the rest of the preset's.
    private static ArrivalSpec? Merge(ArrivalSpec? own, ArrivalSpec? preset)
    {
        if (own is null || preset is null || own.Process is not null)
        {
            return own ?? preset;
        }

        if (own.Rate is not null && preset.Process == ArrivalProcess.AtOnce)
        {
            return own; // a rate asks for arrivals over time: poisson
        }

        return new()
        {
            Process = preset.Process,
            Rate = own.Rate ?? preset.Rate,
            Cv = own.Cv ?? (own.Shape is null ? preset.Cv : null),
            Shape = own.Shape ?? (own.Cv is null ? preset.Shape : null),
            States = own.States ?? preset.States,
            Amplitude = own.Amplitude ?? preset.Amplitude,
            Period = own.Period ?? preset.Period,
            Phase = own.Phase ?? preset.Phase,
            Profile = own.Profile ?? preset.Profile,
            Rates = own.Rates ?? preset.Rates,
            Bin = own.Bin ?? preset.Bin,
            Gaps = own.Gaps ?? preset.Gaps,
            Tick = own.Tick ?? preset.Tick,
        };
    }

    private static DistributionSpec Lognormal(double mean, double cv, double max) =>
        new() { Distribution = DistributionKind.Lognormal, Mean = mean, Cv = cv, Max = max };
}
