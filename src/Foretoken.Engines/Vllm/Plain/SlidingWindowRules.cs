using Foretoken.Engines.Content;

namespace Foretoken.Engines.Vllm.Plain;

/// <summary>A sliding window of w tokens, the current one included (vLLM's hybrid KV cache manager).</summary>
internal sealed class SlidingWindowRules : KvGroupRules
{
    private readonly int _window;
    private readonly int _admissionMax;
    private readonly int? _retention;

    public SlidingWindowRules(VllmSettings settings, int window, bool eagle)
        : base(settings.BlockSize, eagle)
    {
        _window = window;
        _retention = settings.PrefixCacheRetentionInterval;

        // Most blocks that a request ever really holds: window plus what is in flight, one more because the window can
        // begin inside a block. Two steps are in flight under async scheduling.
        var inFlight = (long)settings.MaxNumBatchedTokens * (settings.AsyncScheduling ? 2 : 1);
        _admissionMax = KvCache.Blocks((int)Math.Min(window - 1 + inFlight, settings.MaxModelLen), settings.BlockSize) + 1;
    }

    /// <inheritdoc />
    public override int SkippedTokens(int computed) => Math.Max(0, computed - _window + 1);

    /// <inheritdoc />
    public override int CapAdmission(int blocks) => Math.Min(blocks, _admissionMax);

    /// <inheritdoc />
    public override int FindHit(BlockPool pool, BlockKeys keys, int tokensMax, bool dropLast, ReadOnlySpan<int> groups, List<KvBlock>[] hits)
    {
        // From right to left: the first run that fills the window is the longest hit. Blocks before the window are not
        // needed. Without such a run, the one that starts at block 0 counts.
        var need = RunForHit(dropLast);
        var end = tokensMax / BlockSize;
        var run = 0;
        var first = end;
        while (first > 0)
        {
            first--;
            if (!HasAll(pool, keys[first], groups))
            {
                run = 0;
            }
            else if (++run >= need)
            {
                break;
            }
        }

        if (run < need)
        {
            first = 0;
        }

        var length = first + run;
        if (dropLast && length > 0)
        {
            length--;
        }

        foreach (var group in groups)
        {
            hits[group].Clear();
            for (var block = 0; block < length; block++)
            {
                hits[group].Add(block < first ? pool.Null : pool.Find(group, keys[block])!);
            }
        }

        return length * BlockSize;
    }

    /// <inheritdoc />
    public override bool Retain(EngineRequest request, int start, int end, List<bool> keep)
    {
        var need = RunForHit(Eagle);
        if (_retention is null or > 0)
        {
            // A tail at the end of every segment; where tails cover segments, every block.
            var segment = _retention is null ? 1 : Math.Max(1, _retention.Value / BlockSize);
            if (need >= segment)
            {
                return false;
            }

            KeepTails(start, end, segment, need, keep);
        }
        else
        {
            keep.Clear();
            for (var block = start; block < end; block++)
            {
                keep.Add(false);
            }
        }

        if (_retention is not null)
        {
            KeepTail(request.PromptTokens - 1, start, end, need, keep);
            if (request.Junction > 0)
            {
                KeepTail(request.Junction, start, end, need, keep);
            }
        }

        return true;
    }

    // Blocks in a row that a hit needs; with EAGLE one more, which is then given back.
    private int RunForHit(bool dropLast) => KvCache.Blocks(_window - 1, BlockSize) + (dropLast ? 1 : 0);

    private void KeepTails(int start, int end, int segment, int need, List<bool> keep)
    {
        var shift = Eagle ? 1 : 0;
        keep.Clear();
        for (var block = start; block < end; block++)
        {
            keep.Add(block >= shift && (block - shift) % segment >= segment - need);
        }
    }

    private void KeepTail(int boundaryTokens, int start, int end, int need, List<bool> keep)
    {
        var tailEnd = boundaryTokens / BlockSize + (Eagle ? 1 : 0);
        for (var block = Math.Max(start, tailEnd - need); block < Math.Min(end, tailEnd); block++)
        {
            keep[block - start] = true;
        }
    }
}
