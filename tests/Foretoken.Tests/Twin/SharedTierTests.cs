using Foretoken.Engines.Tiers;
using Foretoken.Engines.Vllm;
using Foretoken.Fleet.Routing.Simple;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.Vllm;
using Foretoken.Twin;
using Foretoken.Twin.Results;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;
using Xunit;

namespace Foretoken.Tests.Twin;

/// <summary>A remote store that the replicas of a run have together; every step takes 10 ms.</summary>
public sealed class SharedTierTests
{
    private static readonly TierLink Slow = new(1_000_000, SimDuration.Zero);

    // Worker 0 computes the prompt from 0 to 10 ms and stores it: 8 blocks of 16 kB at 1 MB/s, until 138 ms.
    [Theory]
    [InlineData(130, true, 0)]
    [InlineData(140, true, 127)]
    [InlineData(140, false, 0)]
    public void Run_StoredByAnother_IsHitWhenItsLastByteHasArrived(double at, bool shared, int cached)
    {
        var result = Run(shared, Request(0, 0), Request(1, at));
        Assert.Equal(new[] { 0, 1 }, new[] { result.Requests.Worker(0), result.Requests.Worker(1) });
        Assert.Equal(cached, result.Requests.CachedTokens(1));
        Assert.Equal(cached == 0 ? 0 : 128, result.Replicas[1].Tiers!.Tier("remote").HitTokens);
    }

    // Alone 128 kB take 128 ms; two that read at once take twice as long each.
    [Fact]
    public void Run_BothRead_ShareItsBandwidth()
    {
        var alone = Run(true, Request(0, 0), Request(1, 500));
        Assert.Equal(ReplicaRig.Ms(500 + 128 + 10), alone.Requests.FirstToken(1));

        var both = Run(true, Request(0, 0), Request(1, 1), Request(2, 490, other: true), Request(3, 490, other: true), Request(4, 900), Request(5, 900));

        // What is left of the prompt on the GPU is not read.
        var bytes = both.Replicas[0].Tiers!.Tier("remote").ReadBytes;
        Assert.True(bytes >= 5 * 16_000);
        Assert.Equal(bytes, both.Replicas[1].Tiers!.Tier("remote").ReadBytes);
        Assert.Equal(ReplicaRig.Ms(900 + (2 * bytes / 1000.0) + 10), both.Requests.FirstToken(4));
        Assert.Equal(both.Requests.FirstToken(4), both.Requests.FirstToken(5));
        Assert.Equal(both.Fingerprint, Run(true, Request(0, 0), Request(1, 1), Request(2, 490, other: true), Request(3, 490, other: true), Request(4, 900), Request(5, 900)).Fingerprint);
    }

    private static RequestSpec Request(int index, double at, bool other = false)
    {
        int[] ids = other ? [.. Enumerable.Range(100 * (index + 1), 8)] : [1, 2, 3, 4, 5, 6, 7, 8];
        return ReplicaRig.Request(index, 128, 1, ids) with { Arrival = ReplicaRig.Ms(at) };
    }

    // A GPU and a host that hold one prompt.
    private static RunResult Run(bool shared, params RequestSpec[] requests) => TwinRun.Run(new RunPlan
    {
        Source = new ListSource(requests),
        Pools =
        [
            new PoolPlan
            {
                Replicas = 2,
                Engine = new VllmSettings
                {
                    NumGpuBlocks = 10,
                    MaxModelLen = 140,
                    MaxNumSeqs = 1,
                    MaxNumBatchedTokens = 256,
                    AsyncScheduling = false,
                    Offloading = new KvHierarchy { HostBlocks = 8, BlockBytes = 16_000, Remote = new KvHierarchyLevel(null, Slow, Slow), RemoteIsShared = shared },
                },
                StepTime = new FixedStepTime(),
            },
        ],
        Routing = new RoundRobin(),
    });

    private sealed class ListSource(RequestSpec[] requests) : IRequestSource
    {
        private int _next;

        public bool IsReactive => false;

        public long Count => requests.Length;

        public PrefixTree? Tree => null;

        public SimTime NextArrival => _next == requests.Length ? SimTime.Never : requests[_next].Arrival;

        public void Take(out RequestSpec request) => request = requests[_next++];

        public void Finished(int requestIndex, SimTime at)
        {
        }
    }
}
