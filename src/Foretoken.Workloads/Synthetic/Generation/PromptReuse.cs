using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Workloads.Synthetic.Generation;

/// <summary>
/// Gives each prompt its content so that it shares its first blocks with an earlier one: how much and how long ago is drawn,
/// and among the prompts that arrived about then the nearest one that is long enough lends its blocks. Remembers the last
/// 32,768 prompts.
/// </summary>
internal sealed class PromptReuse
{
    private const int Remembered = 1 << 15;
    private const int SearchSteps = 2_048;

    private readonly WorkloadModel _model;
    private readonly ReuseSpec _spec;
    private readonly PrefixTree _tree;
    private readonly ulong _seed;
    private readonly ulong _replication;
    private readonly int[] _common;
    private readonly long[] _arrivals = new long[Remembered];
    private readonly int[]?[] _blocks = new int[Remembered][];
    private readonly int[] _fullBlocks = new int[Remembered];
    private readonly bool[] _reused = new bool[Remembered];
    private long _count;

    public PromptReuse(WorkloadModel model, PrefixTree tree, ulong seed, ulong replication)
    {
        _model = model;
        _spec = model.Spec.Reuse!;
        _tree = tree;
        _seed = seed;
        _replication = replication;
        _common = new int[_spec.CommonTokens / _spec.BlockTokens];
        for (var i = 0; i < _common.Length; i++)
        {
            _common[i] = tree.Add(i - 1, (i + 1) * _spec.BlockTokens);
        }
    }

    /// <summary>Content of the next prompt.</summary>
    public PromptContent Next(ulong number, long arrival, int inputTokens)
    {
        var block = _spec.BlockTokens;
        var full = inputTokens / block;
        var path = new int[full + (inputTokens % block == 0 ? 0 : 1)];
        var shared = Math.Min(_common.Length, full);
        _common.AsSpan(0, shared).CopyTo(path);

        var random = new RandomStream(_seed, StreamId.PrefixGroups, number, _replication);
        var reuses = random.NextDouble() < _spec.Probability;
        var share = DrawShare(ref random, number);
        var lag = _model.ReuseLag!.Next(ref random);
        var behind = inputTokens - _common.Length * block;
        var wanted = reuses && full > shared ? Math.Min(full, shared + Math.Max(1, (int)Math.Round(share * behind / block))) : 0;
        if (wanted > shared && FindDonor(arrival - (long)Math.Min(lag * 1e9, arrival), wanted) is { } donor)
        {
            shared = Math.Min(wanted, _fullBlocks[donor]);
            _blocks[donor].AsSpan(0, shared).CopyTo(path);
            _reused[donor] = true;
        }

        for (var i = shared; i < path.Length; i++)
        {
            path[i] = _tree.Add(i == 0 ? -1 : path[i - 1], Math.Min((i + 1) * block, inputTokens));
        }

        var slot = (int)(_count++ % Remembered);
        _arrivals[slot] = arrival;
        _blocks[slot] = path;
        _fullBlocks[slot] = full;
        _reused[slot] = false;
        return new PromptContent { KnownTokens = inputTokens, HashBlockTokens = block, HashIds = path, Path = path };
    }

    // The normal score of the prompt length is drawn again from its own address rather than computed back from the length.
    private double DrawShare(ref RandomStream random, ulong number)
    {
        if (_spec.Correlation == 0)
        {
            return _model.ReuseShare!.Next(ref random);
        }

        var lengths = new RandomStream(_seed, StreamId.InputLengths, number, _replication);
        var own = Math.Sqrt(1 - _spec.Correlation * _spec.Correlation) * random.NextNormal();
        return _model.ReuseShare!.FromNormal(_spec.Correlation * lengths.NextNormal() + own);
    }

    // From the prompt that arrived closest to the wanted time outwards in both directions, the first that is long enough and
    // was not reused yet (a conversation goes on from its last turn, so that the time since the last use is the time drawn);
    // else the first that is long enough; else the longest.
    private int? FindDonor(long at, int blocks)
    {
        var oldest = Math.Max(0, _count - Remembered);
        if (_count == oldest)
        {
            return null;
        }

        var low = oldest;
        var high = _count - 1;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_arrivals[(int)(middle % Remembered)] < at)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        var longest = -1;
        var second = -1;
        for (var step = 0; step < SearchSteps; step++)
        {
            var candidate = low + ((step & 1) == 0 ? step / 2 : -(step + 1) / 2);
            if (candidate < oldest || candidate >= _count)
            {
                continue;
            }

            var slot = (int)(candidate % Remembered);
            if (_fullBlocks[slot] >= blocks)
            {
                if (!_reused[slot])
                {
                    return slot;
                }

                second = second < 0 ? slot : second;
            }

            if (longest < 0 || _fullBlocks[slot] > _fullBlocks[longest])
            {
                longest = slot;
            }
        }

        return second >= 0 ? second : longest < 0 ? null : longest;
    }
}
