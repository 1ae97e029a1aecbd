using System.Globalization;

namespace Foretoken.Fleet.Routing;

/// <summary>Writes down what a decision compared.</summary>
public static class ReasonText
{
    private const int Shown = 4;

    /// <summary>The best candidates with their scores, best first: <c>3: 20.0, 1: 25.5 (of 8)</c>.</summary>
    public static string Ranking(ReadOnlySpan<int> workers, ReadOnlySpan<double> scores, bool lowestWins)
    {
        var ranked = new List<(int Worker, double Score)>();
        foreach (var worker in workers)
        {
            ranked.Add((worker, scores[worker]));
        }

        var best = ranked.OrderBy(r => lowestWins ? r.Score : -r.Score).ThenBy(r => r.Worker).Take(Shown)
            .Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Worker}: {r.Score:0.0##}"));
        return string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", best)} (of {workers.Length})");
    }

    /// <summary>The same over whole numbers, fewest first.</summary>
    public static string Fewest<T>(ReadOnlySpan<int> workers, ReadOnlySpan<T> loads)
        where T : struct, IConvertible
    {
        var scores = new double[loads.Length];
        foreach (var worker in workers)
        {
            scores[worker] = loads[worker].ToDouble(CultureInfo.InvariantCulture);
        }

        return Ranking(workers, scores, lowestWins: true);
    }
}
