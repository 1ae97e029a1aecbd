namespace Foretoken.Engines.SgLang.Plain;

/// <summary>
/// Fills one prefill batch within SGLang's budgets: prompt tokens per batch, tokens per chunk, memory now, and
/// memory in view of what everybody may still generate.
/// </summary>
internal sealed class PrefillAdder
{
    private readonly RequestKv _kv;
    private readonly int _pageSize;
    private readonly bool _chunks;
    private readonly List<BatchEntry> _admitted = [];
    private double _totalOffset;
    private long _currentOffset;
    private long _remainingInput;
    private long _remainingChunk;

    /// <summary>Budgets of a batch beside the running requests, which take part in it when chunks are mixed.</summary>
    public PrefillAdder(SgLangSettings settings, RequestKv kv, IReadOnlyList<SgLangRequest> running, double ratio)
    {
        _kv = kv;
        _pageSize = settings.PageSize;
        _chunks = settings.ChunkedPrefillSize is not null;
        var mixed = settings.MixesChunks ? running.Count : 0;
        var expected = new PythonSum();
        foreach (var request in running)
        {
            expected.Add(request.RemainingOutput * ratio);
        }

        _totalOffset = mixed + expected.Value;
        _currentOffset = mixed;
        _remainingInput = settings.MaxPrefillTokens - mixed;
        _remainingChunk = (settings.ChunkedPrefillSize ?? 0) - mixed;
    }

    /// <summary>Who was admitted, in order.</summary>
    public IReadOnlyList<BatchEntry> Admitted => _admitted;

    /// <summary>The waiting request that was admitted in part, or null.</summary>
    public SgLangRequest? NewChunked { get; private set; }

    // Locking a prefix takes it out of what can be evicted, so both are asked for anew every time.
    private double RemainingTotal => _kv.Reachable - _totalOffset;

    private long RemainingNow => _kv.Reachable - _currentOffset;

    /// <summary>
    /// The next chunk of the request whose prompt is under way. It must get one even without room: its slots could not be
    /// freed otherwise. Returns whether more is left after it.
    /// </summary>
    public bool AddChunked(SgLangRequest request)
    {
        var room = Math.Min(_remainingChunk, (long)RemainingTotal);
        if (room <= 0)
        {
            room = _remainingChunk;
        }

        var left = request.Tokens - request.Prefix;
        var truncated = left > room;
        var tokens = (int)Math.Min(left, room);
        Add(request, tokens, !truncated);
        Charge(tokens, truncated ? 0 : Clip(request.MaxNewTokens));
        return truncated;
    }

    /// <summary>Tries the next waiting request.</summary>
    public Admission Add(SgLangRequest request)
    {
        // At least one token is computed anew: the next one comes out of it.
        var match = _kv.Match(request, request.Tokens - 1);
        var (matched, node) = match;
        var wanted = request.Tokens - matched;
        var needed = wanted + Math.Max(request.RemainingOutput, 0) + _pageSize;
        if (needed >= RemainingTotal)
        {
            return Admission.NoToken;
        }

        var pages = _kv.Ceil(wanted - match.HostTokens);
        if (!_chunks && _admitted.Count > 0 && pages >= _remainingInput)
        {
            return Admission.Other;
        }

        _kv.Tree.Lock(node);
        if (needed >= RemainingTotal)
        {
            _kv.Tree.Unlock(node);
            return Admission.NoToken;
        }

        if (match.HostNode is { } end && _kv.Hierarchy!.TryLoadBack(end))
        {
            _kv.Tree.Lock(end);
            _kv.Tree.Unlock(node);
            node = end;
            matched += match.HostTokens;
            wanted -= match.HostTokens;
            _kv.Hierarchy.CountUse(match.HostTokens, Math.Min(match.HostTokens, request.Prefetched));
            request.Prefetched = 0;
        }

        pages = _kv.Ceil(wanted);
        if (!_chunks && _admitted.Count > 0 && pages >= _remainingInput)
        {
            _kv.Tree.Unlock(node);
            return Admission.Other;
        }

        if (!_chunks || pages <= _remainingChunk)
        {
            Hold(request, matched, node);
            Add(request, wanted, true);
            Charge(wanted, Clip(request.MaxNewTokens));
            return State;
        }

        var chunk = _kv.Floor((int)Math.Max(_remainingChunk, 0) + matched) - matched;
        if (chunk <= 0)
        {
            _kv.Tree.Unlock(node);
            return Admission.Other;
        }

        Hold(request, matched, node);
        Add(request, chunk, false);
        NewChunked = request;
        Charge(chunk, 0);
        return State;
    }

    private Admission State =>
        RemainingTotal <= 0 || RemainingNow <= 0 ? Admission.NoToken
        : _remainingInput <= 0 || (_chunks && _remainingChunk <= 0) ? Admission.Other
        : Admission.Continue;

    private static int Clip(int maxNewTokens) => Math.Min(maxNewTokens, SgLangConstants.ClipMaxNewTokens);

    private static void Hold(SgLangRequest request, int matched, RadixNode node)
    {
        request.Node = node;
        request.Prefix = matched;
        request.Protected = matched;
        request.Committed = matched;
        request.Allocated = matched;
    }

    private void Add(SgLangRequest request, int tokens, bool completes) =>
        _admitted.Add(new BatchEntry(request, request.Prefix, request.Prefix + tokens, Decodes: false, Emits: completes));

    private void Charge(int extend, int maxNewTokens)
    {
        var pages = _kv.Ceil(extend);
        _totalOffset += pages + maxNewTokens + _pageSize;
        _currentOffset += pages + _pageSize;
        _remainingInput -= pages;
        _remainingChunk -= pages;
    }
}
