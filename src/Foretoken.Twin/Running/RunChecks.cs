using Foretoken.Engines.Replicas;
using Foretoken.Quantities;
using Foretoken.Twin.Results;

namespace Foretoken.Twin.Running;

/// <summary>What must hold in every run, checked in every run.</summary>
internal static class RunChecks
{
    /// <summary>
    /// Conservation: each request has one outcome, tokens add up. Causality: times are in order. Little's law, which for a
    /// finished run is an identity in whole nanoseconds: the integral of requests in the system is the sum of their stays.
    /// </summary>
    public static void Verify(RunResult result, RunPlan plan)
    {
        var requests = result.Requests;
        long tokens = 0;
        long gaps = 0;
        Int128 stays = 0;
        for (var i = 0; i < requests.Count; i++)
        {
            var outcome = requests.Outcome(i);
            Invariant.That(outcome != RequestOutcome.None);
            var output = requests.OutputTokens(i);
            tokens += output;
            var pool = plan.Pools[requests.Worker(i) < 0 ? 0 : result.Replicas[requests.Worker(i)].Pool];
            gaps += (Math.Max(0, output - 1L) + pool.Engine.StreamInterval - 1) / pool.Engine.StreamInterval;
            if (output > 0)
            {
                Invariant.That(requests.Arrival(i) <= requests.Dispatch(i) && requests.Dispatch(i) <= requests.Scheduled(i));
                Invariant.That(requests.Scheduled(i) < requests.FirstToken(i));
                Invariant.That(requests.FirstToken(i) <= requests.LastToken(i));
                Invariant.That((output > 1) == (requests.SecondToken(i) != SimTime.Never));

                // The replica's part of the stay: less what the front end spends before and after.
                var outside = pool.Frontend.Inbound(requests.InputTokens(i)).Nanoseconds + pool.Frontend.Response.Nanoseconds;
                stays += (requests.LastToken(i) - requests.Dispatch(i)).Nanoseconds - outside;
            }
        }

        Int128 present = 0;
        long delivered = 0;
        foreach (var replica in result.Replicas)
        {
            delivered += replica.OutputTokens;
            Invariant.That(replica.KvBlocksPeak <= replica.KvBlocks);
            foreach (var running in replica.Timeline.Running)
            {
                present += running;
            }

            foreach (var waiting in replica.Timeline.Waiting)
            {
                present += waiting;
            }
        }

        // A prefill replica samples a token that the decode side tells or samples again.
        Invariant.That(delivered == tokens + (result.HandOffs?.Prefills ?? 0));
        Invariant.That(result.TokenGaps.Count == gaps);
        if (result.StopReason == StopReason.Completed && result.HandOffs is null)
        {
            Invariant.That(present == stays);
        }
    }
}
