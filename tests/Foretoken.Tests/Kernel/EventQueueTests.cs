using Foretoken.Kernel.Events;
using Foretoken.Quantities;
using Xunit;

namespace Foretoken.Tests.Kernel;

public sealed class EventQueueTests
{
    [Fact]
    public void Take_RandomPostsAndTakes_AgreesWithASortedList()
    {
        var random = new RandomStream(5, StreamId.Test);
        var queue = new EventQueue();
        var reference = new List<(long Time, byte Phase, long Posted)>();
        long posted = 0;
        for (var i = 0; i < 50_000; i++)
        {
            if (reference.Count == 0 || random.NextInt(100) < 52)
            {
                // Few different times: order among equals is the point.
                var time = random.NextInt(20);
                var phase = (Phase)(1 + random.NextInt(4));
                queue.Post(new SimTime(time), phase, posted);
                reference.Add((time, (byte)phase, posted++));
            }
            else
            {
                var first = reference.Min();
                reference.Remove(first);
                Assert.Equal(first.Time, queue.NextTime.Nanoseconds);
                Assert.Equal((Phase)first.Phase, queue.NextPhase);
                Assert.Equal(first.Posted, queue.Take(out var time, out var phase));
                Assert.Equal((first.Time, first.Phase), (time.Nanoseconds, (byte)phase));
            }

            Assert.Equal(reference.Count, queue.Count);
        }
    }

    [Fact]
    public void PostAndTake_OnceGrown_AllocateNothing()
    {
        var queue = new EventQueue();
        var random = new RandomStream(6, StreamId.Test);
        for (var i = 0; i < 1000; i++)
        {
            queue.Post(new SimTime(random.NextInt(1000)), Phase.Plan, i);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100_000; i++)
        {
            queue.Take(out var time, out _);
            queue.Post(time + new SimDuration(random.NextInt(1000)), Phase.Plan, i);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void NextTime_Empty_IsNever() => Assert.Equal(SimTime.Never, new EventQueue().NextTime);

    [Fact]
    public void Take_Empty_IsABug() => Assert.Throws<InvariantException>(() => new EventQueue().Take(out _, out _));
}
