using Foretoken.Quantities;

namespace Foretoken.Reports.Perfetto;

/// <summary>Which part of a run goes into the file.</summary>
public sealed record PerfettoOptions
{
    /// <summary>So many events unless another number is given: a file of some 150 MB, which ui.perfetto.dev opens in seconds.</summary>
    public const int EventsMaxDefault = 1_000_000;

    /// <summary>Nothing before this. Default: the run's start.</summary>
    public SimTime From { get; init; } = SimTime.Zero;

    /// <summary>Nothing after this. Default: the run's end.</summary>
    public SimTime To { get; init; } = SimTime.Never;

    /// <summary>The moment in which so many events have been written is the last one.</summary>
    public int EventsMax { get; init; } = EventsMaxDefault;
}
