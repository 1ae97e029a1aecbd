using BenchmarkDotNet.Attributes;
using Foretoken.Kernel.Events;
using Foretoken.Quantities;

namespace Foretoken.Benchmarks;

/// <summary>Hold model: take the earliest event, post one later. The BCL's queue stands beside ours.</summary>
public class EventQueueBenchmarks
{
    private const int Pairs = 10_000;
    private readonly EventQueue _queue = new();
    private readonly PriorityQueue<long, (long, ulong)> _library = new();
    private RandomStream _random = new(1, StreamId.Test);
    private ulong _posted;

    [Params(64, 1024, 16384)]
    public int Pending { get; set; }

    [GlobalSetup]
    public void Fill()
    {
        for (var i = 0; i < Pending; i++)
        {
            var time = _random.NextInt(1_000_000);
            _queue.Post(new SimTime(time), Phase.StepEnd, i);
            _library.Enqueue(i, (time, _posted++));
        }
    }

    [Benchmark(OperationsPerInvoke = Pairs)]
    public long Ours()
    {
        long sum = 0;
        for (var i = 0; i < Pairs; i++)
        {
            sum += _queue.Take(out var time, out _);
            _queue.Post(time + new SimDuration(1 + _random.NextInt(1_000_000)), Phase.StepEnd, i);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Pairs, Baseline = true)]
    public long Library()
    {
        long sum = 0;
        for (var i = 0; i < Pairs; i++)
        {
            _library.TryDequeue(out var payload, out var key);
            sum += payload;
            _library.Enqueue(i, (key.Item1 + 1 + _random.NextInt(1_000_000), _posted++));
        }

        return sum;
    }
}
