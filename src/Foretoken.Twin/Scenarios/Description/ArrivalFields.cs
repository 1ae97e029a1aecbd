using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>The <c>workload.arrivals</c> section.</summary>
public static class ArrivalFields
{
    public static readonly Field<string> Process = new(new ChoiceType(
        ("poisson", "independent arrivals at a constant rate"),
        ("gamma", "independent gamma gaps: rate with cv or shape"),
        ("constant", "equal gaps of 1/rate"),
        ("bursty", "Markov-modulated Poisson: states with a rate and a dwell each"),
        ("diurnal", "Poisson with a rate that swings (amplitude, period, phase) or follows a profile"),
        ("replayed", "Poisson (or gamma, with cv, or any gaps) at the rates of a table: rates, each held for one bin"),
        ("renewal", "independent gaps of any distribution: gaps, scaled to rate where given"),
        ("at_once", "all at time 0")))
    {
        Name = "process",
        Meaning = "How arrivals follow each other.",
        DefaultText = "the preset's, else poisson",
    };

    public static readonly Field<double?> Rate = Optional.Number("rate", "Mean arrivals per second. For bursty, profile, replayed and renewal optional: it scales them so that their mean is this.", UnitTable.Rate, aboveMin: true);
    public static readonly Field<double?> Cv = Optional.Number("cv", "Coefficient of variation of the gaps, for gamma, replayed and profile.", aboveMin: true);
    public static readonly Field<double?> Shape = Optional.Number("shape", "Shape of the gamma distribution, 1/cv^2; instead of cv.", aboveMin: true);
    public static readonly Field<double> StateRate = new(new NumberType(UnitTable.Rate)) { Name = "rate", Meaning = "Arrivals per second while in this state.", Required = true };
    public static readonly Field<SimDuration> StateDwell = new(new DurationType(aboveZero: true)) { Name = "dwell", Meaning = "Mean time in this state (exponential).", Required = true };
    public static readonly Field<IReadOnlyList<Bound>> States = Optional.List("states", "States of bursty arrivals.",
        new SectionType(new Section { Meaning = "One state of bursty arrivals.", Fields = [StateRate, StateDwell] }), 2);
    public static readonly Field<double?> Amplitude = Optional.Number("amplitude", "Relative swing of the sinusoidal diurnal rate. Default 0.5.", max: 1);
    public static readonly Field<SimDuration?> Period = Optional.Duration("period", "Length of one cycle. Default 24h, or the time of the profile's last point.", aboveZero: true);
    public static readonly Field<double?> Phase = Optional.Number("phase", "Part of the cycle at which the workload starts: 0 the mean rate and rising, 0.25 the peak. Default 0.", max: 1);
    public static readonly Field<SimDuration> PointAt = new(new DurationType()) { Name = "at", Meaning = "Time since the start of the cycle.", Required = true };
    public static readonly Field<double> PointRate = new(new NumberType(UnitTable.Rate)) { Name = "rate", Meaning = "Arrivals per second at this time.", Required = true };
    public static readonly Field<IReadOnlyList<Bound>> Profile = Optional.List("profile", "Points of a piecewise-linear diurnal rate, times rising from 0.",
        new SectionType(new Section { Meaning = "One point of a rate profile.", Fields = [PointAt, PointRate] }));
    public static readonly Field<IReadOnlyList<double>> Rates = Optional.List("rates", "Rates of replayed arrivals, one per bin; repeats after the last.", new NumberType(UnitTable.Rate));
    public static readonly Field<SimDuration?> Bin = Optional.Duration("bin", "How long each of the rates holds.", aboveZero: true);
    public static readonly Field<Bound> Gaps = Optional.Part("gaps", "Gaps of renewal; for replayed and profile the shape of the gaps, scaled to mean 1.", DistributionFields.Times);
    public static readonly Field<SimDuration?> Tick = Optional.Duration("tick", "Arrival times are rounded down to multiples of this, as in traces whose clock is coarse. Default: none.", aboveZero: true);

    /// <summary>The whole section.</summary>
    public static readonly Section Section = new()
    {
        Meaning = "When requests arrive; with sessions or agents, their first requests.",
        Fields = [Process, Rate, Cv, Shape, States, Amplitude, Period, Phase, Profile, Rates, Bin, Gaps, Tick],
    };
}
