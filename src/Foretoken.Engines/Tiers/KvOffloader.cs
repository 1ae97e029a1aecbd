using Foretoken.Engines.Content;
using Foretoken.Engines.Replicas;
using Foretoken.Quantities;

namespace Foretoken.Engines.Tiers;

/// <summary>
/// Keeps blocks of KV outside the GPU for a scheduler that knows them by content: the scheduler side of vLLM's offloading
/// connector, and of Dynamo's KVBM, which has further tiers behind the host.
/// </summary>
/// <remarks>
/// <para>
/// Full blocks are copied to the host when the step that computed them is over, and from there to the tiers behind it. A prefix
/// that the GPU has not is looked for in all tiers, block by block and without gaps. What is found is brought to the host first,
/// when it is behind it, then to the GPU, in one go.
/// </para>
/// <para>
/// Where the least recently used blocks cannot go because they are being copied, what is asked for is left out: a store, or
/// the part of a hit that would have to be staged.
/// </para>
/// </remarks>
internal sealed class KvOffloader
{
    private readonly KvHierarchy _settings;
    private readonly int _blockSize;
    private readonly TierBook _book;
    private readonly TierStore _host;
    private readonly TierChannel _toHost;
    private readonly TierChannel _fromHost;
    private readonly TierChannels _channels;

    // Without a store that others have too; and how many of its own copies are under way to and from that one.
    private readonly TierChannels _own;
    private int _shared;
    private readonly TierLevel? _disk;
    private readonly TierLevel? _remote;
    private readonly TierUse _hostUse;
    private readonly TierUse? _diskUse;
    private readonly TierUse? _remoteUse;
    private readonly HashSet<int> _loading = [];

    // Where in the workload's prompts a block belongs, for whoever hears of tiers.
    private readonly Dictionary<int, (int Node, int Block)> _places = [];
    private readonly List<int> _added = [];

    /// <summary>Nothing stored yet.</summary>
    /// <param name="settings">The tiers.</param>
    /// <param name="blockSize">Tokens of a block.</param>
    /// <param name="book">Where it writes down what happens.</param>
    /// <param name="shared">The remote store of all replicas; null for one of its own.</param>
    public KvOffloader(KvHierarchy settings, int blockSize, TierBook book, SharedTier? shared)
    {
        _settings = settings;
        _blockSize = blockSize;
        _book = book;
        _host = new TierStore(settings.HostBlocks);
        _toHost = new TierChannel(settings.ToHost, settings.OneByOne);
        _fromHost = new TierChannel(settings.FromHost, settings.OneByOne);
        _hostUse = Use("host", settings.HostBlocks);
        List<TierChannel> channels = [_toHost, _fromHost];
        if (settings.Disk is { } disk)
        {
            _disk = new TierLevel(disk);
            _diskUse = Use("disk", disk.Blocks);
            channels.AddRange([_disk.Write, _disk.Read]);
        }

        if (settings.Remote is { } remote)
        {
            _remote = shared?.Level ?? new TierLevel(remote);
            _remoteUse = Use("remote", remote.Blocks);
            channels.AddRange([_remote.Write, _remote.Read]);
        }

        _channels = new TierChannels(channels);
        _own = _remote is { IsShared: true } ? new TierChannels(channels[..^2]) : _channels;
        _host.Evicted = _ =>
        {
            _hostUse.EvictedTokens += _blockSize;
            _book.Timeline.Add(TierEvent.EvictedTokens, _blockSize, Now.Nanoseconds);
        };
    }

    /// <summary>Hears what the tiers of its own store and forget; null when nobody listens. To be set before anything is stored.</summary>
    public KvEventBuffer? Events
    {
        get;
        init
        {
            field = value;
            if (value is null)
            {
                return;
            }

            _host.Evicted += key => Tell(KvTier.Host, key, isThere: false);
            if (_disk is not null)
            {
                _disk.Store.Evicted += key => Tell(KvTier.Disk, key, isThere: false);
            }

            if (_remote is { IsShared: false })
            {
                _remote.Store.Evicted += key => Tell(KvTier.Remote, key, isThere: false);
            }
        }
    }

    /// <summary>The current moment.</summary>
    public SimTime Now { get; private set; }

    /// <summary>A time before which nothing of its own arrives.</summary>
    public SimTime Next => _shared > 0 ? _channels.Next : _own.Next;

    /// <summary>Lives through all that ends up to and including <paramref name="now"/>.</summary>
    public void AdvanceTo(SimTime now)
    {
        _channels.AdvanceTo(now);
        Now = now;
        _hostUse.WriteTime += _toHost.TakeBusy();
        _hostUse.ReadTime += _fromHost.TakeBusy();
        if (_disk is not null)
        {
            _diskUse!.WriteTime += _disk.Write.TakeBusy();
            _diskUse.ReadTime += _disk.Read.TakeBusy();
        }

        if (_remote is not null)
        {
            // Of a shared store whoever looks first takes the time: it adds up over the replicas.
            _remoteUse!.WriteTime += _remote.Write.TakeBusy();
            _remoteUse.ReadTime += _remote.Read.TakeBusy();
        }
    }

    /// <summary>
    /// How many blocks from number <paramref name="from"/> on are outside the GPU, without a gap and before number
    /// <paramref name="to"/>; -1 when some of them are on their way to the GPU for another request, so that it is better to wait
    /// (get_num_new_matched_tokens).
    /// </summary>
    public int Lookup(BlockKeys keys, int from, int to)
    {
        if (to <= from)
        {
            return 0;
        }

        Touch(keys, to);
        var hits = 0;
        var loading = false;
        for (; from + hits < to; hits++)
        {
            var comes = _loading.Contains(keys[from + hits]);
            if (!comes && Where(keys[from + hits]) == Place.Nowhere)
            {
                break;
            }

            loading |= comes;
        }

        if (loading)
        {
            _book.Deferred++;
            return -1;
        }

        return hits;
    }

    /// <summary>
    /// Brings blocks to the GPU, as many of those that <see cref="Lookup"/> found as the host has room to stage. Returns how many;
    /// <paramref name="arrived"/> is called when the last of them is there.
    /// </summary>
    public int StartLoad(BlockKeys keys, int from, int blocks, Action<SimTime> arrived)
    {
        var wanted = Keys(keys, from, blocks);
        NotePlaces(keys, from, from + blocks);
        var staged = Stage(wanted, out var fromDisk, out var fromRemote);
        if (staged < wanted.Length)
        {
            wanted = wanted[..staged];
        }

        if (wanted.Length == 0)
        {
            return 0;
        }

        var load = new Load(this, wanted, fromDisk.Count + fromRemote.Count, arrived);
        foreach (var key in wanted)
        {
            _loading.Add(key);
            if (_host.Find(key) == TierBlockState.Ready)
            {
                _host.Hold(key);
            }
        }

        CountHits(wanted.Length, fromDisk.Count, fromRemote.Count);
        Promote(fromDisk, _disk, _diskUse, load);
        Promote(fromRemote, _remote, _remoteUse, load);
        if (fromDisk.Count + fromRemote.Count == 0)
        {
            load.Begin(Now);
        }

        return wanted.Length;
    }

    /// <summary>
    /// Gives full blocks that a step is about to compute their places in the host (prepare_store). Null when they have none; else
    /// those that are not there yet.
    /// </summary>
    public int[]? PrepareStore(BlockKeys keys, int from, int to)
    {
        var wanted = Keys(keys, from, to - from);
        NotePlaces(keys, from, to);
        if (!_host.TryReserve(wanted, _added))
        {
            _book.RefusedStores++;
            return null;
        }

        _hostUse.PeakTokens = Math.Max(_hostUse.PeakTokens, (long)_host.Count * _blockSize);
        Touch(keys, to);
        return [.. _added];
    }

    /// <summary>The step is over: copies what <see cref="PrepareStore"/> gave places. <paramref name="stored"/> is called once, when all of it is in the host.</summary>
    public void Store(int[] keys, Action<SimTime>? stored)
    {
        var batch = _settings.OffloadBatch ?? keys.Length;
        for (var i = 0; i < keys.Length; i += batch)
        {
            var end = Math.Min(keys.Length, i + batch);
            _toHost.Start(new HostWrite(this, keys[i..end], end == keys.Length ? stored : null), Now);
        }
    }

    private enum Place
    {
        Nowhere,
        Host,
        Disk,
        Remote,
    }

    private TierUse Use(string name, int? blocks)
    {
        var use = _book.Tier(name);
        if (blocks is { } most)
        {
            use.CapacityTokens = (use.CapacityTokens ?? 0) + ((long)most * _blockSize);
        }

        return use;
    }

    private Place Where(int key) =>
        _host.Find(key) == TierBlockState.Ready ? Place.Host
        : _host.Find(key) == TierBlockState.Arriving ? Place.Nowhere
        : _disk?.Store.Find(key) == TierBlockState.Ready ? Place.Disk
        : _remote?.Store.Find(key) == TierBlockState.Ready ? Place.Remote
        : Place.Nowhere;

    private static int[] Keys(BlockKeys keys, int from, int blocks)
    {
        var wanted = new int[blocks];
        for (var i = 0; i < blocks; i++)
        {
            wanted[i] = keys[from + i];
        }

        return wanted;
    }

    private void Touch(BlockKeys keys, int to)
    {
        var all = Keys(keys, 0, to);
        _host.Touch(all);
        _disk?.Store.Touch(all);
        _remote?.Store.Touch(all);
    }

    // Places in the host for what is behind it. Without room only what comes before counts.
    private int Stage(int[] keys, out List<int> fromDisk, out List<int> fromRemote)
    {
        fromDisk = [];
        fromRemote = [];
        var behind = 0;
        for (var i = 0; i < keys.Length; i++)
        {
            if (Where(keys[i]) != Place.Host)
            {
                behind = i;
                break;
            }

            behind = keys.Length;
        }

        if (behind == keys.Length)
        {
            return keys.Length;
        }

        // Asked for together, so that none goes for another.
        var places = keys.Select(Where).ToArray();
        if (!_host.TryReserve(keys, _added))
        {
            return behind;
        }

        _hostUse.PeakTokens = Math.Max(_hostUse.PeakTokens, (long)_host.Count * _blockSize);
        for (var i = behind; i < keys.Length; i++)
        {
            switch (places[i])
            {
                case Place.Disk:
                    fromDisk.Add(keys[i]);
                    break;
                case Place.Remote:
                    fromRemote.Add(keys[i]);
                    break;
            }
        }

        return keys.Length;
    }

    private void NotePlaces(BlockKeys keys, int from, int to)
    {
        for (var block = from; Events is not null && block < to; block++)
        {
            if (keys.Owner(block) is var node && node >= 0)
            {
                _places[keys[block]] = (node, block);
            }
        }
    }

    private void Tell(KvTier tier, int key, bool isThere)
    {
        if (Events is null || !_places.TryGetValue(key, out var place))
        {
            return;
        }

        if (isThere)
        {
            Events.StoreIn(tier, place.Node, place.Block);
        }
        else
        {
            Events.RemoveFrom(tier, place.Node, place.Block);
        }
    }

    private KvTier TierOf(TierLevel level) => level == _disk ? KvTier.Disk : KvTier.Remote;

    private void CountHits(int blocks, int fromDisk, int fromRemote)
    {
        _hostUse.HitTokens += (long)(blocks - fromDisk - fromRemote) * _blockSize;
        if (_diskUse is not null)
        {
            _diskUse.HitTokens += (long)fromDisk * _blockSize;
        }

        if (_remoteUse is not null)
        {
            _remoteUse.HitTokens += (long)fromRemote * _blockSize;
        }

        _book.Timeline.Add(TierEvent.HitTokens, (long)blocks * _blockSize, Now.Nanoseconds);
    }

    private void Promote(List<int> keys, TierLevel? level, TierUse? use, Load load)
    {
        if (keys.Count == 0)
        {
            return;
        }

        foreach (var key in keys)
        {
            level!.Store.Hold(key);
        }

        _shared += level!.IsShared ? 1 : 0;
        level.Read.Start(new Promotion(this, level, use!, [.. keys], load), Now);
    }

    // From the host on to what is behind it, as soon as it is in the host.
    private void WriteThrough(int[] keys, TierLevel? level, TierUse? use, SimTime now)
    {
        if (level is null)
        {
            return;
        }

        var before = level.Store.Evictions;
        if (!level.Store.TryReserve(keys, _added))
        {
            _book.RefusedStores++;
            return;
        }

        use!.EvictedTokens += (level.Store.Evictions - before) * _blockSize;
        use.PeakTokens = Math.Max(use.PeakTokens, (long)level.Store.Count * _blockSize);
        if (_added.Count > 0)
        {
            foreach (var key in _added)
            {
                _host.Hold(key);
            }

            _shared += level.IsShared ? 1 : 0;
            level.Write.Start(new Demotion(this, level, use, [.. _added]), now);
        }
    }

    private abstract class Copy(KvOffloader owner, int[] keys) : TierTransfer(keys.Length * owner._settings.BlockBytes)
    {
        protected KvOffloader Owner => owner;

        protected int[] Keys => keys;

        protected long Tokens => (long)keys.Length * owner._blockSize;

        protected void Count(TierEvent what, SimTime now) => owner._book.Timeline.Add(what, Tokens, now.Nanoseconds);
    }

    private sealed class HostWrite(KvOffloader owner, int[] keys, Action<SimTime>? stored) : Copy(owner, keys)
    {
        public override void Finish(SimTime now)
        {
            Owner._hostUse.WrittenTokens += Tokens;
            Owner._hostUse.WrittenBytes += Bytes;
            Count(TierEvent.StoredTokens, now);
            for (var i = Keys.Length - 1; i >= 0; i--)
            {
                Owner._host.Arrive(Keys[i]);
                Owner.Tell(KvTier.Host, Keys[i], isThere: true);
            }

            Owner.WriteThrough(Keys, Owner._disk, Owner._diskUse, now);
            Owner.WriteThrough(Keys, Owner._remote, Owner._remoteUse, now);
            stored?.Invoke(now);
        }
    }

    private sealed class Demotion(KvOffloader owner, TierLevel level, TierUse use, int[] keys) : Copy(owner, keys)
    {
        public override void Finish(SimTime now)
        {
            use.WrittenTokens += Tokens;
            use.WrittenBytes += Bytes;
            Count(TierEvent.DemotedTokens, now);
            for (var i = Keys.Length - 1; i >= 0; i--)
            {
                level.Store.Arrive(Keys[i]);
                if (!level.IsShared)
                {
                    Owner.Tell(Owner.TierOf(level), Keys[i], isThere: true);
                }

                Owner._host.Release(Keys[i]);
            }

            Owner._shared -= level.IsShared ? 1 : 0;
        }
    }

    private sealed class Promotion(KvOffloader owner, TierLevel level, TierUse use, int[] keys, Load load) : Copy(owner, keys)
    {
        public override void Finish(SimTime now)
        {
            use.ReadTokens += Tokens;
            use.ReadBytes += Bytes;
            Count(TierEvent.PromotedTokens, now);
            for (var i = Keys.Length - 1; i >= 0; i--)
            {
                level.Store.Release(Keys[i]);
                Owner._host.Arrive(Keys[i]);
                Owner.Tell(KvTier.Host, Keys[i], isThere: true);
                Owner._host.Hold(Keys[i]);
            }

            Owner._shared -= level.IsShared ? 1 : 0;

            load.Staged(Keys.Length, now);
        }
    }

    private sealed class Load(KvOffloader owner, int[] keys, int behind, Action<SimTime> arrived) : Copy(owner, keys)
    {
        private readonly SimTime _asked = owner.Now;
        private int _behind = behind;

        public void Staged(int blocks, SimTime now)
        {
            _behind -= blocks;
            if (_behind == 0)
            {
                Begin(now);
            }
        }

        public void Begin(SimTime now) => Owner._fromHost.Start(this, now);

        public override void Finish(SimTime now)
        {
            Owner._hostUse.ReadTokens += Tokens;
            Owner._hostUse.ReadBytes += Bytes;
            Owner._book.Loads++;
            Owner._book.LoadTime += now - _asked;
            Count(TierEvent.LoadedTokens, now);
            for (var i = Keys.Length - 1; i >= 0; i--)
            {
                Owner._host.Release(Keys[i]);
                Owner._loading.Remove(Keys[i]);
            }

            arrived(now);
        }
    }
}
