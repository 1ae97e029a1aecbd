using Foretoken.Engines.Replicas;
using Foretoken.Engines.Tiers;
using Foretoken.Fleet.Network;
using Foretoken.Fleet.Routing;
using Foretoken.Hardware.StepTime;
using Foretoken.Quantities;
using Foretoken.Tests.Engines.Differential;
using Foretoken.Twin;
using Foretoken.Twin.Disaggregation;
using Foretoken.Twin.Results;
using Xunit;

namespace Foretoken.Tests.Twin.Disaggregation;

/// <summary>vLLM with KV tiers of its own on both sides of a hand-off: plain engines only, the fast one covers no tiers.</summary>
public sealed class TiersWithHandOffTests
{
    [Fact]
    public void Runs_WithTiersOnBothSides_LoseNothingAndRepeat()
    {
        long hits = 0;
        var handOffs = 0;
        for (var number = 0; number < 120; number++)
        {
            var scenario = new RandomCase(number + 20_000);
            var random = new RandomStream((ulong)number, StreamId.Test, 6);
            if (!scenario.Settings.EnablePrefixCaching)
            {
                continue;
            }

            var link = new TierLink((long)Math.Pow(10, 5 + random.NextInt(4)), new SimDuration(random.NextInt(3) * 100_000L));
            var engine = scenario.Settings with
            {
                NumGpuBlocks = scenario.Settings.NumGpuBlocks + 10,
                Offloading = new KvHierarchy { HostBlocks = 5 + random.NextInt(200), BlockBytes = 1000L * scenario.Settings.BlockSize, ToHost = link, FromHost = link },
            };
            var layout = new KvLayout { BytesPerTokenPerRank = 1000, BlockTokens = engine.KvBlockTokens };
            var local = random.NextInt(3) == 0 ? new LocalPrefill { MostUncachedTokens = random.NextInt(30) } : null;
            RunResult Play() => TwinRun.Run(new RunPlan
            {
                Source = new RowSource(scenario.Trace),
                Pools =
                [
                    new PoolPlan { Name = "prefill", Role = PoolRole.Prefill, Replicas = 1 + number % 2, Engine = engine, StepTime = new FixedStepTime(3, 1) },
                    new PoolPlan { Name = "decode", Role = PoolRole.Decode, Replicas = 1 + number % 3, Engine = engine, StepTime = new FixedStepTime(3, 1) },
                ],
                Routing = RoutingPolicies.Create("round_robin")!,
                Disaggregation = new DisaggregationPlan
                {
                    Order = HandOffOrder.PrefillFirst,
                    Local = local,
                    DecodeRouting = RoutingPolicies.Create("least_requests")!,
                    Transfer = new KvTransfer { From = layout, To = layout, RankBytesPerSecond = 1e7, Latency = SimDuration.FromMilliseconds(0.5) },
                },
            });

            RunResult result;
            try
            {
                result = Play();
            }
            catch (InvariantException e)
            {
                throw new InvariantException($"case {number} {engine}: {e.Message}", e);
            }

            // Every request has its end, every byte that was sent came in, and nothing depends on the day.
            Assert.Equal(StopReason.Completed, result.StopReason);
            Assert.All(Enumerable.Range(0, result.Requests.Count), i => Assert.True(result.Requests.Outcome(i) is RequestOutcome.Completed or RequestOutcome.Truncated or RequestOutcome.Rejected, $"case {number}"));
            var sent = result.HandOffs!.Rows.Sum(r => r.Bytes);
            Assert.Equal(sent, result.HandOffs.Links.Where(l => l.Name.EndsWith("in", StringComparison.Ordinal)).Sum(l => l.Bytes));
            Assert.Equal(result.Fingerprint, Play().Fingerprint);
            handOffs += result.HandOffs.Rows.Count;
            hits += result.Replicas.Sum(r => r.Tiers?.Tier("host").HitTokens ?? 0);
        }

        Assert.True(handOffs > 300 && hits > 100, $"{handOffs} hand-offs, {hits} tokens from the host");
    }
}
