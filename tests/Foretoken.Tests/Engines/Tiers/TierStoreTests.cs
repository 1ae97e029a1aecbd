using Foretoken.Engines.Tiers;
using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Engines.Tiers;

public sealed class TierStoreTests
{
    [Fact]
    public void TryReserve_Full_TheLeastRecentlyUsedGoes()
    {
        var store = Filled(3, 1, 2, 3);
        store.Touch([1]);
        List<int> gone = [];
        store.Evicted = gone.Add;
        Assert.True(store.TryReserve([4], []));
        Assert.Equal([2], gone);
        Assert.Equal((TierBlockState.Arriving, TierBlockState.Missing, TierBlockState.Ready), (store.Find(4), store.Find(2), store.Find(1)));
        Assert.Equal((3, 1L, 3), (store.Count, store.Evictions, store.Peak));
    }

    // The end of a sequence is worth nothing without its beginning.
    [Fact]
    public void Touch_OfASequence_ItsEndGoesFirst()
    {
        var store = Filled(3, 1, 2, 3);
        store.Touch([1, 2, 3]);
        List<int> gone = [];
        store.Evicted = gone.Add;
        Assert.True(store.TryReserve([7, 8], []));
        Assert.Equal([3, 2], gone);
    }

    [Fact]
    public void TryReserve_NothingMayGo_ChangesNothing()
    {
        var store = Filled(3, 1, 2, 3);
        store.Hold(1);
        store.Hold(2);
        List<int> added = [9];
        Assert.False(store.TryReserve([7, 8], added));
        Assert.Equal((0, 3, 0L), (added.Count, store.Count, store.Evictions));

        // What is asked for together stays together.
        Assert.False(store.TryReserve([3, 8], added));
        store.Release(1);
        Assert.True(store.TryReserve([3, 8], added));
        Assert.Equal([8], added);
    }

    [Fact]
    public void GiveUp_OfAReservation_FreesItsPlace()
    {
        var store = Filled(2, 1);
        Assert.True(store.TryReserve([5], []));
        Assert.Equal(1, store.Held);
        store.GiveUp(5);
        Assert.Equal((1, 0, TierBlockState.Missing), (store.Count, store.Held, store.Find(5)));
    }

    [Fact]
    public void Random_NeverMoreThanItHolds()
    {
        for (ulong seed = 0; seed < 200; seed++)
        {
            var random = new RandomStream(seed, StreamId.Test, 6);
            var capacity = random.NextInt(12);
            var store = new TierStore(capacity);
            var arriving = new List<int>();
            var held = new List<int>();
            long added = 0;
            long given = 0;
            for (var i = 0; i < 200; i++)
            {
                var keys = Enumerable.Range(0, 1 + random.NextInt(4)).Select(_ => 1 + random.NextInt(30)).ToArray();
                switch (random.NextInt(5))
                {
                    case 0 or 1:
                        List<int> now = [];
                        if (store.TryReserve(keys, now))
                        {
                            arriving.AddRange(now);
                            added += now.Count;
                        }

                        break;
                    case 2 when arriving.Count > 0:
                        if (random.NextInt(4) == 0)
                        {
                            store.GiveUp(arriving[0]);
                            given++;
                        }
                        else
                        {
                            store.Arrive(arriving[0]);
                        }

                        arriving.RemoveAt(0);
                        break;
                    case 3 when store.Find(keys[0]) == TierBlockState.Ready:
                        store.Hold(keys[0]);
                        held.Add(keys[0]);
                        break;
                    default:
                        store.Touch(keys);
                        if (held.Count > 0)
                        {
                            store.Release(held[^1]);
                            held.RemoveAt(held.Count - 1);
                        }

                        break;
                }

                Assert.True(store.Count <= capacity);
                Assert.Equal(added - given - store.Evictions, store.Count);
                Assert.Equal(arriving.Count + held.Distinct().Count(), store.Held);
                Assert.All(held, key => Assert.Equal(TierBlockState.Ready, store.Find(key)));
            }
        }
    }

    private static TierStore Filled(int capacity, params int[] keys)
    {
        var store = new TierStore(capacity);
        foreach (var key in keys)
        {
            Assert.True(store.TryReserve([key], []));
            store.Arrive(key);
        }

        return store;
    }
}
