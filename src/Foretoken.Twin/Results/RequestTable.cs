using Foretoken.Engines.Replicas;
using Foretoken.Quantities;

namespace Foretoken.Twin.Results;

/// <summary>
/// What became of each request, in columns that grow in chunks (57 bytes a request, 61 where requests have classes). Rows are in order of issue. Times that
/// never came are <see cref="SimTime.Never"/>.
/// </summary>
public sealed class RequestTable
{
    private const int ChunkBits = 13;
    private const int ChunkSize = 1 << ChunkBits;
    private const int ChunkMask = ChunkSize - 1;

    private readonly List<Chunk> _chunks = [];

    // Only of requests that waited at the router: few have one.
    private readonly Dictionary<int, SimTime> _held = [];

    // Only of requests that the router refused or gave up.
    private readonly Dictionary<int, SimTime> _shed = [];

    /// <summary>Rows in the table.</summary>
    public int Count { get; private set; }

    /// <summary>When the client sent it.</summary>
    public SimTime Arrival(int i) => new(_chunks[i >> ChunkBits].Arrival[i & ChunkMask]);

    /// <summary>When the router gave it to a replica: at its arrival, unless the router held it back. <see cref="SimTime.Never"/> when it never did.</summary>
    public SimTime Dispatch(int i) => Worker(i) < 0 ? SimTime.Never : _held.TryGetValue(i, out var at) ? at : Arrival(i);

    /// <summary>The requests that waited at the router and went to a replica, in no order, with when each went.</summary>
    public IReadOnlyDictionary<int, SimTime> Held => _held;

    /// <summary>The requests that the router refused or gave up, in no order, with when it did.</summary>
    public IReadOnlyDictionary<int, SimTime> Shed => _shed;

    /// <summary>When its first step was planned.</summary>
    public SimTime Scheduled(int i) => new(_chunks[i >> ChunkBits].Scheduled[i & ChunkMask]);

    /// <summary>When its first token came.</summary>
    public SimTime FirstToken(int i) => new(_chunks[i >> ChunkBits].First[i & ChunkMask]);

    /// <summary>When its second token came.</summary>
    public SimTime SecondToken(int i) => new(_chunks[i >> ChunkBits].Second[i & ChunkMask]);

    /// <summary>When its last token came.</summary>
    public SimTime LastToken(int i) => new(_chunks[i >> ChunkBits].Last[i & ChunkMask]);

    /// <summary>Prompt tokens.</summary>
    public int InputTokens(int i) => _chunks[i >> ChunkBits].Input[i & ChunkMask];

    /// <summary>Tokens generated.</summary>
    public int OutputTokens(int i) => _chunks[i >> ChunkBits].Output[i & ChunkMask];

    /// <summary>Prompt tokens found in the prefix cache at its first admission.</summary>
    public int CachedTokens(int i) => _chunks[i >> ChunkBits].Cached[i & ChunkMask];

    /// <summary>Replica that served it; -1 when none did.</summary>
    public int Worker(int i) => _chunks[i >> ChunkBits].Worker[i & ChunkMask] - 1;

    /// <summary>Its workload class: the place in <see cref="RunResult.Classes"/> from 1; 0 for none.</summary>
    public int Class(int i) => _chunks[i >> ChunkBits].Class is { } classes ? classes[i & ChunkMask] : 0;

    /// <summary>Times it was preempted.</summary>
    public int Preemptions(int i) => _chunks[i >> ChunkBits].Preemptions[i & ChunkMask];

    /// <summary>How it ended.</summary>
    public RequestOutcome Outcome(int i) => _chunks[i >> ChunkBits].Outcome[i & ChunkMask];

    /// <summary>Adds the next request, still without outcome.</summary>
    public void Issue(int index, SimTime arrival, int inputTokens, int worker, int workloadClass = 0)
    {
        Invariant.That(index == Count);
        if ((index & ChunkMask) == 0)
        {
            _chunks.Add(new Chunk());
        }

        Invariant.That(worker < ushort.MaxValue);
        var chunk = _chunks[index >> ChunkBits];
        var row = index & ChunkMask;
        chunk.Arrival[row] = arrival.Nanoseconds;
        chunk.Scheduled[row] = long.MaxValue;
        chunk.First[row] = long.MaxValue;
        chunk.Second[row] = long.MaxValue;
        chunk.Last[row] = long.MaxValue;
        chunk.Input[row] = inputTokens;
        chunk.Worker[row] = (ushort)(worker + 1);
        if (workloadClass != 0)
        {
            (chunk.Class ??= new int[ChunkSize])[row] = workloadClass;
        }

        Count++;
    }

    /// <summary>A request that was issued without a replica gets one.</summary>
    public void Dispatch(int index, int worker, SimTime at)
    {
        var chunk = _chunks[index >> ChunkBits];
        Invariant.That(chunk.Worker[index & ChunkMask] == 0 && worker < ushort.MaxValue);
        chunk.Worker[index & ChunkMask] = (ushort)(worker + 1);
        if (at != Arrival(index))
        {
            _held.Add(index, at);
        }
    }

    /// <summary>The router refuses a request or gives it up.</summary>
    public void NoteShed(int index, SimTime at) => _shed.Add(index, at);

    /// <summary>Another replica serves it from now on.</summary>
    public void Move(int index, int worker)
    {
        Invariant.That(worker is >= 0 and < ushort.MaxValue);
        _chunks[index >> ChunkBits].Worker[index & ChunkMask] = (ushort)(worker + 1);
    }

    /// <summary>Enters a request's outcome. Exactly once per request.</summary>
    public void Finish(in RequestRecord record)
    {
        var chunk = _chunks[record.Index >> ChunkBits];
        var row = record.Index & ChunkMask;
        Invariant.That(chunk.Outcome[row] == RequestOutcome.None);
        Invariant.That(record.Outcome != RequestOutcome.None);
        Invariant.That(record.Preemptions <= ushort.MaxValue);
        chunk.Scheduled[row] = record.Scheduled.Nanoseconds;
        chunk.First[row] = record.FirstToken.Nanoseconds;
        chunk.Second[row] = record.SecondToken.Nanoseconds;
        chunk.Last[row] = record.LastToken.Nanoseconds;
        chunk.Output[row] = record.OutputTokens;
        chunk.Cached[row] = record.CachedTokens;
        chunk.Preemptions[row] = (ushort)record.Preemptions;
        chunk.Outcome[row] = record.Outcome;
    }

    private sealed class Chunk
    {
        public readonly long[] Arrival = new long[ChunkSize];
        public readonly long[] Scheduled = new long[ChunkSize];
        public readonly long[] First = new long[ChunkSize];
        public readonly long[] Second = new long[ChunkSize];
        public readonly long[] Last = new long[ChunkSize];
        public readonly int[] Input = new int[ChunkSize];
        public readonly int[] Output = new int[ChunkSize];
        public readonly int[] Cached = new int[ChunkSize];
        public readonly ushort[] Worker = new ushort[ChunkSize];
        public readonly ushort[] Preemptions = new ushort[ChunkSize];
        public readonly RequestOutcome[] Outcome = new RequestOutcome[ChunkSize];

        // Most workloads have no classes.
        public int[]? Class;
    }
}
