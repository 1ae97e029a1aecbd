using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling.Policies;

/// <summary>Recommendations with their times, forgotten after a while.</summary>
internal sealed class RecommendationWindow
{
    private readonly List<(SimTime At, int Value)> _entries = [];

    /// <summary>Adds one and forgets those older than <paramref name="keep"/>.</summary>
    public void Add(SimTime now, int value, SimDuration keep)
    {
        _entries.RemoveAll(e => now - e.At > keep);
        _entries.Add((now, value));
    }

    /// <summary>The largest not older than the window; <paramref name="otherwise"/> when there is none.</summary>
    public int Max(SimTime now, SimDuration window, int otherwise)
    {
        var best = otherwise;
        foreach (var (at, value) in _entries)
        {
            best = now - at <= window ? Math.Max(best, value) : best;
        }

        return best;
    }

    /// <summary>The smallest not older than the window; <paramref name="otherwise"/> when there is none.</summary>
    public int Min(SimTime now, SimDuration window, int otherwise)
    {
        var best = otherwise;
        foreach (var (at, value) in _entries)
        {
            best = now - at <= window ? Math.Min(best, value) : best;
        }

        return best;
    }
}
