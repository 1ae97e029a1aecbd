using Foretoken.Accuracy;
using Foretoken.Twin;
using Xunit;

namespace Foretoken.Tests.Accuracy;

public sealed class ParallelRunsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    public void Each_AnyNumberOfThreads_KeepsTheOrderAndCountsEveryItem(int threads)
    {
        var counts = new List<int>();
        var results = ParallelRuns.Each(Enumerable.Range(0, 20).ToList(), i => i, (i, _) => i * i, threads, n =>
        {
            lock (counts)
            {
                counts.Add(n);
            }
        }, TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => i * i), results);
        Assert.Equal(Enumerable.Range(1, 20), counts.Order());
    }

    [Fact]
    public void Each_OneThread_BeginsWithTheLongest()
    {
        var order = new List<int>();
        ParallelRuns.Each([3, 9, 1], i => i, (i, _) => { order.Add(i); return i; }, 1, null, TestContext.Current.CancellationToken);
        Assert.Equal([9, 3, 1], order);
    }

    [Fact]
    public void Each_Failure_IsThrownHereAndStopsTheOthers()
    {
        RunControl? other = null;
        using var started = new ManualResetEventSlim();
        Assert.Throws<InvalidOperationException>(() => ParallelRuns.Each(
            [2, 1],
            i => i,
            (i, control) =>
            {
                if (i == 1)
                {
                    started.Wait(TestContext.Current.CancellationToken);
                    throw new InvalidOperationException();
                }

                other = control;
                started.Set();
                SpinWait.SpinUntil(() => control.StopRequested, TimeSpan.FromSeconds(30));
                return i;
            },
            2,
            null,
            TestContext.Current.CancellationToken));
        Assert.True(other!.StopRequested);
    }

    [Fact]
    public void Each_Cancelled_StopsWhatRunsAndBeginsNothingMore()
    {
        using var stop = new CancellationTokenSource();
        var begun = 0;
        Assert.ThrowsAny<OperationCanceledException>(() => ParallelRuns.Each(
            Enumerable.Range(0, 50).ToList(),
            i => 1,
            (i, control) =>
            {
                Interlocked.Increment(ref begun);
                stop.Cancel();
                Assert.True(SpinWait.SpinUntil(() => control.StopRequested, TimeSpan.FromSeconds(30)));
                return i;
            },
            2,
            null,
            stop.Token));
        Assert.InRange(begun, 1, 2);
    }
}
