using Foretoken.Quantities;
using Foretoken.Workloads.Synthetic.Sampling;

namespace Foretoken.Workloads.Synthetic.Generation;

/// <summary>A validated synthetic workload with its preset applied and every distribution ready to draw from.</summary>
internal sealed class WorkloadModel
{
    private WorkloadModel(SyntheticSpec spec)
    {
        Spec = spec;
        Correlation = spec.Correlation ?? 0;
        Requests = spec.Requests ?? long.MaxValue;
        End = spec.Duration?.Nanoseconds ?? long.MaxValue;
        if (spec.JointLengths is { } pairs)
        {
            Lengths = new LengthSampler(pairs);
        }
        else
        {
            var output = new Sampler(spec.OutputTokens!, ValueRange.Tokens);
            Lengths = new LengthSampler(new Sampler(spec.InputTokens!, ValueRange.Tokens), output, Correlation);
            if (spec.Sessions?.NewTokens is { } newTokens)
            {
                LaterLengths = new LengthSampler(new Sampler(newTokens, ValueRange.Tokens), output, Correlation);
            }
        }

        if (spec.Sessions is { } sessions)
        {
            Turns = new Sampler(sessions.Turns!, ValueRange.Turns);
            ThinkTime = Times(sessions.ThinkTime);
            NewTokens = LaterLengths is null ? Tokens(sessions.NewTokens) : null;
        }

        if (spec.Agents is { } agents)
        {
            Calls = new Sampler(agents.Calls!, ValueRange.Turns);
            ToolLatency = Times(agents.ToolLatency);
            ToolTokens = Tokens(agents.ToolTokens);
            FinalOutput = Tokens(agents.FinalOutputTokens);
        }

        ContextMax = spec.Sessions?.MaxContextTokens;
        if (spec.Reuse is { } reuse)
        {
            ReuseShare = new Sampler(reuse.Share!, ValueRange.Share);
            ReuseLag = Times(reuse.Lag);
        }
    }

    public SyntheticSpec Spec { get; }

    /// <summary>Requests in all; <see cref="long.MaxValue"/> without limit.</summary>
    public long Requests { get; }

    /// <summary>Nothing starts at or after this time in nanoseconds.</summary>
    public long End { get; }

    public double Correlation { get; }

    /// <summary>Lengths of a request on its own, or of a session's first turn.</summary>
    public LengthSampler Lengths { get; }

    /// <summary>New tokens and answer of later turns; null: as <see cref="Lengths"/>.</summary>
    public LengthSampler? LaterLengths { get; }

    /// <summary>New tokens of later turns where lengths come from a joint table; null: from the table too.</summary>
    public Sampler? NewTokens { get; }

    public Sampler? Turns { get; }

    public Sampler? ThinkTime { get; }

    public Sampler? Calls { get; }

    public Sampler? ToolLatency { get; }

    public Sampler? ToolTokens { get; }

    public Sampler? FinalOutput { get; }

    public int? ContextMax { get; }

    public Sampler? ReuseShare { get; }

    public Sampler? ReuseLag { get; }

    /// <summary>Validates a spec.</summary>
    /// <exception cref="InputException">With every problem of the spec.</exception>
    public static WorkloadModel Create(SyntheticSpec spec, string place)
    {
        if (spec.Validate(place) is { Count: > 0 } problems)
        {
            throw new InputException(problems);
        }

        return new WorkloadModel(spec.Resolve());
    }

    private static Sampler? Times(DurationSpec? spec) => spec is null ? null : new Sampler(spec.InSeconds(), ValueRange.Seconds);

    private static Sampler? Tokens(DistributionSpec? spec) => spec is null ? null : new Sampler(spec, ValueRange.Tokens);
}
