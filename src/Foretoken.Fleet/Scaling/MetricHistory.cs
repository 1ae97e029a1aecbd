using Foretoken.Quantities;

namespace Foretoken.Fleet.Scaling;

/// <summary>The scrapes of a pool in order, as far back as its scaler asked for: what a metric store would answer.</summary>
public sealed class MetricHistory(SimDuration remember)
{
    private readonly List<PoolSample> _samples = [];
    private int _first;

    /// <summary>The scrapes that are kept, oldest first.</summary>
    public IEnumerable<PoolSample> Samples => _samples.Skip(_first);

    /// <summary>The last scrape; null before the first.</summary>
    public PoolSample? Last => _samples.Count > 0 ? _samples[^1] : null;

    /// <summary>Adds a scrape, later than all before it.</summary>
    public void Add(PoolSample sample)
    {
        Invariant.That(_samples.Count == 0 || sample.At > _samples[^1].At);
        _samples.Add(sample);

        // One sample beyond the edge stays: counters need the value at the window's start.
        while (_first + 1 < _samples.Count && _samples[_first + 1].At.Nanoseconds <= sample.At.Nanoseconds - remember.Nanoseconds)
        {
            _first++;
        }

        if (_first > 64 && _first > _samples.Count / 2)
        {
            _samples.RemoveRange(0, _first);
            _first = 0;
        }
    }

    /// <summary>Mean over the scrapes in (now - window, now] of a figure; null when there is none.</summary>
    public double? Mean(SimTime now, SimDuration window, Func<PoolSample, double> figure)
    {
        double sum = 0;
        var count = 0;
        for (var i = _samples.Count - 1; i >= _first && _samples[i].At.Nanoseconds > now.Nanoseconds - window.Nanoseconds; i--)
        {
            sum += figure(_samples[i]);
            count++;
        }

        return count == 0 ? null : sum / count;
    }

    /// <summary>Largest over the scrapes in (now - window, now] of a figure; null when there is none.</summary>
    public double? Peak(SimTime now, SimDuration window, Func<PoolSample, double?> figure)
    {
        double? peak = null;
        for (var i = _samples.Count - 1; i >= _first && _samples[i].At.Nanoseconds > now.Nanoseconds - window.Nanoseconds; i--)
        {
            if (figure(_samples[i]) is { } value && !(peak >= value))
            {
                peak = value;
            }
        }

        return peak;
    }

    /// <summary>Growth of a counter over the window that ends with the last scrape, and the seconds that it really covers (fewer early in a run).</summary>
    public (double Growth, double Seconds) Growth(SimDuration window, Func<PoolSample, double> counter)
    {
        if (_samples.Count == 0)
        {
            return (0, 0);
        }

        var last = _samples[^1];
        var start = last.At.Nanoseconds - window.Nanoseconds;
        if (start <= 0 || _samples[_first].At.Nanoseconds > start)
        {
            // Nothing older is known: the counter began at zero with the run, or with the oldest scrape.
            return start <= 0 ? (counter(last), last.At.TotalSeconds) : Between(_samples[_first], last, counter);
        }

        var i = _samples.Count - 1;
        while (_samples[i].At.Nanoseconds > start)
        {
            i--;
        }

        return Between(_samples[i], last, counter);
    }

    private static (double Growth, double Seconds) Between(PoolSample from, PoolSample to, Func<PoolSample, double> counter) =>
        (counter(to) - counter(from), (to.At - from.At).TotalSeconds);
}
