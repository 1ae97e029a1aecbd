using Foretoken.Engines.Tiers;
using Foretoken.Quantities;

namespace Foretoken.Engines.TrtLlm.Plain;

/// <summary>The copies between GPU and secondary pool that plans make, in virtual time, and what they amount to.</summary>
internal sealed class HostCopies
{
    private readonly TrtLlmHostCache _settings;
    private readonly int _blockTokens;
    private readonly TierBook _book;
    private readonly TierUse _host;
    private readonly TierChannel _toHost;
    private readonly TierChannel _fromHost;

    public HostCopies(TrtLlmHostCache settings, int blockTokens, TierBook book)
    {
        (_settings, _blockTokens, _book) = (settings, blockTokens, book);
        _toHost = new TierChannel(settings.ToHost, oneByOne: true);
        _fromHost = new TierChannel(settings.FromHost, oneByOne: true);
        _host = book.Tier("host");
        _host.CapacityTokens = (_host.CapacityTokens ?? 0) + ((long)settings.Blocks * blockTokens);
    }

    /// <summary>Starts the copies that a plan made. Returns when they are done; what the plan computes cannot start before.</summary>
    public SimTime Start(KvCache cache, SimTime now)
    {
        _toHost.AdvanceTo(now);
        _fromHost.AdvanceTo(now);
        _host.WriteTime += _toHost.TakeBusy();
        _host.ReadTime += _fromHost.TakeBusy();
        var done = now;
        long evicted = (long)cache.HostEvicted * _blockTokens;
        _host.EvictedTokens += evicted;
        _book.Timeline.Add(TierEvent.EvictedTokens, evicted, now.Nanoseconds);
        _host.PeakTokens = Math.Max(_host.PeakTokens, (long)cache.HostStored * _blockTokens);
        if (cache.Offloaded > 0)
        {
            _toHost.Start(new Copy(this, cache.Offloaded, toHost: true), now);
            done = _toHost.Drained;
        }

        if (cache.Onboarded > 0)
        {
            long tokens = (long)cache.Onboarded * _blockTokens;
            _host.HitTokens += tokens;
            _book.Timeline.Add(TierEvent.HitTokens, tokens, now.Nanoseconds);
            _fromHost.Start(new Copy(this, cache.Onboarded, toHost: false), now);
            done = SimTime.Max(done, _fromHost.Drained);
        }

        cache.ForgetCounts();
        return done;
    }

    private sealed class Copy(HostCopies owner, int blocks, bool toHost) : TierTransfer(blocks * owner._settings.BlockBytes)
    {
        public override void Finish(SimTime now)
        {
            var tokens = (long)blocks * owner._blockTokens;
            owner._book.Timeline.Add(toHost ? TierEvent.StoredTokens : TierEvent.LoadedTokens, tokens, now.Nanoseconds);
            if (toHost)
            {
                owner._host.WrittenTokens += tokens;
                owner._host.WrittenBytes += Bytes;
                return;
            }

            owner._host.ReadTokens += tokens;
            owner._host.ReadBytes += Bytes;
            owner._book.Loads++;
            owner._book.LoadTime += now - Started;
        }
    }
}
