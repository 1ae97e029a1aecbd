using System.Runtime.InteropServices;
using Foretoken.Quantities;

namespace Foretoken.Workloads.Traces.Inspection;

/// <summary>
/// Describes a trace in one pass: lengths, rates, bursts, sessions and what a cache could reuse. Memory does not grow with
/// the number of requests, but with different hash blocks and sessions.
/// </summary>
public sealed class TraceInspector
{
    private readonly Dictionary<string, int> _turns = new(StringComparer.Ordinal);
    private readonly List<long> _delays = [];
    private readonly Dictionary<string, ClassLengths> _classes = new(StringComparer.Ordinal);
    private readonly ClassLengths _unnamed = new() { Name = null };
    private readonly ArrivalWindow[] _all = [new(1), new(10), new(60)];
    private long _lastArrival = -1;
    private long _lastOfAll;
    private double _gapMean;
    private double _gapSquares;
    private double _coMoment;
    private double _inputMean;
    private double _outputMean;

    /// <summary>Starts an inspection that counts prefix reuse in engine blocks of the given size.</summary>
    /// <exception cref="InputException">The block size is below 1.</exception>
    public TraceInspector(int engineBlockTokens)
    {
        if (engineBlockTokens < 1)
        {
            throw new InputException("--block-size", FormattableString.Invariant($"an engine block of {engineBlockTokens} tokens"), "1 or more; vLLM's default is 16");
        }

        Reuse = new PrefixReuse(engineBlockTokens);
    }

    /// <summary>Requests.</summary>
    public long Requests => Inputs.Count;

    /// <summary>Prompt lengths.</summary>
    public LengthCounts Inputs { get; } = new();

    /// <summary>Answer lengths.</summary>
    public LengthCounts Outputs { get; } = new();

    /// <summary>Prefix reuse.</summary>
    public PrefixReuse Reuse { get; }

    /// <summary>Requests with an arrival time.</summary>
    public long TimedRequests { get; private set; }

    /// <summary>Prompt tokens of the requests with an arrival time.</summary>
    public long TimedInputTokens { get; private set; }

    /// <summary>Those of them that a cache which never forgets would not hold.</summary>
    public long TimedUncachedTokens { get; private set; }

    /// <summary>Answer tokens of the requests with an arrival time.</summary>
    public long TimedOutputTokens { get; private set; }

    /// <summary>From the first to the last arrival; zero without times.</summary>
    public SimDuration Span { get; private set; }

    /// <summary>Requests and tokens over time, of all requests with an arrival time.</summary>
    public RateTimeline Timeline { get; } = new();

    /// <summary>Arrivals from outside (requests on their own and first turns) in windows of 1, 10 and 60 s.</summary>
    public IReadOnlyList<ArrivalWindow> Windows { get; } = [new(1), new(10), new(60)];

    /// <summary>
    /// Windows for peaks: over all requests with a time where the file has them in order of time, otherwise (sessions one
    /// after another) those of <see cref="Windows"/>.
    /// </summary>
    public IReadOnlyList<ArrivalWindow> Peaks => PeaksCoverAll ? _all : Windows;

    /// <summary>Whether <see cref="Peaks"/> count every request with a time.</summary>
    public bool PeaksCoverAll { get; private set; } = true;

    /// <summary>Gaps between arrivals from outside.</summary>
    public long Gaps { get; private set; }

    /// <summary>Coefficient of variation of the gaps: 1 for Poisson arrivals, 0 for even ones. NaN below two gaps, or when all are zero.</summary>
    public double GapVariation => Gaps < 2 || _gapMean == 0 ? double.NaN : Math.Sqrt(_gapSquares / Gaps) / _gapMean;

    /// <summary>Pearson correlation of prompt and answer length; NaN where one of them never changes.</summary>
    public double Correlation
    {
        get
        {
            var spread = Inputs.StandardDeviation * Outputs.StandardDeviation * Requests;
            return spread > 0 ? _coMoment / spread : double.NaN;
        }
    }

    /// <summary>Sessions.</summary>
    public int Sessions => _turns.Count;

    /// <summary>Requests that belong to a session.</summary>
    public long SessionRequests { get; private set; }

    /// <summary>Requests with a priority other than 0.</summary>
    public long Prioritised { get; private set; }

    /// <summary>
    /// The workload classes that rows name, those with the most requests first, and last what has no class where some rows have one;
    /// empty where no row names a class.
    /// </summary>
    public IReadOnlyList<ClassLengths> Classes => _classes.Count == 0 ? []
        : [.. _classes.Values.OrderByDescending(c => c.Requests).ThenBy(c => c.Name, StringComparer.Ordinal), .. _unnamed.Requests > 0 ? [_unnamed] : Array.Empty<ClassLengths>()];

    /// <summary>Waits between a session's answer and its next turn, where the trace gives them.</summary>
    public int Delays => _delays.Count;

    /// <summary>Inspects a whole trace.</summary>
    /// <exception cref="InputException">The trace cannot be read, or the block size is below 1.</exception>
    public static TraceInspector Of(ITraceReader reader, int engineBlockTokens)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var inspector = new TraceInspector(engineBlockTokens);
        var record = new TraceRecord();
        while (reader.Read(record))
        {
            inspector.Add(record);
        }

        return inspector;
    }

    /// <summary>Adds a row.</summary>
    public void Add(TraceRecord record)
    {
        Inputs.Add(record.InputTokens);
        Outputs.Add(record.OutputTokens);
        var offInput = record.InputTokens - _inputMean;
        _inputMean += offInput / Requests;
        _outputMean += (record.OutputTokens - _outputMean) / Requests;
        _coMoment += offInput * (record.OutputTokens - _outputMean);
        Prioritised += record.Priority != 0 ? 1 : 0;
        Class(record);
        var reused = Reuse.Add(record);
        var fromOutside = Session(record);
        if (record.Arrival is { } arrival)
        {
            Arrive(record, arrival.Nanoseconds, record.InputTokens - reused, fromOutside);
        }
    }

    /// <summary>Turns per session.</summary>
    public LengthCounts TurnsPerSession()
    {
        var counts = new LengthCounts();
        foreach (var turns in _turns.Values)
        {
            counts.Add(turns);
        }

        return counts;
    }

    /// <summary>The wait in seconds that a share <paramref name="q"/> of the turns does not exceed; NaN without waits.</summary>
    public double DelayQuantile(double q)
    {
        if (_delays.Count == 0)
        {
            return double.NaN;
        }

        _delays.Sort();
        return _delays[Math.Clamp((int)Math.Ceiling(q * _delays.Count) - 1, 0, _delays.Count - 1)] / 1e9;
    }

    private void Class(TraceRecord record)
    {
        var own = _unnamed;
        if (record.Class is { } name)
        {
            ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(_classes, name, out _);
            own = known ??= new ClassLengths { Name = name };
        }

        own.Inputs.Add(record.InputTokens);
        own.Outputs.Add(record.OutputTokens);
    }

    private bool Session(TraceRecord record)
    {
        if (record.SessionId is null)
        {
            return true;
        }

        SessionRequests++;
        ref var turns = ref CollectionsMarshal.GetValueRefOrAddDefault(_turns, record.SessionId, out _);
        turns++;
        if (turns > 1 && record.Delay is { } delay)
        {
            _delays.Add(delay.Nanoseconds);
        }

        return turns == 1;
    }

    private void Arrive(TraceRecord record, long nanoseconds, int uncached, bool fromOutside)
    {
        TimedRequests++;
        TimedInputTokens += record.InputTokens;
        TimedUncachedTokens += uncached;
        TimedOutputTokens += record.OutputTokens;
        Span = new SimDuration(Math.Max(Span.Nanoseconds, nanoseconds));
        Timeline.Add(nanoseconds, record.InputTokens, record.OutputTokens);
        PeaksCoverAll &= nanoseconds >= _lastOfAll;
        if (PeaksCoverAll)
        {
            _lastOfAll = nanoseconds;
            foreach (var window in _all)
            {
                window.Add(nanoseconds, record.InputTokens, uncached, record.OutputTokens);
            }
        }

        if (!fromOutside)
        {
            return;
        }

        foreach (var window in Windows)
        {
            window.Add(nanoseconds, record.InputTokens, uncached, record.OutputTokens);
        }

        if (_lastArrival >= 0)
        {
            Gaps++;
            var gap = (nanoseconds - _lastArrival) / 1e9;
            var off = gap - _gapMean;
            _gapMean += off / Gaps;
            _gapSquares += off * (gap - _gapMean);
        }

        _lastArrival = nanoseconds;
    }
}
