using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Synthetic.Sampling;
using Foretoken.Workloads.Traces;

namespace Foretoken.Workloads.Synthetic.Generation;

/// <summary>
/// The shared prefixes of a workload as roots of its prefix tree. Identity is told in blocks (<see cref="BlockTokens"/>): a
/// rest of the prefix that does not fill a block is still sent, but counts as shared with nobody. No engine shares less than
/// 16 tokens at a time by default, so nothing is lost by it.
/// </summary>
internal sealed class PrefixGroups
{
    private const int BlockMax = 512;
    private const int BlockMin = 16;

    private readonly CumulativeTable? _zipf;
    private readonly int _groups;
    private readonly int[] _ids = [];
    private readonly ulong _seed;
    private readonly ulong _replication;

    public PrefixGroups(PrefixSpec? spec, PrefixTree tree, ulong seed, ulong replication)
    {
        _seed = seed;
        _replication = replication;
        BlockTokens = BlockMax;
        if (spec is null)
        {
            return;
        }

        _groups = spec.Groups;
        Tokens = spec.Tokens;
        BlockTokens = Math.Max(BlockMin, (int)CommonDivisor(spec.Tokens, BlockMax));
        BlocksPerGroup = Tokens / BlockTokens;
        if (spec.Popularity == Popularity.Zipf && spec.Exponent > 0)
        {
            _zipf = new CumulativeTable([.. Enumerable.Range(1, _groups).Select(g => DeterministicMath.Pow(g, -spec.Exponent))]);
        }

        if (BlocksPerGroup == 0)
        {
            return;
        }

        _ids = new int[checked(_groups * BlocksPerGroup)];
        for (var i = 0; i < _ids.Length; i++)
        {
            _ids[i] = i;
        }

        for (var g = 0; g < _groups; g++)
        {
            tree.Add(-1, SharedTokens);
        }
    }

    /// <summary>Tokens in front of every prompt; 0 without groups.</summary>
    public int Tokens { get; }

    /// <summary>Tokens per hash id.</summary>
    public int BlockTokens { get; }

    /// <summary>Hash ids per group, 0 when nothing is shared.</summary>
    public int BlocksPerGroup { get; }

    /// <summary>Tokens that count as shared: whole blocks.</summary>
    public int SharedTokens => BlocksPerGroup * BlockTokens;

    /// <summary>Number of hash ids that the groups use: ids from here on are free.</summary>
    public int IdCount => _ids.Length;

    /// <summary>The group of a request or session.</summary>
    public int GroupOf(ulong entity)
    {
        if (_groups <= 1)
        {
            return 0;
        }

        var random = new RandomStream(_seed, StreamId.PrefixGroups, entity, _replication);
        return _zipf is null ? random.NextInt(_groups) : _zipf.Find(random.NextOpenDouble());
    }

    /// <summary>Hash ids of a group.</summary>
    public ReadOnlyMemory<int> IdsOf(int group) => _ids.AsMemory(group * BlocksPerGroup, BlocksPerGroup);

    /// <summary>Content of a prompt that shares the group's prefix and nothing else.</summary>
    public PromptContent ContentOf(int group) => BlocksPerGroup == 0
        ? default
        : new PromptContent
        {
            KnownTokens = SharedTokens,
            HashBlockTokens = BlockTokens,
            HashIds = IdsOf(group),
            Path = _ids.AsMemory(group, 1), // the group's node has the group's number
        };

    private static long CommonDivisor(long a, long b)
    {
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return a;
    }
}
