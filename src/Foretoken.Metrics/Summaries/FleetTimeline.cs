using Foretoken.Engines.Tiers;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;
using Foretoken.Twin;
using Foretoken.Twin.Results;

namespace Foretoken.Metrics.Summaries;

/// <summary>What the whole fleet held over time, in equal bins from the start of the run.</summary>
public sealed record FleetTimeline
{
    /// <summary>Width of a bin, nanoseconds.</summary>
    public required long WidthNanoseconds { get; init; }

    /// <summary>Requests that arrived, per bin.</summary>
    public required IReadOnlyList<long> Arrivals { get; init; }

    /// <summary>Requests that ended, per bin.</summary>
    public required IReadOnlyList<long> Completions { get; init; }

    /// <summary>Tokens generated, per bin.</summary>
    public required IReadOnlyList<long> OutputTokens { get; init; }

    /// <summary>Requests running, all replicas together, averaged over the bin.</summary>
    public required IReadOnlyList<double> Running { get; init; }

    /// <summary>Requests waiting, all replicas together, averaged over the bin.</summary>
    public required IReadOnlyList<double> Waiting { get; init; }

    /// <summary>Share of the fleet's usable KV blocks held by running requests, averaged over the bin.</summary>
    public required IReadOnlyList<double> KvUsage { get; init; }

    /// <summary>Replicas that served, averaged over the bin.</summary>
    public required IReadOnlyList<double> Replicas { get; init; }

    /// <summary>Replicas that held GPUs: those that served, those that loaded and those that drained.</summary>
    public required IReadOnlyList<double> ReplicasHeld { get; init; }

    /// <summary>Requests that the router held back, averaged over the bin; null where it held none.</summary>
    public IReadOnlyList<double>? Held { get; init; }

    /// <summary>Requests that the router refused or gave up, per bin; null where it did not.</summary>
    public IReadOnlyList<long>? Shed { get; init; }

    /// <summary>What happened to KV outside the GPU, per kind and bin, all replicas together; null where no engine keeps any there.</summary>
    public IReadOnlyDictionary<TierEvent, long[]>? Tiers { get; init; }

    /// <summary>
    /// Adds up the replicas, in bins at least as wide as <paramref name="atLeast"/>. The last bin is averaged over the part
    /// of it that the run reached.
    /// </summary>
    internal static FleetTimeline Of(RunResult result, long atLeast = 0)
    {
        var (replicas, end) = (result.Replicas, result.End.Nanoseconds);
        long width = 1;
        long kvBlocks = 0;
        foreach (var replica in replicas)
        {
            width = Math.Max(width, replica.Timeline.Width);
            kvBlocks += replica.KvBlocks;
        }

        // A fleet that was idle to the end may know only its first bins.
        while (width < atLeast || end / width >= OccupancyTimeline.BinsMax)
        {
            width *= 2;
        }

        // A moment on an edge belongs to the earlier bin, as in the timeline.
        var bins = end == 0 ? 1 : (int)((end - 1) / width) + 1;
        foreach (var replica in replicas)
        {
            var ratio = (int)(width / replica.Timeline.Width);
            bins = Math.Max(bins, (replica.Timeline.Bins - 1) / ratio + 1);
        }

        var arrivals = new long[bins];
        var completions = new long[bins];
        var tokens = new long[bins];
        var running = new double[bins];
        var waiting = new double[bins];
        var blocks = new double[bins];
        var serving = new double[bins];
        var held = new double[bins];
        foreach (var replica in replicas)
        {
            var line = replica.Timeline;
            var ratio = (int)(width / line.Width);
            Invariant.That(ratio * line.Width == width);

            // A request that is handed over passes a prefill replica, too, and counts once.
            var counts = replica.Pool >= result.Pools.Count || result.Pools[replica.Pool].Role != PoolRole.Prefill;
            for (var i = 0; i < line.Bins; i++)
            {
                var bin = i / ratio;
                arrivals[bin] += counts ? line.Arrivals[i] : 0;
                completions[bin] += counts ? line.Completions[i] : 0;
                tokens[bin] += line.Tokens[i];
                running[bin] += line.Running[i];
                waiting[bin] += line.Waiting[i];
            }

            AddBlocks(line, ratio, blocks);
            var life = replica.Life;
            AddSpan(serving, width, life?.Served.Nanoseconds ?? 0, Math.Min(end, SimTime.Min(life?.Drained ?? SimTime.Never, life?.Gone ?? SimTime.Never).Nanoseconds));
            AddSpan(held, width, life?.Started.Nanoseconds ?? 0, Math.Min(end, (life?.Gone ?? SimTime.Never).Nanoseconds));
        }

        for (var bin = 0; bin < bins; bin++)
        {
            var span = Math.Min(width, end - bin * width);
            running[bin] = span <= 0 ? 0 : running[bin] / span;
            waiting[bin] = span <= 0 ? 0 : waiting[bin] / span;
            serving[bin] = span <= 0 ? 0 : serving[bin] / span;
            held[bin] = span <= 0 ? 0 : held[bin] / span;
            blocks[bin] = span <= 0 || kvBlocks == 0 ? 0 : blocks[bin] / span / kvBlocks;
        }

        return new FleetTimeline
        {
            WidthNanoseconds = width,
            Arrivals = arrivals,
            Completions = completions,
            OutputTokens = tokens,
            Running = running,
            Waiting = waiting,
            KvUsage = blocks,
            Replicas = serving,
            ReplicasHeld = held,
            Held = HeldOf(result, width, bins, end),
            Shed = ShedOf(result, width, bins),
            Tiers = AddTiers(replicas, width, bins),
        };
    }

    // Who was refused at once did not wait.
    private static double[]? HeldOf(RunResult result, long width, int bins, long end)
    {
        var requests = result.Requests;
        if (requests.Held.Count == 0 && requests.Shed.All(s => s.Value == requests.Arrival(s.Key)))
        {
            return null;
        }

        var held = new double[bins];
        foreach (var (request, until) in requests.Held.Concat(requests.Shed))
        {
            AddSpan(held, width, requests.Arrival(request).Nanoseconds, Math.Min(end, until.Nanoseconds));
        }

        for (var bin = 0; bin < bins; bin++)
        {
            var span = Math.Min(width, end - bin * width);
            held[bin] = span <= 0 ? 0 : held[bin] / span;
        }

        return held;
    }

    private static long[]? ShedOf(RunResult result, long width, int bins)
    {
        if (result.Requests.Shed.Count == 0)
        {
            return null;
        }

        var shed = new long[bins];
        foreach (var at in result.Requests.Shed.Values)
        {
            // A moment on an edge belongs to the earlier bin, as in the timeline.
            shed[Math.Clamp((int)((at.Nanoseconds - 1) / width), 0, bins - 1)]++;
        }

        return shed;
    }

    private static void AddSpan(double[] to, long width, long from, long until)
    {
        for (var at = from; at < until;)
        {
            var bin = (int)(at / width);
            var next = Math.Min(until, (bin + 1L) * width);
            to[bin] += next - at;
            at = next;
        }
    }

    private static Dictionary<TierEvent, long[]>? AddTiers(IReadOnlyList<ReplicaResult> replicas, long width, int bins)
    {
        if (replicas.All(replica => replica.Tiers is null))
        {
            return null;
        }

        var series = Enum.GetValues<TierEvent>().ToDictionary(kind => kind, _ => new long[bins]);
        foreach (var line in replicas.Select(replica => replica.Tiers?.Timeline).OfType<TierTimeline>())
        {
            foreach (var (kind, sums) in series)
            {
                for (var i = 0; i < line.Bins; i++)
                {
                    // Copies may outlast the run.
                    sums[Math.Min(bins - 1, (int)(i * line.Width / width))] += line[kind, i];
                }
            }
        }

        return series;
    }

    // Methods with 128-bit numbers cannot be compiled ahead: they stand alone, so that starting costs little.

    /// <summary>Block-nanoseconds held over the whole run.</summary>
    internal static double BlockNanoseconds(OccupancyTimeline line)
    {
        double sum = 0;
        foreach (var blocks in line.Blocks)
        {
            sum += (double)blocks;
        }

        return sum;
    }

    private static void AddBlocks(OccupancyTimeline line, int ratio, double[] to)
    {
        var blocks = line.Blocks;
        for (var i = 0; i < blocks.Length; i++)
        {
            to[i / ratio] += (double)blocks[i];
        }
    }
}
