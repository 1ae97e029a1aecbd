using Foretoken.Quantities;
using Foretoken.Twin;
using Foretoken.Twin.Results;

namespace Foretoken.Metrics.Summaries;

/// <summary>What a pool of equal replicas took and gave, over the whole run.</summary>
public sealed record PoolSummary
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What its replicas are for.</summary>
    public required PoolRole Role { get; init; }

    /// <summary>Replicas that there ever were.</summary>
    public required int Replicas { get; init; }

    /// <summary>GPUs of one of them.</summary>
    public required int GpusPerReplica { get; init; }

    /// <summary>Nanoseconds that its GPUs were held from the first arrival to the end of the run, all together, loading and draining included: whole numbers, so that fleets of as many GPUs are equal to the last digit.</summary>
    public required Int128 HeldGpuNanoseconds { get; init; }

    /// <summary><see cref="HeldGpuNanoseconds"/> in hours.</summary>
    public double GpuHours => (double)HeldGpuNanoseconds / 3.6e12;

    /// <summary>Price of a GPU for an hour, US dollars; null when it is not known.</summary>
    public required double? PricePerGpuHour { get; init; }

    /// <summary>Hours that its GPUs spent in forward passes.</summary>
    public required double BusyGpuHours { get; init; }

    /// <summary>Board power limit of one GPU, watts; null when it is not known.</summary>
    public required double? GpuPowerW { get; init; }

    /// <summary>Energy of its GPUs in forward passes at most, kWh; null when their power is not known.</summary>
    public double? Energy => BusyGpuHours * GpuPowerW / 1000;

    /// <summary>Prompt tokens computed.</summary>
    public required long PrefillTokens { get; init; }

    /// <summary>Tokens generated.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>GPU-hours times price; null when the price is not known.</summary>
    public double? Cost => GpuHours * PricePerGpuHour;

    /// <summary>The pools of a result, in order.</summary>
    internal static PoolSummary[] Of(RunResult result, long firstArrival)
    {
        var pools = new PoolSummary[result.Pools.Count];
        for (var i = 0; i < pools.Length; i++)
        {
            var (replicas, prefill, output) = (0, 0L, 0L);
            Int128 held = 0;
            double busy = 0;
            foreach (var replica in result.Replicas)
            {
                if (replica.Pool == i)
                {
                    replicas++;
                    prefill += replica.PrefillTokens;
                    output += replica.OutputTokens;
                    busy += replica.BusyNanoseconds / 1e9;
                    held += Held(replica.Life, firstArrival, result.End);
                }
            }

            var pool = result.Pools[i];
            pools[i] = new PoolSummary
            {
                Name = pool.Name,
                Role = pool.Role,
                Replicas = replicas,
                GpusPerReplica = pool.GpusPerReplica,
                HeldGpuNanoseconds = held * pool.GpusPerReplica,
                BusyGpuHours = busy / 3600 * pool.GpusPerReplica,
                GpuPowerW = pool.GpuPowerW,
                PricePerGpuHour = pool.GpuHourPrice,
                PrefillTokens = prefill,
                OutputTokens = output,
            };
        }

        return pools;
    }

    // Nanoseconds from when a replica's GPUs were its own until they were free again, as far as the run goes.
    private static long Held(ReplicaLife? life, long firstArrival, SimTime end)
    {
        var from = Math.Max(firstArrival, life?.Started.Nanoseconds ?? 0);
        var to = SimTime.Min(end, life?.Gone ?? SimTime.Never).Nanoseconds;
        return Math.Max(0, to - from);
    }
}
