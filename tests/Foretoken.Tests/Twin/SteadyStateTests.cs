using Foretoken.Engines.Replicas;
using Foretoken.Engines.SgLang;
using Foretoken.Engines.SgLang.Fast;
using Foretoken.Engines.Vllm;
using Foretoken.Engines.Vllm.Fast;
using Foretoken.Hardware.StepTime;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Xunit;

namespace Foretoken.Tests.Twin;

/// <summary>Bytes allocated per simulated step in steady state: none. Allocations are countable, so they are a test.</summary>
public sealed class SteadyStateTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Replica_OnceGrown_AllocatesNothingPerRequestOrStep(bool async)
    {
        var settings = new VllmSettings { NumGpuBlocks = 4_000, MaxModelLen = 32_768, MaxNumSeqs = 64, AsyncScheduling = async };
        Check(recorder => new FastVllmReplica(settings, new PolynomialStepTime(64_000), recorder, null));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(16, false)]
    public void SgLangReplica_OnceGrown_AllocatesNothingPerRequestOrStep(int pageSize, bool overlap)
    {
        var settings = new SgLangSettings
        {
            MaxTotalTokens = 64_000,
            MaxRunningRequests = 64,
            PageSize = pageSize,
            ScheduleConservativeness = 0.2,
            DisableOverlapSchedule = !overlap,
        };
        Check(recorder => new FastSgLangReplica(settings, new PolynomialStepTime(64_000), recorder, 1, null));
    }

    private static void Check(Func<ReplicaRecorder, IReplica> create)
    {
        var sink = new CountingEvents();
        var recorder = new ReplicaRecorder(0, new LogHistogram(), sink);
        var replica = create(recorder);
        var at = SimTime.Zero;
        var index = 0;
        void Traffic(int requests)
        {
            // The same overload each time, and drained after it: the second wave finds every buffer as large as it needs.
            var random = new RandomStream(11, StreamId.Test);
            for (var i = 0; i < requests; i++)
            {
                at += new SimDuration(random.NextInt(400_000_000));
                replica.AdvanceTo(at);
                replica.Submit(new RequestSpec { Index = index++, Arrival = at, InputTokens = 1 + random.NextInt(3000), OutputTokens = 1 + random.NextInt(400), Session = -1 }, at);
            }

            at += SimDuration.FromSeconds(10_000);
            replica.AdvanceTo(at);
            Invariant.That(replica.RequestsInFlight == 0);
        }

        // Twice: the first wave begins with an empty cache.
        Traffic(5_000);
        Traffic(5_000);
        var steps = recorder.Steps;
        var before = GC.GetAllocatedBytesForCurrentThread();
        Traffic(5_000);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(recorder.Steps - steps > 20_000, $"{recorder.Steps - steps} steps");
        Assert.True(recorder.Preemptions > 0, "the cache must be under pressure for the test to mean anything");
        Assert.Equal(0, allocated);
        Assert.Equal(15_000, sink.Count);
    }

    private sealed class CountingEvents : IReplicaEvents
    {
        public int Count { get; private set; }

        public void Ended(int worker, in RequestRecord record, SimTime at) => Count++;
    }
}
