using Foretoken.Quantities;
using Foretoken.Workloads.Synthetic.Sampling;

namespace Foretoken.Workloads.Synthetic.Arrivals;

/// <summary>A sequence of arrival times in nanoseconds, never decreasing, without end.</summary>
internal abstract class ArrivalGenerator
{
    /// <summary>The next arrival.</summary>
    public abstract long Next();

    /// <summary>The sequence of a validated spec.</summary>
    public static ArrivalGenerator Create(ArrivalSpec spec, ulong seed, ulong replication)
    {
        var exact = CreateExact(spec, seed, replication);
        return spec.Tick is { } tick ? new TickingArrivals(exact, tick.Nanoseconds) : exact;
    }

    private static ArrivalGenerator CreateExact(ArrivalSpec spec, ulong seed, ulong replication)
    {
        var gaps = new RandomStream(seed, StreamId.Arrivals, 0, replication);
        var modulation = new RandomStream(seed, StreamId.Modulation, 0, replication);
        switch (spec.Process ?? ArrivalProcess.Poisson)
        {
            case ArrivalProcess.Poisson:
            case ArrivalProcess.Gamma:
                return new RenewalArrivals(spec.Rate!.Value, UnitGap.Of(spec), gaps);
            case ArrivalProcess.Renewal:
                return new RenewalArrivals(spec.Rate ?? 1 / new Sampler(spec.Gaps!.InSeconds(), ValueRange.Seconds).Mean(), UnitGap.Of(spec), gaps);
            case ArrivalProcess.Constant:
                return new ConstantArrivals(spec.Rate!.Value);
            case ArrivalProcess.Bursty:
                return new ModulatedArrivals(spec.States!, ScaleTo(spec.Rate, ModulatedArrivals.MeanRate(spec.States!)), gaps, modulation);
            case ArrivalProcess.Diurnal when spec.Profile is null:
                return new SinusoidalArrivals(spec, gaps, modulation);
            case ArrivalProcess.Diurnal:
            case ArrivalProcess.Replayed:
                var profile = spec.Profile is { } points ? RateProfile.Linear(points, spec.Period) : RateProfile.Steps(spec.Rates!, spec.Bin!.Value);
                return new ProfileArrivals(profile, ScaleTo(spec.Rate, profile.MeanRate), UnitGap.Of(spec), gaps);
            default:
                return new ArrivalsAtOnce();
        }
    }

    private static double ScaleTo(double? wanted, double mean) => wanted is { } rate ? rate / mean : 1;
}
