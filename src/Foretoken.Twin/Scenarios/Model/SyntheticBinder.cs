using Foretoken.Twin.Scenarios.Fields;
using Foretoken.Workloads.Synthetic;
using static Foretoken.Twin.Scenarios.Description.SyntheticFields;
using Arrival = Foretoken.Twin.Scenarios.Description.ArrivalFields;
using Shape = Foretoken.Twin.Scenarios.Description.DistributionFields;
using Workload = Foretoken.Twin.Scenarios.Description.WorkloadFields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>From the keys of a generated workload to its spec. What is not written stays unset, for the preset to fill.</summary>
internal sealed class SyntheticBinder(BindContext context)
{
    /// <summary>The spec as written.</summary>
    public SyntheticSpec Bind(Bound workload) => new()
    {
        Preset = workload.Get(Preset),
        Requests = workload.Get(Requests),
        Duration = workload.Get(Duration),
        Arrivals = workload.Get(Arrivals) is { } arrivals ? BindArrivals(arrivals) : null,
        InputTokens = Numbers(workload.Get(InputTokens)),
        OutputTokens = Numbers(workload.Get(OutputTokens)),
        Correlation = workload.Get(Correlation),
        JointLengths = workload.Get(JointLengths)?.Select(p => new LengthPair { Input = p.Get(PairInput), Output = p.Get(PairOutput), Weight = p.Get(PairWeight) }).ToArray(),
        Prefix = workload.Get(Prefix) is { } prefix ? BindPrefix(prefix) : null,
        Reuse = workload.Get(Reuse) is { } reuse ? BindReuse(reuse) : null,
        Sessions = workload.Get(Sessions) is { } sessions ? BindSessions(sessions) : null,
        Agents = workload.Get(Agents) is { } agents ? BindAgents(agents) : null,
        ClosedLoop = workload.Has(Workload.ClosedLoop) && workload.Get(Workload.ClosedLoop) is { } loop
            ? new ClosedLoopSpec { Concurrency = loop.Get(Workload.Concurrency), Ramp = loop.Get(Workload.Ramp), WarmUpRequests = loop.Get(Workload.WarmUpRequests) }
            : null,
    };

    private ArrivalSpec BindArrivals(Bound arrivals) => new()
    {
        Process = arrivals.Get(Arrival.Process) switch
        {
            "poisson" => ArrivalProcess.Poisson,
            "gamma" => ArrivalProcess.Gamma,
            "constant" => ArrivalProcess.Constant,
            "bursty" => ArrivalProcess.Bursty,
            "diurnal" => ArrivalProcess.Diurnal,
            "replayed" => ArrivalProcess.Replayed,
            "renewal" => ArrivalProcess.Renewal,
            "at_once" => ArrivalProcess.AtOnce,
            _ => null,
        },
        Rate = arrivals.Get(Arrival.Rate),
        Cv = arrivals.Get(Arrival.Cv),
        Shape = arrivals.Get(Arrival.Shape),
        States = arrivals.Get(Arrival.States)?.Select(s => new BurstState { Rate = s.Get(Arrival.StateRate), Dwell = s.Get(Arrival.StateDwell) }).ToArray(),
        Amplitude = arrivals.Get(Arrival.Amplitude),
        Period = arrivals.Get(Arrival.Period),
        Phase = arrivals.Get(Arrival.Phase),
        Profile = arrivals.Get(Arrival.Profile)?.Select(p => new RatePoint { At = p.Get(Arrival.PointAt), Rate = p.Get(Arrival.PointRate) }).ToArray(),
        Rates = arrivals.Get(Arrival.Rates),
        Bin = arrivals.Get(Arrival.Bin),
        Gaps = Times(arrivals.Get(Arrival.Gaps)),
        Tick = arrivals.Get(Arrival.Tick),
    };

    private static PrefixSpec BindPrefix(Bound prefix) => new()
    {
        Groups = prefix.Get(PrefixGroups),
        Tokens = prefix.Get(PrefixTokens),
        Popularity = prefix.Get(PrefixPopularity) == "uniform" ? Popularity.Uniform : Popularity.Zipf,
        Exponent = prefix.Get(PrefixExponent),
    };

    private ReuseSpec BindReuse(Bound reuse) => new()
    {
        CommonTokens = reuse.Get(ReuseCommonTokens),
        Probability = reuse.Get(ReuseProbability),
        Share = Numbers(reuse.Get(ReuseShare)),
        Correlation = reuse.Get(ReuseCorrelation),
        Lag = Times(reuse.Get(ReuseLag)),
        BlockTokens = reuse.Get(ReuseBlockTokens),
    };

    private SessionSpec BindSessions(Bound sessions) => new()
    {
        Turns = Numbers(sessions.Get(SessionTurns)),
        ThinkTime = Times(sessions.Get(SessionThinkTime)),
        NewTokens = Numbers(sessions.Get(SessionNewTokens)),
        MaxContextTokens = sessions.Get(SessionMaxContextTokens),
    };

    private AgentSpec BindAgents(Bound agents) => new()
    {
        Calls = Numbers(agents.Get(AgentCalls)),
        ToolLatency = Times(agents.Get(AgentToolLatency)),
        ToolTokens = Numbers(agents.Get(AgentToolTokens)),
        FinalOutputTokens = Numbers(agents.Get(AgentFinalOutputTokens)),
    };

    /// <summary>A distribution as written; null when there is none.</summary>
    public DistributionSpec? Numbers(Bound? written) => written is null ? null : new()
    {
        Distribution = Kind(written, Shape.Value),
        Value = written.Get(Shape.Value),
        Mean = written.Get(Shape.Mean),
        Cv = written.Get(Shape.Cv),
        StandardDeviation = written.Get(Shape.StandardDeviation),
        Median = written.Get(Shape.Median),
        Sigma = written.Get(Shape.Sigma),
        Min = written.Get(Shape.Min),
        Max = written.Get(Shape.Max),
        Values = written.Get(Shape.Values),
        Weights = written.Get(Shape.Weights),
        Quantiles = written.Get(Shape.Quantiles)?.Select(q => new QuantilePoint { Q = q.Get(Shape.PointShare), Value = q.Get(Shape.PointValue) }).ToArray(),
    };

    private DurationSpec? Times(Bound? written) => written is null ? null : new()
    {
        Distribution = Kind(written, Shape.TimeValue),
        Value = written.Get(Shape.TimeValue),
        Mean = written.Get(Shape.TimeMean),
        Cv = written.Get(Shape.Cv),
        StandardDeviation = written.Get(Shape.TimeStandardDeviation),
        Median = written.Get(Shape.TimeMedian),
        Sigma = written.Get(Shape.Sigma),
        Min = written.Get(Shape.TimeMin),
        Max = written.Get(Shape.TimeMax),
        Values = written.Get(Shape.TimeValues),
        Weights = written.Get(Shape.Weights),
        Quantiles = written.Get(Shape.TimeQuantiles)?.Select(q => new DurationPoint { Q = q.Get(Shape.PointShare), Value = q.Get(Shape.TimePointValue) }).ToArray(),
    };

    private DistributionKind Kind(Bound written, Field value)
    {
        switch (written.Get(Shape.Distribution))
        {
            case "fixed": return DistributionKind.Fixed;
            case "uniform": return DistributionKind.Uniform;
            case "normal": return DistributionKind.Normal;
            case "lognormal": return DistributionKind.Lognormal;
            case "exponential": return DistributionKind.Exponential;
            case "geometric": return DistributionKind.Geometric;
            case "empirical": return DistributionKind.Empirical;
            default:
                if (!written.IsSet(value) && written.IsGood(Shape.Distribution))
                {
                    context.Add(written.Origin, written.Path, "lacks 'distribution'", $"add distribution: {Shape.Distribution.Type.Expected}");
                }

                return DistributionKind.Fixed;
        }
    }
}
