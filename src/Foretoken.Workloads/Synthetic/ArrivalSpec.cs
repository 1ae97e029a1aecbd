using Foretoken.Quantities;

namespace Foretoken.Workloads.Synthetic;

/// <summary>
/// When things arrive by themselves: requests or, in a workload with sessions or agents, their first requests (later ones
/// follow from completions and waits). Ignored under a closed loop.
/// </summary>
public sealed record ArrivalSpec
{
    /// <summary>How arrivals follow each other. Default: the preset's, else <see cref="ArrivalProcess.Poisson"/>.</summary>
    public ArrivalProcess? Process { get; init; }

    /// <summary>
    /// Mean arrivals per second, 0.000001 to 1e9. Required for poisson, gamma, constant and the sinusoidal diurnal; for
    /// bursty, profile, replayed and renewal optional: it scales them so that their mean over time is this. Not for at_once.
    /// </summary>
    public double? Rate { get; init; }

    /// <summary>Coefficient of variation of the gaps, 0.01 to 100. For gamma, and for replayed and profile (gaps measured in expected arrivals; default 1: Poisson).</summary>
    public double? Cv { get; init; }

    /// <summary>Shape of the gamma distribution, 1/cv². For gamma, instead of <see cref="Cv"/>.</summary>
    public double? Shape { get; init; }

    /// <summary>States of bursty, at least 2.</summary>
    public IReadOnlyList<BurstState>? States { get; init; }

    /// <summary>Relative swing of the sinusoidal diurnal, 0 to 1. Default 0.5.</summary>
    public double? Amplitude { get; init; }

    /// <summary>Length of one cycle. For the sinusoidal diurnal (default 24 h) and profile (default: the time of its last point).</summary>
    public SimDuration? Period { get; init; }

    /// <summary>Part of the cycle at which the workload starts, 0 to 1. For the sinusoidal diurnal: 0 = mean rate and rising, 0.25 = the peak. Default 0.</summary>
    public double? Phase { get; init; }

    /// <summary>Points of a piecewise-linear diurnal rate, times rising from 0; repeats after <see cref="Period"/>, towards which the last rate is held.</summary>
    public IReadOnlyList<RatePoint>? Profile { get; init; }

    /// <summary>Rates of replayed, arrivals per second, one per <see cref="Bin"/>; repeats from the start after the last.</summary>
    public IReadOnlyList<double>? Rates { get; init; }

    /// <summary>How long each of <see cref="Rates"/> holds. Required for replayed.</summary>
    public SimDuration? Bin { get; init; }

    /// <summary>
    /// Gaps of renewal; required for it. For replayed and profile optional, instead of <see cref="Cv"/>: the shape of the gaps,
    /// measured in expected arrivals (only their ratios count, they are scaled to mean 1).
    /// </summary>
    public DurationSpec? Gaps { get; init; }

    /// <summary>Arrival times are rounded down to multiples of this, as in traces whose clock is coarse. Default: none.</summary>
    public SimDuration? Tick { get; init; }
}
