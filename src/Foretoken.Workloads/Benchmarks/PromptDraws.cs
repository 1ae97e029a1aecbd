using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Synthetic;
using Foretoken.Workloads.Synthetic.Sampling;
using Foretoken.Workloads.Traces;

namespace Foretoken.Workloads.Benchmarks;

/// <summary>Draws the prompts of a <see cref="PromptSet"/>. Every draw is addressed by the prompt's number, so that order plays no part.</summary>
internal sealed class PromptDraws
{
    private const int LargestBlock = 512;

    private readonly PromptSet _set;
    private readonly ulong _seed;
    private readonly ulong _replication;
    private readonly Sampler _input;
    private readonly Sampler _output;
    private readonly Dictionary<int, PromptContent> _known = [];
    private readonly int[] _prefixIds;
    private readonly int[] _prefixNodes;
    private readonly int _block;
    private readonly bool _repeats;
    private readonly bool _firstRepeats;
    private int[] _order = [];
    private long _pass = -1;
    private int _lastId;

    /// <summary>Draws for a number of requests.</summary>
    /// <param name="set">The prompts.</param>
    /// <param name="requests">Requests that will be sent, warm-ups included.</param>
    /// <param name="firstRepeats">Whether the first prompt is sent several times though others are not.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="replication">Number of the repetition.</param>
    public PromptDraws(PromptSet set, long requests, bool firstRepeats, ulong seed, ulong replication)
    {
        _set = set;
        _seed = seed;
        _replication = replication;
        _input = new Sampler(set.Input, ValueRange.Tokens);
        _output = new Sampler(set.Output, ValueRange.Tokens);
        _repeats = set.Prompts < requests;
        _firstRepeats = firstRepeats;
        _block = set.PrefixTokens == 0 ? LargestBlock : (int)Math.Min(LargestBlock, set.PrefixTokens & -(long)set.PrefixTokens);
        _prefixIds = set.PrefixTokens == 0 ? [] : new int[checked(set.PrefixGroups * (set.PrefixTokens / _block))];
        _prefixNodes = set.PrefixTokens == 0 ? [] : new int[set.PrefixGroups];
        if (_prefixNodes.Length > 0 || _repeats || _firstRepeats)
        {
            Tree = new PrefixTree();
        }

        for (var i = 0; i < _prefixIds.Length; i++)
        {
            _prefixIds[i] = _lastId++;
        }

        for (var i = 0; i < _prefixNodes.Length; i++)
        {
            _prefixNodes[i] = Tree!.Add(-1, set.PrefixTokens);
        }
    }

    /// <summary>The shared prefixes and repeated prompts; null when there are none.</summary>
    public PrefixTree? Tree { get; }

    /// <summary>The prompt of the request with this number among those that go through the data set.</summary>
    public int PromptOf(long number)
    {
        if (_set.Prompts is not { } prompts)
        {
            return checked((int)number);
        }

        var place = (int)(number % prompts);
        switch (_set.Order)
        {
            case PromptOrder.Sequential:
                return place;
            case PromptOrder.Random:
                var random = new RandomStream(_seed, StreamId.Prompts, (ulong)number, _replication);
                return random.NextInt(prompts);
            default:
                var pass = _set.Order == PromptOrder.ShuffledOnce ? 0 : number / prompts;
                if (pass != _pass)
                {
                    _order = Shuffled(prompts, (ulong)pass);
                    _pass = pass;
                }

                return _order[place];
        }
    }

    /// <summary>Lengths and content of a prompt.</summary>
    public void Fill(int prompt, ref RequestSpec request)
    {
        var inputs = new RandomStream(_seed, StreamId.InputLengths, (ulong)prompt, _replication);
        var outputs = new RandomStream(_seed, StreamId.OutputLengths, (ulong)prompt, _replication);
        request.InputTokens = checked(_set.PrefixTokens + _input.NextWhole(ref inputs));
        request.OutputTokens = _output.NextWhole(ref outputs);
        request.Priority = 0;
        request.Session = -1;
        request.Content = ContentOf(prompt, request.InputTokens);
    }

    private PromptContent ContentOf(int prompt, int tokens)
    {
        var whole = _repeats || (_firstRepeats && prompt == 0);
        if (!whole && _prefixNodes.Length == 0)
        {
            return default;
        }

        var group = _prefixNodes.Length <= 1 ? 0 : GroupOf(prompt);
        var perGroup = _set.PrefixTokens / _block;
        if (!whole)
        {
            return new PromptContent
            {
                KnownTokens = _set.PrefixTokens,
                HashBlockTokens = _block,
                HashIds = _prefixIds.AsMemory(group * perGroup, perGroup),
                Path = _prefixNodes.AsMemory(group, 1),
            };
        }

        if (_known.TryGetValue(prompt, out var known))
        {
            return known;
        }

        var ids = new int[(tokens + _block - 1) / _block];
        _prefixIds.AsSpan(Math.Min(group * perGroup, _prefixIds.Length), perGroup).CopyTo(ids);
        for (var i = perGroup; i < ids.Length; i++)
        {
            ids[i] = _lastId++;
        }

        var parent = _prefixNodes.Length == 0 ? -1 : _prefixNodes[group];
        var node = Tree!.Add(parent, tokens);
        known = new PromptContent { KnownTokens = tokens, HashBlockTokens = _block, HashIds = ids, Path = parent < 0 ? new[] { node } : [parent, node] };
        _known.Add(prompt, known);
        return known;
    }

    private int GroupOf(int prompt)
    {
        if (!_set.PrefixDrawn)
        {
            return prompt % _set.PrefixGroups;
        }

        var random = new RandomStream(_seed, StreamId.PrefixGroups, (ulong)prompt, _replication);
        return random.NextInt(_set.PrefixGroups);
    }

    private int[] Shuffled(int count, ulong pass)
    {
        var random = new RandomStream(_seed, StreamId.Prompts, pass, _replication);
        var order = new int[count];
        for (var i = 0; i < count; i++)
        {
            var j = random.NextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }

        return order;
    }
}
