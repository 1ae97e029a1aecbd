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
        var gaps = new RandomStream(seed, StreamId.Arrivals, 0, replication);
        var modulation = new RandomStream(seed, StreamId.Modulation, 0, replication);
        switch (spec.Process ?? ArrivalProcess.Poisson)
        {
            case ArrivalProcess.Poisson:
                return new PoissonArrivals(spec.Rate!.Value, gaps);
            case ArrivalProcess.Gamma:
                return new GammaArrivals(spec.Rate!.Value, GammaOf(spec)!, gaps);
            case ArrivalProcess.Constant:
                return new ConstantArrivals(spec.Rate!.Value);
            case ArrivalProcess.Bursty:
                return new ModulatedArrivals(spec.States!, ScaleTo(spec.Rate, ModulatedArrivals.MeanRate(spec.States!)), gaps, modulation);
            case ArrivalProcess.Diurnal when spec.Profile is null:
                return new SinusoidalArrivals(spec, gaps, modulation);
            case ArrivalProcess.Diurnal:
            case ArrivalProcess.Replayed:
                var profile = spec.Profile is { } points ? RateProfile.Linear(points, spec.Period) : RateProfile.Steps(spec.Rates!, spec.Bin!.Value);
                return new ProfileArrivals(profile, ScaleTo(spec.Rate, profile.MeanRate), GammaOf(spec), gaps);
            default:
                return new ArrivalsAtOnce();
        }
    }

    private static double ScaleTo(double? wanted, double mean) => wanted is { } rate ? rate / mean : 1;

    // Null: exponential gaps, which are cheaper to draw directly.
    private static GammaDistribution? GammaOf(ArrivalSpec spec)
    {
        var shape = spec.Shape ?? (spec.Cv is { } cv ? 1 / (cv * cv) : 1);
        return spec.Process != ArrivalProcess.Gamma && shape == 1 ? null : new GammaDistribution(shape);
    }
}
