using System.Numerics;
using System.Runtime.Intrinsics;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;

namespace Foretoken.Engines.Vllm.Fast;

/// <summary>
/// A run: the same requests decode step after step, nobody ends, nobody can be admitted, memory suffices. Then step i of the
/// run is planned, each running request gets a token at its end <c>ends[i]</c>, and all that changes is a few counters. The
/// run is worked out in stretches of 64 steps ahead; time passing only moves a position along them, and whatever changes the
/// batch cuts the run at the first step boundary at or after it.
/// </summary>
/// <remarks>
/// Indices: plan i happens at the boundary before step end i, that is at the end of i-1 (plan 0 at the start of the run).
/// With synchronous scheduling end i is the end of the step planned by plan i; with asynchronous scheduling that of the step
/// planned one before, as one more step is always in flight. Nothing else differs.
/// </remarks>
public sealed partial class FastVllmReplica
{
    private const int Stretch = 64;

    private readonly bool _canRun;
    private readonly long[] _durations = new long[Stretch];
    private readonly long[] _ends = new long[Stretch];
    private readonly int[] _blocksAt = new int[Stretch];
    private int[] _nodeSeen = [];
    private int _seenStamp;
    private bool _inRun;
    private bool _runBroken;
    private long _runPublish;
    private bool _runStores;
    private ulong _stretchStores;
    private int _runPlans;
    private int _runEndsDone;
    private int _runLength;
    private int _runUsed;
    private int _runBlocks;
    private long _runContext;
    private long _runLast;
    private long _runFirstEnd;
    private int _stretchStart;
    private int _stretchCount;
    private ulong _stretchBlocks;
    private int _stretchBucket;
    private long _stretchShortest;
    private long _stretchLongest;

    // Tokens delivered in the run that the requests' own counters do not hold yet.
    private long RunTokens => _inRun ? (long)_runEndsDone * _runningCount : 0;

    // End of the step that is executing, while the run is flying.
    private long RunEnd => EndAt(_runEndsDone);

    // No request can end before this: the end of the stretch, or the next step end where a newcomer cuts the run.
    private long RunHorizon => _runBroken ? RunEnd : _ends[_stretchCount - 1];

    private bool TryStartRun(long until, bool planAtUntil)
    {
        if (!_canRun || !RunPossible(out var length))
        {
            return false;
        }

        _inRun = true;
        _runBroken = false;
        _runPlans = 0;
        _runEndsDone = 0;
        _runLength = length;
        _runUsed = _cache.Used;
        _runBlocks = 0;
        _runLast = _at;
        _runFirstEnd = 0;
        _stretchStart = 0;
        _stretchCount = 0;
        _stretchLongest = 0;
        ContinueRun(until, planAtUntil);
        return true;
    }

    private bool RunPossible(out int length)
    {
        length = 0;
        var count = _runningCount;
        if (count == 0 || count > _budget || _flightCount != _depth - 1)
        {
            return false;
        }

        if (_async && (!_flight[0].PureDecode || _flight[0].Count != count))
        {
            return false;
        }

        var placeholders = _depth - 1;
        var shortest = int.MaxValue;
        long context = 0;
        var unregistered = false;
        for (var i = 0; i < count; i++)
        {
            var slot = _running[i];
            ref var r = ref _slots[slot];
            if (r.LastTokenAt != _at || r.Placeholders != placeholders || r.Tokens + placeholders - r.Computed != 1
                || r.Computed < r.PrefillTarget || r.Stale != 0 || (_async && _flight[0].Slot(i) != slot))
            {
                return false;
            }

            shortest = Math.Min(shortest, r.MaxTokens - r.Generated - placeholders);
            context += r.Computed + 1;
            unregistered |= r.KnownBlocks > r.Registered;
        }

        if (shortest < 2 || (unregistered && SharesUnregistered()) || !HeadBlocked(unregistered))
        {
            return false;
        }

        _runStores = unregistered && _events is not null;
        _runContext = context;
        length = MemoryAllows(shortest);
        return length >= 2;
    }

    // Two running requests about to register the same content: the order of their blocks matters, so no long strides.
    private bool SharesUnregistered()
    {
        if (_nodeSeen.Length < _nodes.Count)
        {
            Array.Resize(ref _nodeSeen, _nodes.Count);
        }

        _seenStamp++;
        for (var i = 0; i < _runningCount; i++)
        {
            ref var r = ref _slots[_running[i]];
            if (r.KnownBlocks <= r.Registered)
            {
                continue;
            }

            foreach (var node in r.Path.Span)
            {
                if (_nodes.End(node) > r.Registered)
                {
                    if (_nodeSeen[node] == _seenStamp)
                    {
                        return true;
                    }

                    _nodeSeen[node] = _seenStamp;
                }
            }
        }

        return false;
    }

    // Whether the queue is empty or its head stays out for as long as the batch does not change: free blocks only become
    // fewer during a run, and evictions never make the head's need smaller by more than they cost.
    private bool HeadBlocked(bool unregistered)
    {
        if (WaitingCount == _awaiting || _runningCount >= _maxSeqs || _runningCount == _budget)
        {
            return true;
        }

        ref var r = ref _slots[FirstNotAwaiting(out var slot)];
        if (r.Stale > 0 || unregistered || r.Owned > 0)
        {
            return false;
        }

        var hit = _caching ? _cache.Lookup(r.Path.Span, r.KnownBlocks, slot, (r.Tokens - 1) / _blockSize, null) : default;
        if (hit.Copies)
        {
            return false;
        }

        if (r.WantsRemoteKv)
        {
            return !FitsWhole(r, hit.Blocks, hit.FreeBlocks, reserved: 0);
        }

        var n = FirstChunk(r, hit.Blocks * _blockSize, _budget - _runningCount);
        return n == 0 || !Fits(r, hit.Blocks, hit.FreeBlocks, n);
    }

    // The most plans, at most `wanted`, for which blocks suffice.
    private int MemoryAllows(int wanted)
    {
        if (BlocksNeeded(wanted) <= _cache.Free)
        {
            return wanted;
        }

        var low = 0;
        while (wanted - low > 1)
        {
            var middle = low + (wanted - low) / 2;
            if (BlocksNeeded(middle) <= _cache.Free)
            {
                low = middle;
            }
            else
            {
                wanted = middle;
            }
        }

        return low;
    }

    private long BlocksNeeded(int plans)
    {
        long blocks = 0;
        for (var i = 0; i < _runningCount; i++)
        {
            ref var r = ref _slots[_running[i]];
            var tokens = r.Computed + plans;
            blocks += tokens > r.Owned * _blockSize ? Blocks(tokens) - r.Owned : 0;
        }

        return blocks;
    }

    // Moves the run along until time is up, or it is over.
    private void ContinueRun(long until, bool planAtUntil)
    {
        if (_phase == Phase.PlanDue)
        {
            if (_runBroken)
            {
                LeaveRun();
                return;
            }

            PlanInRun(planAtUntil ? long.MaxValue : until);
        }

        while (true)
        {
            if (_runPlans == _runLength)
            {
                // Its last step may end requests: the general way takes over while that step flies.
                LeaveRun();
                return;
            }

            if (RunEnd > until)
            {
                return;
            }

            CommitEnds(_runBroken ? 1 : EndsBy(until));
            if (_runBroken || (_at == until && !planAtUntil))
            {
                _phase = Phase.PlanDue;
                return;
            }

            PlanInRun(planAtUntil ? long.MaxValue : until);
        }
    }

    // How many step ends lie at or before `until`, within the stretch and without touching the run's last plan.
    private int EndsBy(long until)
    {
        var first = _runEndsDone - _stretchStart;
        var last = Math.Min(_stretchCount, _runLength - 1 - _stretchStart);
        if (_ends[last - 1] <= until)
        {
            return last - first;
        }

        var i = first;
        while (_ends[i] <= until)
        {
            i++;
        }

        return i - first;
    }

    // Plan number _runPlans happens now.
    private void PlanInRun(long until)
    {
        if (_runPlans == _stretchStart + _stretchCount)
        {
            WorkOutStretch(until);
        }

        TakeBlocks(_runPlans - _stretchStart);
        _runPlans++;
        _phase = Phase.Flying;
    }

    private void TakeBlocks(int index)
    {
        if ((_stretchBlocks >> index & 1) != 0)
        {
            _runUsed += _blocksAt[index];
            _runBlocks += _blocksAt[index];
            if (_events is not null)
            {
                // What they push out is heard of at the end of the next step.
                PublishInRun(_at);
                _cache.Allocate(_blocksAt[index]);
                _runPublish = _ends[index];
            }

            _recorder.KvBlocksPeak = Math.Max(_recorder.KvBlocksPeak, _runUsed);
            _recorder.Timeline.Set(_at, _runningCount, WaitingCount, _runUsed);
        }

        if ((_stretchStores >> index & 1) != 0)
        {
            StoreInRun(index);
        }
    }

    // Whoever listens has to hear of new content when it is there. Plan p knows p tokens more than the run began with.
    private void StoreInRun(int index)
    {
        PublishInRun(_at);
        for (var i = 0; i < _runningCount; i++)
        {
            ref var r = ref _slots[_running[i]];
            if (r.KnownBlocks > r.Registered)
            {
                RegisterUpTo(_running[i], ref r, r.Tokens + _stretchStart + index);
            }
        }

        _runPublish = _ends[index];
    }

    // The next step ends pass, and the plans between them.
    private void CommitEnds(int count)
    {
        var first = _runEndsDone - _stretchStart;
        var last = first + count - 1;
        var timeline = _recorder.Timeline;
        var began = _runLast;
        if (_runEndsDone == 0)
        {
            _runFirstEnd = _ends[0];
        }

        CountGaps(first, last);
        _recorder.Steps += count;
        _recorder.OutputTokens += (long)count * _runningCount;
        _recorder.BusyNanoseconds += _ends[last] - began;

        // Bin by bin of the timeline, which is mostly the whole range at once.
        for (var i = first; i <= last;)
        {
            var stop = last;
            if (_ends[last] > timeline.BinEnd)
            {
                for (stop = i; stop < last && _ends[stop + 1] <= timeline.BinEnd; stop++)
                {
                }
            }

            // Plan p happens at the end p-1.
            for (var blocks = BlocksBetween(i + 1, stop); blocks != 0; blocks &= blocks - 1)
            {
                var plan = BitOperations.TrailingZeroCount(blocks);
                _at = _ends[plan - 1];
                TakeBlocks(plan);
            }

            timeline.Hold(_ends[stop]);
            timeline.CountTokens((long)(stop - i + 1) * _runningCount);
            if (stop < last)
            {
                _at = _ends[stop];
                TakeBlocks(stop + 1);
            }

            i = stop + 1;
        }

        _at = _ends[last];
        _runLast = _at;
        _recorder.LastStepEnd = _at;
        _runEndsDone += count;
        _runPlans += count - 1;
        PublishInRun(_at);
    }

    private void PublishInRun(long now)
    {
        if (_events is { IsEmpty: false } && _runPublish <= now)
        {
            _events.Publish(new SimTime(_runPublish));
        }
    }

    // End of the step with which the run's next cache event is published, as far as the stretch goes.
    private long NextPublication
    {
        get
        {
            if (!_events!.IsEmpty)
            {
                return _runPublish;
            }

            var ahead = BlocksBetween(_runPlans - _stretchStart, _stretchCount - 1);
            var blocks = 0;
            for (var bits = ahead & _stretchBlocks; bits != 0; bits &= bits - 1)
            {
                blocks += _blocksAt[BitOperations.TrailingZeroCount(bits)];
            }

            var silent = blocks == 0 ? 0 : _cache.Silent(blocks);
            for (; ahead != 0; ahead &= ahead - 1)
            {
                var plan = BitOperations.TrailingZeroCount(ahead);
                silent -= (_stretchBlocks >> plan & 1) != 0 ? _blocksAt[plan] : 0;
                if (silent < 0 || (_stretchStores >> plan & 1) != 0)
                {
                    return _ends[plan];
                }
            }

            return long.MaxValue;
        }
    }

    // The plans of the stretch from `low` to `high` that take new blocks or have to tell of new content, as bits.
    private ulong BlocksBetween(int low, int high) =>
        low > high ? 0 : (_stretchBlocks | _stretchStores) >> low << low & (ulong.MaxValue >> (63 - high));

    private void CountGaps(int first, int last)
    {
        var gaps = _recorder.TokenGaps;
        var previous = _runLast;
        if (gaps.Count == 0 || _stretchShortest < gaps.Minimum || _stretchLongest > gaps.Maximum)
        {
            for (var i = first; i <= last; i++)
            {
                gaps.Add(_ends[i] - previous, _runningCount);
                previous = _ends[i];
            }

            return;
        }

        // No gap moves the minimum or the maximum. Neighbours mostly fall into one bucket: the whole stretch, or a few runs.
        if (_stretchBucket >= 0)
        {
            gaps.AddRun(_stretchBucket, last - first + 1, _ends[last] - previous, _runningCount);
            return;
        }

        var bucket = LogHistogram.BucketOf(_ends[first] - previous);
        var begin = first;
        for (var i = first + 1; i <= last; i++)
        {
            var next = LogHistogram.BucketOf(_ends[i] - _ends[i - 1]);
            if (next != bucket)
            {
                gaps.AddRun(bucket, i - begin, _ends[i - 1] - previous, _runningCount);
                bucket = next;
                begin = i;
                previous = _ends[i - 1];
            }
        }

        gaps.AddRun(bucket, last - begin + 1, _ends[last] - previous, _runningCount);
    }

    // Durations and ends of the next steps, and where requests cross into new blocks. No more of them than `until` may need,
    // going by the last step, where it is known: whatever changes at `until` may void the rest.
    private void WorkOutStretch(long until)
    {
        var start = _runPlans;
        var wanted = _stretchLongest == 0 ? Stretch : Math.Min(Stretch, (until - _at) / _stretchLongest + 2);
        var count = (int)Math.Min(wanted, _runLength - start);
        var carried = _async ? start == 0 ? _flight[0].End - _runLast : _durations[_stretchCount - 1] : 0;
        var end = start == 0 ? _runLast : _ends[_stretchCount - 1];
        var durations = _durations.AsSpan(0, count);
        _stepTime.DecodeRun(_runningCount, _runContext + (long)start * _runningCount, durations);
        var gaps = durations;
        var ends = _ends.AsSpan(0, count);
        if (_async)
        {
            // The step that ends first was planned before these.
            end += carried;
            ends[0] = end;
            gaps = durations[..^1];
            ends = ends[1..];
        }

        for (var i = 0; i < gaps.Length; i++)
        {
            end += gaps[i];
            ends[i] = end;
        }

        Extremes(gaps, out var shortest, out var longest);
        if (_async)
        {
            shortest = Math.Min(shortest, carried);
            longest = Math.Max(longest, carried);
        }

        _stretchShortest = shortest;
        _stretchLongest = longest;
        _stretchBucket = LogHistogram.BucketOf(shortest);
        if (_stretchBucket != LogHistogram.BucketOf(longest))
        {
            _stretchBucket = -1;
        }

        FindNewBlocks(start, count);
        _stretchStart = start;
        _stretchCount = count;
    }

    private static void Extremes(ReadOnlySpan<long> values, out long smallest, out long largest)
    {
        smallest = long.MaxValue;
        largest = 0;
        var i = 0;
        if (Vector256.IsHardwareAccelerated && values.Length >= 4)
        {
            var low = Vector256.Create(long.MaxValue);
            var high = Vector256<long>.Zero;
            for (; i + 4 <= values.Length; i += 4)
            {
                var four = Vector256.Create(values.Slice(i, 4));
                low = Vector256.Min(low, four);
                high = Vector256.Max(high, four);
            }

            for (var lane = 0; lane < 4; lane++)
            {
                smallest = Math.Min(smallest, low.GetElement(lane));
                largest = Math.Max(largest, high.GetElement(lane));
            }
        }

        for (; i < values.Length; i++)
        {
            smallest = Math.Min(smallest, values[i]);
            largest = Math.Max(largest, values[i]);
        }
    }

    private void FindNewBlocks(int start, int count)
    {
        var mask = 0UL;
        for (var i = 0; i < _runningCount; i++)
        {
            ref var r = ref _slots[_running[i]];

            // Plan p needs blocks for Computed + p + 1 tokens: the first one too many is p = Owned * size - Computed.
            var plan = r.Owned * _blockSize - r.Computed;
            if (plan < start)
            {
                plan += (start - plan + _blockSize - 1) / _blockSize * _blockSize;
            }

            for (var at = plan - start; at < count; at += _blockSize)
            {
                if ((mask >> at & 1) == 0)
                {
                    _blocksAt[at] = 0;
                    mask |= 1UL << at;
                }

                _blocksAt[at]++;
            }
        }

        _stretchBlocks = mask;
        _stretchStores = _runStores ? FindNewContent(start, count) : 0;
    }

    private ulong FindNewContent(int start, int count)
    {
        var mask = 0UL;
        for (var i = 0; i < _runningCount; i++)
        {
            ref var r = ref _slots[_running[i]];
            for (var block = r.Registered; block < r.KnownBlocks; block++)
            {
                // Full as soon as its last token is known: plan p knows r.Tokens + p tokens.
                var at = (block + 1) * _blockSize - r.Tokens - start;
                if (at >= count)
                {
                    break;
                }

                mask |= 1UL << Math.Max(0, at);
            }
        }

        return mask;
    }

    private long EndAt(int index) => index < _stretchStart + _stretchCount
        ? _ends[index - _stretchStart]
        : _ends[_stretchCount - 1] + _durations[_stretchCount - 1]; // asynchronous: planned in the last stretch

    // Writes the run back into the requests; the general way goes on from here.
    private void LeaveRun()
    {
        if (!_inRun)
        {
            return;
        }

        _inRun = false;
        var plans = _runPlans;
        var ends = _runEndsDone;
        var placeholders = _depth - 1;
        if (plans > 0 && _events is null)
        {
            _cache.Allocate(_runBlocks);
        }

        _tokensInFlight += (long)ends * _runningCount;
        var owned = 0;
        for (var i = 0; i < _runningCount; i++)
        {
            ref var r = ref _slots[_running[i]];
            if (ends > 0)
            {
                if (r.Generated == 1)
                {
                    r.Record.SecondToken = new SimTime(_runFirstEnd);
                }

                r.LastTokenAt = _runLast;
                r.Record.LastToken = new SimTime(_runLast);
            }

            var tokens = r.Tokens;
            r.Tokens += ends;
            r.Computed += plans;
            r.InFlight += plans - ends;
            r.Placeholders += _async ? plans - ends : 0;
            if (plans > 0)
            {
                if (r.Computed > r.Owned * _blockSize)
                {
                    var blocks = Blocks(r.Computed);
                    owned += blocks - r.Owned;
                    r.Owned = blocks;
                }

                // What was known when the last step was planned.
                RegisterUpTo(_running[i], ref r, tokens + plans - 1);
            }
        }

        Invariant.That(plans - ends is 0 or 1);
        Invariant.That(owned == (plans > 0 ? _runBlocks : 0));
        if (_async)
        {
            var executing = _flight[0];
            executing.End = EndAt(ends);
            executing.Duration = executing.End - _runLast;
        }

        if (plans > ends)
        {
            var planned = _flight[placeholders];
            planned.Clear();
            for (var i = 0; i < _runningCount; i++)
            {
                planned.Add(_running[i], 1);
                planned.Emits(i) = true;
            }

            planned.Duration = _durations[plans - 1 - _stretchStart];
            planned.End = (_async ? _flight[0].End : _runLast) + planned.Duration;
            _flightCount = placeholders + 1;
        }
    }
}
