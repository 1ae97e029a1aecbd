using Foretoken.Quantities;

namespace Foretoken.Hardware.StepTime;

/// <summary>Measured step times as they stand in a file. Axes ascend; times are in milliseconds.</summary>
public sealed record StepTimeTable
{
    /// <summary>New prompt tokens of the measured prefill steps.</summary>
    public required double[] PrefillTokens { get; init; }

    /// <summary>Their durations.</summary>
    public required double[] PrefillMilliseconds { get; init; }

    /// <summary>What <see cref="DecodeFirst"/> counts.</summary>
    public required DecodeAxis DecodeFirstAxis { get; init; }

    /// <summary>First axis of the decode grid.</summary>
    public required double[] DecodeFirst { get; init; }

    /// <summary>Second axis of the decode grid: mean context in tokens.</summary>
    public required double[] DecodeContext { get; init; }

    /// <summary>Durations of the decode steps, row by row (one row per entry of <see cref="DecodeFirst"/>).</summary>
    public required double[] DecodeMilliseconds { get; init; }

    /// <summary>Everything that is wrong with the table; empty when it can be used.</summary>
    public IEnumerable<Problem> Problems(string place)
    {
        foreach (var (name, axis) in new[] { ("prefill tokens", PrefillTokens), ("decode first axis", DecodeFirst), ("decode context", DecodeContext) })
        {
            if (axis.Length == 0)
            {
                yield return new Problem(place, $"the {name} axis is empty", "at least one measured point of prefill and one of decode");
            }

            for (var i = 0; i < axis.Length; i++)
            {
                if (!double.IsFinite(axis[i]) || axis[i] < 0 || (i > 0 && axis[i] <= axis[i - 1]))
                {
                    yield return new Problem(place, $"the {name} axis does not ascend at its entry {i + 1} ({axis[i]})", "finite values of at least 0, each larger than the one before");
                    break;
                }
            }
        }

        foreach (var (name, times, expected) in new[]
        {
            ("prefill", PrefillMilliseconds, PrefillTokens.Length),
            ("decode", DecodeMilliseconds, DecodeFirst.Length * DecodeContext.Length),
        })
        {
            if (times.Length != expected)
            {
                yield return new Problem(place, $"{times.Length} {name} times for {expected} points of the grid", "one time per point");
            }

            var bad = Array.FindIndex(times, t => !double.IsFinite(t) || t <= 0);
            if (bad >= 0)
            {
                yield return new Problem(place, $"{name} time {bad + 1} is {times[bad]}", "a positive number of milliseconds");
            }
        }
    }
}
