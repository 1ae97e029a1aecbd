using Foretoken.Engines.Replicas;
using Foretoken.Engines.TrtLlm.Fast;
using Foretoken.Engines.TrtLlm.Plain;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;

namespace Foretoken.Engines.TrtLlm;

/// <summary>
/// The TensorRT-LLM engine in long strides: the plain engine's own scheduler and blocks, asked only where a plan may come out
/// other than the one before. While the same requests generate and nobody can begin, the ends of many steps are worked out at
/// once, and time passing over them costs nothing per request. Equal to <see cref="PlainTrtLlmReplica"/> to the nanosecond.
/// </summary>
/// <remarks>
/// A stride begins with a plan after which as many steps are in flight as there can be, all with the same requests. It stays
/// true for the step ends before anybody's last token, because memory in use only grows with what is already spoken for, and
/// evictions make no waiting prompt cheaper. A newcomer ends it, unless the engine is closed to newcomers anyway. There is none
/// while somebody listens to the cache, who has to hear of every eviction when it happens.
/// </remarks>
public sealed class FastTrtLlmReplica : PlainReplica
{
    private const int Longest = 256;
    private const int Shortest = 8;
    private readonly TrtLlmRank _rank;
    private readonly IStepTimeSource _stepTime;
    private readonly ReplicaRecorder _recorder;
    private readonly long[] _durations = new long[Longest];
    private readonly long[] _ends = new long[Longest + 1];
    private readonly int[] _blocks = new int[Longest];
    private int _length;
    private int _wanted = Shortest;
    private int _requests;
    private bool _alike;
    private long _start;

    /// <summary>An idle engine with an empty cache.</summary>
    /// <param name="settings">Engine settings; <see cref="NotCovered"/> must be null for them.</param>
    /// <param name="stepTime">How long a forward pass takes.</param>
    /// <param name="recorder">Where results go.</param>
    public FastTrtLlmReplica(TrtLlmSettings settings, IStepTimeSource stepTime, ReplicaRecorder recorder)
        : this(settings, new TrtLlmRank(settings, recorder, seed: 0, recorder.Kv is null && NotCovered(settings) is null ? new FastKvCache(settings) : null), stepTime, recorder)
    {
        if (NotCovered(settings) is { } reason)
        {
            throw new ArgumentException(reason, nameof(settings));
        }
    }

    private FastTrtLlmReplica(TrtLlmSettings settings, TrtLlmRank rank, IStepTimeSource stepTime, ReplicaRecorder recorder)
        : base([rank], new RoundRobinDealer(1), settings.DisableOverlapScheduler ? 1 : 2, stepTime, recorder)
    {
        _rank = rank;
        _stepTime = stepTime;
        _recorder = recorder;
    }

    /// <summary>Why the fast engine cannot take these settings (the plain one can); null when it can.</summary>
    public static string? NotCovered(TrtLlmSettings settings) =>
        settings.HostCache is not null ? "host_cache_size"
        : settings.Offloading is not null ? "KV outside the GPU"
        : settings.Speculation is not null ? "speculative decoding"
        : settings.AttentionDpSize > 1 ? "attention ranks that step together"
        : null;

    /// <summary>Checks that the books of the cache agree. For tests.</summary>
    internal void Verify() => (_rank.Scheduler.Memory as FastKvCache)?.Verify();

    private protected override SimTime Horizon => _length > 0 ? new SimTime(_ends[_length]) : StepEnd;

    private protected override void Arrived()
    {
        if (!_rank.Scheduler.IsClosed)
        {
            _length = 0;
        }
    }

    private protected override void Cancelled() => _length = 0;

    private protected override void Planned(SimTime now)
    {
        _length = 0;
        if (_recorder.Kv is not null || _stepTime.NeedsContextLengths || _recorder.StreamInterval > 1 || !IsFull || !_rank.IsSteady(now, out _alike, out _requests, out var context, out var ends))
        {
            return;
        }

        var length = Math.Min(ends, _wanted);
        if (length < 2)
        {
            return;
        }

        // Step number i+1 starts at end number i, when everybody has i+1 tokens more.
        var durations = _durations.AsSpan(0, length);
        _stepTime.DecodeRun(_requests, context + _requests, durations);
        var end = StepEnd.Nanoseconds;
        for (var i = 0; i < length; i++)
        {
            _ends[i] = end;
            end = checked(end + durations[i]);
        }

        _ends[length] = end;
        _length = length;
        _start = now.Nanoseconds;
    }

    private protected override bool PassSteps(SimTime until)
    {
        if (_length == 0)
        {
            return false;
        }

        var passed = 1;
        while (passed < _length && _ends[passed] <= until.Nanoseconds)
        {
            passed++;
        }

        // As far as the traffic lets it.
        _wanted = Math.Clamp((passed == _length ? _wanted : passed) * 2, Shortest, Longest);
        Write(passed);
        var last = new SimTime(_ends[passed - 1]);
        _rank.Pass(passed, new SimTime(_ends[0]), last);

        // With overlap the step after the last one passed was planned before it ended, and started then.
        var overlaps = Depth == 2;
        var started = overlaps ? passed : passed - 1;
        _recorder.Steps += started;
        _recorder.BusyNanoseconds += _ends[started] - _ends[0];
        Passed(last, overlaps ? new SimTime(_ends[passed]) : SimTime.Never, (long)passed * _requests);
        _length = 0;
        return true;
    }

    // Gaps, tokens and memory, end by end.
    private void Write(int ends)
    {
        var blocks = _blocks.AsSpan(0, ends - 1);
        _rank.CountBlocks(blocks);
        var used = _rank.KvBlocksUsed;
        var (running, waiting) = (_rank.Running, _rank.Waiting);
        var timeline = _recorder.Timeline;
        var before = _start;
        for (var i = 0; i < ends; i++)
        {
            var end = _ends[i];
            if (i > 0 || _alike)
            {
                _recorder.TokenGaps.Add(end - before, _requests);
            }
            else
            {
                _rank.AddGaps(end);
            }

            before = end;
            timeline.Hold(end);
            timeline.CountTokens(_requests);
            if (i < blocks.Length && blocks[i] > 0)
            {
                used += blocks[i];
                timeline.Set(end, running, waiting, used);
            }
        }

        _recorder.KvBlocksPeak = Math.Max(_recorder.KvBlocksPeak, used);
    }
}
