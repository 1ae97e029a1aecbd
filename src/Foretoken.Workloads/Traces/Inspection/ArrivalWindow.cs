namespace Foretoken.Workloads.Traces.Inspection;

/// <summary>
/// Counts arrivals in windows of one length laid end to end from the first request, in constant memory. The window in which
/// the trace ends is left out, because it is not full. Times must not decrease.
/// </summary>
public sealed class ArrivalWindow(long seconds)
{
    private long _window;
    private long _requests;
    private long _input;
    private long _uncached;
    private long _output;
    private Int128 _sum;
    private Int128 _squares;

    /// <summary>Length of the windows in seconds.</summary>
    public long Seconds { get; } = seconds;

    /// <summary>Full windows.</summary>
    public long Windows => _window;

    /// <summary>Most requests in one full window.</summary>
    public long PeakRequests { get; private set; }

    /// <summary>Most prompt tokens in one full window.</summary>
    public long PeakInputTokens { get; private set; }

    /// <summary>Most prompt tokens in one full window that a cache which never forgets does not hold.</summary>
    public long PeakUncachedTokens { get; private set; }

    /// <summary>Most answer tokens in one full window.</summary>
    public long PeakOutputTokens { get; private set; }

    /// <summary>Mean requests per full window; NaN without any.</summary>
    public double MeanRequests => _window == 0 ? double.NaN : (double)_sum / _window;

    /// <summary>
    /// Index of dispersion: variance of the counts over their mean. 1 for Poisson arrivals, 0 for even ones, more for
    /// bursts. NaN below two full windows, or without requests in them.
    /// </summary>
    public double Dispersion
    {
        get
        {
            if (_window < 2 || _sum == 0)
            {
                return double.NaN;
            }

            var mean = (double)_sum / _window;
            return ((double)_squares / _window - mean * mean) / mean;
        }
    }

    /// <summary>Adds an arrival.</summary>
    public void Add(long nanoseconds, int inputTokens, int uncachedTokens, int outputTokens)
    {
        var window = nanoseconds / (Seconds * 1_000_000_000);
        if (window != _window)
        {
            // Windows between that stayed empty add nothing to the sums; they count through the number of windows.
            _sum += _requests;
            _squares += (Int128)_requests * _requests;
            PeakRequests = Math.Max(PeakRequests, _requests);
            PeakInputTokens = Math.Max(PeakInputTokens, _input);
            PeakUncachedTokens = Math.Max(PeakUncachedTokens, _uncached);
            PeakOutputTokens = Math.Max(PeakOutputTokens, _output);
            (_requests, _input, _uncached, _output) = (0, 0, 0, 0);
            _window = window;
        }

        _requests++;
        _input += inputTokens;
        _uncached += uncachedTokens;
        _output += outputTokens;
    }
}
