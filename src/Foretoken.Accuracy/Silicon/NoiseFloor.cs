using Foretoken.Accuracy.Statistics;

namespace Foretoken.Accuracy.Silicon;

/// <summary>How well the measurements repeat: rows with the same configuration and different names.</summary>
/// <param name="Pairs">Pairs of such rows.</param>
/// <param name="Tpot">Difference of the time per output token within a pair, percent of the pair's mean.</param>
/// <param name="Ttft">The same of the time to first token.</param>
public sealed record NoiseFloor(int Pairs, ErrorStatistics Tpot, ErrorStatistics Ttft)
{
    /// <summary>Of a set of rows. Of n equal rows every one is paired with the first.</summary>
    public static NoiseFloor Of(IEnumerable<SiliconRow> rows)
    {
        var tpot = new List<double>();
        var ttft = new List<double>();
        foreach (var same in rows.GroupBy(r => r with { Id = "", Line = 0, TtftMs = 0, TpotMs = 0 }))
        {
            var first = same.First();
            foreach (var again in same.Skip(1))
            {
                tpot.Add(Difference(first.TpotMs, again.TpotMs));
                ttft.Add(Difference(first.TtftMs, again.TtftMs));
            }
        }

        return new NoiseFloor(tpot.Count, ErrorStatistics.Of(tpot), ErrorStatistics.Of(ttft));
    }

    // What a perfect model of the pair's mean would be off by is half of it.
    private static double Difference(double a, double b) => 200 * (b - a) / (a + b);
}
