using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Xunit;

namespace Foretoken.Tests.Workloads.Requests;

/// <summary>Plays a source against a fleet in which every request takes a given time.</summary>
internal static class Players
{
    /// <summary>One request as it went through.</summary>
    public readonly record struct Played(RequestSpec Request, SimTime End);

    /// <summary>Everything that a source that reacts to nothing hands out.</summary>
    public static List<RequestSpec> Drain(IRequestSource source)
    {
        var all = new List<RequestSpec>();
        while (source.NextArrival != SimTime.Never)
        {
            var announced = source.NextArrival;
            source.Take(out var request);
            Assert.Equal(announced, request.Arrival);
            Assert.Equal(all.Count, request.Index);
            Assert.True(all.Count == 0 || all[^1].Arrival <= request.Arrival);
            all.Add(request);
        }

        return all;
    }

    /// <summary>Plays in time order; at equal times completions go before arrivals. Returns the requests in order of issue.</summary>
    public static List<Played> Play(IRequestSource source, Func<RequestSpec, SimDuration> serviceTime, Action<SimTime, int>? inFlight = null)
    {
        var all = new List<Played>();
        var running = new PriorityQueue<int, (long End, int Index)>();
        while (true)
        {
            var nextEnd = running.TryPeek(out _, out var first) ? new SimTime(first.End) : SimTime.Never;
            var next = SimTime.Min(nextEnd, source.NextArrival);
            if (next == SimTime.Never)
            {
                return all;
            }

            if (nextEnd <= source.NextArrival)
            {
                var index = running.Dequeue();
                inFlight?.Invoke(next, running.Count);
                if (source.IsReactive)
                {
                    source.Finished(index, next);
                }

                continue;
            }

            source.Take(out var request);
            Assert.Equal(next, request.Arrival);
            Assert.Equal(all.Count, request.Index);
            var end = next + serviceTime(request);
            all.Add(new(request, end));
            running.Enqueue(request.Index, (end.Nanoseconds, request.Index));
            inFlight?.Invoke(next, running.Count);
        }
    }
}
