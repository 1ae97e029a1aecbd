using System.Numerics;
using System.Runtime.Intrinsics;
using Foretoken.Engines.SgLang.Plain;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;

namespace Foretoken.Engines.SgLang.Fast;

/// <summary>
/// A run: the same requests decode step after step, nobody ends, no admission is tried, memory suffices. Then plan i of the run
/// happens at one step's end, each running request gets a token at the end <c>ends[i]</c>, and all that changes is a few
/// counters. The run is worked out in stretches of 64 steps ahead; time passing only moves a position along them, and whatever
/// changes the batch cuts the run at the first step boundary at or after it.
/// </summary>
/// <remarks>
/// Indices: plan i happens at the boundary before step end i, that is at the end of i-1 (plan 0 at the start of the run).
/// Without overlap end i is the end of the step planned by plan i; with overlap that of the step planned one before, as one more
/// step is always in flight. Nothing else differs.
/// </remarks>
public sealed partial class FastSgLangReplica
{
    private const int Stretch = 64;

    private readonly bool _canRun;
    private readonly long[] _durations = new long[Stretch];
    private readonly long[] _ends = new long[Stretch];
    private readonly int[] _pagesAt = new int[Stretch];
    private bool _inRun;
    private int _runPlans;
    private int _runEndsDone;
    private int _runLength;
    private int _runUsed;
    private int _runPages;
    private long _runContext;
    private long _runStart;
    private long _runLast;
    private long _runFirstEnd;
    private int _stretchStart;
    private int _stretchCount;
    private ulong _stretchPages;
    private int _stretchBucket;
    private long _stretchShortest;
    private long _stretchLongest;

    private bool Overlaps => _depth == 2;

    // Tokens delivered in the run that the requests' own counters do not hold yet.
    private long RunTokens => _inRun ? (long)_runEndsDone * _runningCount : 0;

    // End of the step that is executing, while the run is flying.
    private long RunEnd => EndAt(_runEndsDone);

    // No request can end before this: the end of the stretch, or the last step of the run.
    private long RunHorizon => _ends[Math.Min(_stretchCount, _runLength - _stretchStart) - 1];

    private bool TryStartRun(long until, bool planAtUntil)
    {
        if (!_canRun || !RunPossible(out var length))
        {
            return false;
        }

        _inRun = true;
        _isFull &= !_handsOff;
        _runPlans = 0;
        _runEndsDone = 0;
        _runLength = length;
        _runUsed = UsedPages;
        _runPages = 0;
        _runStart = _at;
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
        if (count == 0 || _tree.IsCopying || _chunked != None || _last is not { Mode: BatchMode.Decode } || _flightCount != _depth - 1)
        {
            return false;
        }

        var flying = Overlaps ? _flight[0] : null;
        if ((_waiting.Count > 0 && !_isFull) || (flying is not null && (flying.Mode != BatchMode.Decode || flying.DecodeCount != count)))
        {
            return false;
        }

        var shortest = _arrived.Count > 0 ? _receive.DecodesUntilDue : int.MaxValue;
        long context = 0;
        for (var i = 0; i < count; i++)
        {
            var slot = _running[i];
            ref var r = ref _slots[slot];
            if (r.LastTokenAt != _at || r.Finished || r.Aborted || (flying is not null && flying.Decodes[i] != slot))
            {
                return false;
            }

            shortest = Math.Min(shortest, r.MaxNewTokens - r.Generated);
            context += r.Committed + 1;
        }

        if (_handsOff)
        {
            shortest = NobodyJoins(shortest);
        }

        if (shortest < 2)
        {
            return false;
        }

        _runContext = context;
        length = MemoryAllows(shortest);
        return length >= 2;
    }

    // The most plans, at most `wanted`, for which pages suffice.
    private int MemoryAllows(int wanted)
    {
        // Whoever listens to the cache has to hear of an eviction when it happens: a run has none then.
        var reachable = _recorder.Kv is null ? _freePages + _tree.EvictablePages : _freePages - _runningCount;
        if (PagesNeeded(wanted) <= reachable)
        {
            return wanted;
        }

        var low = 0;
        while (wanted - low > 1)
        {
            var middle = low + (wanted - low) / 2;
            if (PagesNeeded(middle) <= reachable)
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

    private long PagesNeeded(int plans)
    {
        if (_pageSize == 1)
        {
            return (long)plans * _runningCount;
        }

        long pages = 0;
        for (var i = 0; i < _runningCount; i++)
        {
            var committed = _slots[_running[i]].Committed;
            pages += Pages(committed + plans) - Pages(committed);
        }

        return pages;
    }

    // A request has arrived: the run ends before the plan that may admit it.
    private void CutRunForArrival()
    {
        if (!_inRun || (_arrived.Count == 0 && _isFull))
        {
            return;
        }

        var interval = _settings.SchedulerRecvInterval;
        var wait = (_receive.DecodesUntilDue - _runPlans) % interval;
        var plan = _runPlans + (wait < 0 ? wait + interval : wait);
        if (plan == _runPlans)
        {
            LeaveRun();
        }
        else
        {
            _runLength = Math.Min(_runLength, plan);
        }
    }

    // Moves the run along until time is up, or it is over.
    private void ContinueRun(long until, bool planAtUntil)
    {
        if (_phase == Phase.PlanDue)
        {
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

            CommitEnds(EndsBy(until));
            if (_at == until && !planAtUntil)
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

        TakePages(_runPlans - _stretchStart);
        _runPlans++;
        _phase = Phase.Flying;
    }

    private void TakePages(int index)
    {
        if ((_stretchPages >> index & 1) != 0)
        {
            _runUsed += _pagesAt[index];
            _runPages += _pagesAt[index];
            _recorder.KvBlocksPeak = Math.Max(_recorder.KvBlocksPeak, _runUsed);
            _recorder.Timeline.Set(_at, Running, Waiting, _runUsed);
        }
    }

    // The next step ends pass, and the plans between them.
    private void CommitEnds(int count)
    {
        var first = _runEndsDone - _stretchStart;
        var last = first + count - 1;
        var timeline = _recorder.Timeline;
        if (_runEndsDone == 0)
        {
            _runFirstEnd = _ends[0];
        }

        CountRunGaps(first, last);
        _recorder.OutputTokens += (long)count * _runningCount;

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
            if (_pageSize == 1 && stop > i)
            {
                // Every plan takes a page per request.
                var taken = (stop - i) * _runningCount;
                timeline.GrowBlocks(_ends.AsSpan(i, stop - i), _runningCount);
                _runUsed += taken;
                _runPages += taken;
                _recorder.KvBlocksPeak = Math.Max(_recorder.KvBlocksPeak, _runUsed);
            }

            for (var pages = _pageSize == 1 ? 0 : PagesBetween(i + 1, stop); pages != 0; pages &= pages - 1)
            {
                var plan = BitOperations.TrailingZeroCount(pages);
                _at = _ends[plan - 1];
                TakePages(plan);
            }

            timeline.Hold(_ends[stop]);
            timeline.CountTokens((long)(stop - i + 1) * _runningCount);
            if (stop < last)
            {
                _at = _ends[stop];
                TakePages(stop + 1);
            }

            i = stop + 1;
        }

        _at = _ends[last];
        _runLast = _at;
        _recorder.LastStepEnd = _at;
        _runEndsDone += count;
        _runPlans += count - 1;
    }

    // The plans of the stretch from `low` to `high` that take new pages, as bits.
    private ulong PagesBetween(int low, int high) =>
        low > high ? 0 : _stretchPages >> low << low & (ulong.MaxValue >> (63 - high));

    private void CountRunGaps(int first, int last)
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

    // Durations and ends of the next steps, and where requests cross into new pages. No more of them than `until` may need,
    // going by the last step, where it is known: whatever changes at `until` may void the rest.
    private void WorkOutStretch(long until)
    {
        var start = _runPlans;
        var wanted = _stretchLongest == 0 ? Stretch : Math.Min(Stretch, (until - _at) / _stretchLongest + 2);
        var count = (int)Math.Min(wanted, _runLength - start);
        var carried = Overlaps ? start == 0 ? _stepEnd - _runLast : _durations[_stretchCount - 1] : 0;
        var end = start == 0 ? _runLast : _ends[_stretchCount - 1];
        var durations = _durations.AsSpan(0, count);
        _stepTime.DecodeRun(_runningCount, _runContext + (long)start * _runningCount, durations);
        var gaps = durations;
        var ends = _ends.AsSpan(0, count);
        if (Overlaps)
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
        if (Overlaps)
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

        FindNewPages(start, count);
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

    private void FindNewPages(int start, int count)
    {
        if (_pageSize == 1)
        {
            _pagesAt.AsSpan(0, count).Fill(_runningCount);
            _stretchPages = ulong.MaxValue >> (Stretch - count);
            return;
        }

        var mask = 0UL;
        for (var i = 0; i < _runningCount; i++)
        {
            // Plan p takes a page when it begins one: Committed + p is a whole number of pages.
            var committed = _slots[_running[i]].Committed + start;
            for (var at = Ceil(committed) - committed; at < count; at += _pageSize)
            {
                if ((mask >> at & 1) == 0)
                {
                    _pagesAt[at] = 0;
                    mask |= 1UL << at;
                }

                _pagesAt[at]++;
            }
        }

        _stretchPages = mask;
    }

    private long EndAt(int index) => index < _stretchStart + _stretchCount
        ? _ends[index - _stretchStart]
        : _ends[_stretchCount - 1] + _durations[_stretchCount - 1]; // with overlap: planned in the last stretch

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
        var flying = plans > ends;
        Invariant.That(plans - ends is 0 or 1);
        CountStarts(plans, ends);
        if (plans > 0)
        {
            TakeRunPages(plans);
            _ratio.Decay(plans);
            _receive.PassDecodes(plans);
            _lastPrebuilt = 0;
        }

        if (ends > 0 && _tree.HasHost)
        {
            // Nothing was copied, but time has passed.
            _tree.CheckCopies(new SimTime(_runLast));
        }

        _tokensInFlight += (long)ends * _runningCount;
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
            }

            r.Generated += ends;
            SetCommitted(ref r, r.Committed + plans);
        }

        if (flying)
        {
            _stepEnd = EndAt(ends);
            var batch = NewBatch();
            batch.Mode = BatchMode.Decode;
            batch.SetDecodes(_running.AsSpan(0, _runningCount), contexts: false);
            batch.DecodeContext = _runContext + (long)(plans - 1) * _runningCount;
            batch.InFlight = true;
            _flight[_flightCount++] = batch;
            SetLast(batch);
        }
        else if (Overlaps)
        {
            _stepEnd = EndAt(ends);
        }
    }

    // A step starts when it is planned, or with overlap when the one before it ends.
    private void CountStarts(int plans, int ends)
    {
        var started = Overlaps ? ends : plans;
        if (started > 0)
        {
            _recorder.Steps += started;
            _recorder.BusyNanoseconds += (plans > ends || Overlaps ? EndAt(ends) : _runLast) - (Overlaps ? _runFirstEnd : _runStart);
        }
    }

    // Each plan makes room for a page per request before it takes what it needs. Evicting once for the last plan comes to the
    // same: whoever goes, goes in the same order, and no plan before it asked for more.
    private void TakeRunPages(int plans)
    {
        var last = plans - 1 - _stretchStart;
        var takenLast = (_stretchPages >> last & 1) != 0 ? _pagesAt[last] : 0;
        MakeRoom(_runPages - takenLast + _runningCount);
        Invariant.That(_runPages <= _freePages);
        _freePages -= _runPages;
    }
}
