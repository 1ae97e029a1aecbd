using System.Globalization;
using Foretoken.Accuracy.Silicon;
using Foretoken.Accuracy.Statistics;

namespace Foretoken.Reports.Silicon;

/// <summary>What load stages are about: the times below the knee, where the knee is, and how long requests wait beyond it.</summary>
internal static class LoadStageSummary
{
    /// <summary>A line each.</summary>
    public static IEnumerable<string> Lines(IReadOnlyList<LoadStageOutcome> stages)
    {
        var below = stages.Where(s => s.Row.KeepsUp).ToList();
        yield return Line("below the knee, TTFT", below.Select(s => s.TtftError));
        yield return Line("below the knee, TPOT", below.Select(s => s.TpotError));
        var beyond = stages.Where(s => !s.Row.KeepsUp).ToList();

        // Beyond the knee the server answers as many as it can: its capacity, the mean over those stages.
        var capacity = beyond.GroupBy(s => s.Row.Variant).Select(g => (g.Key, Measured: g.Average(s => s.Row.ServedRps), Predicted: g.Average(s => s.Prediction!.RequestsPerSecond))).ToList();
        yield return Line("capacity at the knee", capacity.Select(c => ErrorStatistics.Error(c.Predicted, c.Measured)));
        foreach (var (name, measured, predicted) in capacity)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"  {name}: {predicted:0.0} requests/s predicted, {measured:0.0} measured");
        }

        yield return Line("beyond the knee, TTFT", beyond.Select(s => s.TtftError));
    }

    private static string Line(string name, IEnumerable<double> errors)
    {
        var e = ErrorStatistics.Of(errors);
        return e.Count == 0
            ? $"{name}: none"
            : string.Create(CultureInfo.InvariantCulture, $"{name}: n {e.Count} | median {e.Median:0.0}% mean {e.Mean:0.0}% p90 {e.P90:0.0}% bias {e.Bias:0.0}%");
    }
}
