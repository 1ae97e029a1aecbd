using Foretoken.Engines.Replicas;
using Foretoken.Kernel.Statistics;
using Foretoken.Quantities;
using Foretoken.Twin;
using Foretoken.Twin.Results;

namespace Foretoken.Tests.Metrics;

/// <summary>Results for tests of the reports, made without an engine: a tiny one by hand and larger ones by a crude queueing model.</summary>
internal static class FakeRun
{
    private const long Millisecond = 1_000_000;

    /// <summary>
    /// Two replicas, six requests whose every number can be computed by hand (times in ms):
    /// <code>
    ///  i  arrival scheduled first second last  in  out cached outcome    worker
    ///  0        0         0   100    110  190 100  10      0  completed       0
    ///  1       50        60   250    270  430 200  10     50  completed       1
    ///  2      100       100   400      -  400 300   1    100  completed       0
    ///  3      150         -     -      -    - 900   0      0  rejected        1
    ///  4    60150     60150 60350  60400 60750 400   9    200  truncated       0
    ///  5    60200     60300     -      -    -  500   0      0  unfinished (stop) or aborted   1
    /// </code>
    /// </summary>
    public static RunResult Small(StopReason stop = StopReason.Completed)
    {
        var table = new RequestTable();
        var gaps = new LogHistogram();
        var lines = new[] { new OccupancyTimeline(), new OccupancyTimeline() };
        Row(0, 0, 0, 100, 110, 190, 100, 10, 0, RequestOutcome.Completed, 0);
        Row(1, 50, 60, 250, 270, 430, 200, 10, 50, RequestOutcome.Completed, 1);
        Row(2, 100, 100, 400, null, 400, 300, 1, 100, RequestOutcome.Completed, 0);
        Row(3, 150, null, null, null, null, 900, 0, 0, RequestOutcome.Rejected, 1);
        Row(4, 60150, 60150, 60350, 60400, 60750, 400, 9, 200, RequestOutcome.Truncated, 0);
        Row(5, 60200, 60300, null, null, null, 500, 0, 0, stop == StopReason.Completed ? RequestOutcome.Aborted : RequestOutcome.Unfinished, 1);

        gaps.Add(10 * Millisecond, 9);
        gaps.Add(20 * Millisecond, 9);
        gaps.Add(50 * Millisecond, 8);

        Occupy(lines[0], [(0, 1, 0, 4), (190, 1, 0, 6), (400, 0, 0, 0), (60150, 1, 0, 8), (60750, 0, 0, 0)]);
        Occupy(lines[1], [(50, 0, 1, 0), (60, 1, 0, 5), (430, 0, 0, 0), (60200, 0, 1, 0), (60300, 1, 0, 10), (60750, 0, 0, 0)]);
        return new RunResult
        {
            Requests = table,
            Replicas =
            [
                Replica(0, 3, lines[0], steps: 30, busyMs: 1000, prefill: 500, output: 20, preemptions: 2, kvPeak: 8, running: 1, waiting: 0),
                Replica(1, 3, lines[1], steps: 20, busyMs: 800, prefill: 650, output: 10, preemptions: 0, kvPeak: 10, running: 1, waiting: 1),
            ],
            Pools = [new PoolResult { Name = "replicas", Role = PoolRole.Aggregated, GpusPerReplica = 2, GpuHourPrice = 3 }],
            TokenGaps = gaps,
            End = At(60750),
            StopReason = stop,
            Fingerprint = 0x0123456789abcdef,
            EngineMode = "fast",
        };

        void Row(int i, long arrival, long? scheduled, long? first, long? second, long? last, int input, int output, int cached, RequestOutcome outcome, int worker)
        {
            table.Issue(i, At(arrival), input, worker);
            table.Finish(new RequestRecord
            {
                Index = i,
                Scheduled = At(scheduled),
                FirstToken = At(first),
                SecondToken = At(second),
                LastToken = At(last),
                OutputTokens = output,
                CachedTokens = cached,
                Preemptions = i == 4 ? 2 : 0,
                Outcome = outcome,
            });
        }
    }

    /// <summary>No request at all.</summary>
    public static RunResult Empty() => new()
    {
        Requests = new RequestTable(),
        Replicas = [Replica(0, 0, new OccupancyTimeline(), 0, 0, 0, 0, 0, 0, 0, 0)],
        TokenGaps = new LogHistogram(),
        End = SimTime.Zero,
        StopReason = StopReason.Completed,
        Fingerprint = 0,
        EngineMode = "plain",
    };

    /// <summary>
    /// A day's curve in small: load rises and falls twice over the run, requests come at random, each replica runs up to 48
    /// of them, a step costs 8 ms plus its load. Every number adds up as in a real run; the engine is not a real one.
    /// </summary>
    public static RunResult Traffic(int requests, int workers, double seconds, ulong seed = 1, double? stopAtSeconds = null, double meanOutput = 340, params string[] classes)
    {
        var arrivals = new RandomStream(seed, StreamId.Arrivals);
        var lengths = new RandomStream(seed, StreamId.InputLengths);
        var table = new RequestTable();
        var gaps = new LogHistogram();
        var stop = stopAtSeconds is { } s ? SimTime.FromSeconds(s).Nanoseconds : long.MaxValue;
        var replicas = new CrudeReplica[workers];
        for (var i = 0; i < workers; i++)
        {
            replicas[i] = new CrudeReplica(gaps);
        }

        double clock = 0;
        double totalWeight = 0;
        for (var i = 0; i < requests; i++)
        {
            totalWeight += 1 / Load((i + 0.5) / requests);
        }

        for (var i = 0; i < requests; i++)
        {
            clock += arrivals.NextExponential() * seconds / totalWeight / Load((double)i / requests);
            var at = SimTime.FromSeconds(clock).Nanoseconds;
            if (at >= stop)
            {
                break;
            }

            var worker = lengths.NextInt(3) == 0 ? lengths.NextInt(workers) : i % workers;
            var input = (int)Math.Min(60_000, 20 + DeterministicMath.Exp(8.2 + 1.1 * lengths.NextNormal()));
            var output = 1 + (int)(meanOutput * lengths.NextExponential());
            table.Issue(i, new SimTime(at), input, worker, classes.Length == 0 ? 0 : i % (classes.Length + 1));
            replicas[worker].Arrive(table, new Job(i, at, input, output, lengths.NextInt(3) == 0 ? input / 2 / 16 * 16 : 0));
        }

        var end = 0L;
        foreach (var replica in replicas)
        {
            end = Math.Max(end, replica.Drain(table, stop));
        }

        if (stopAtSeconds is not null)
        {
            end = stop;
        }

        foreach (var replica in replicas)
        {
            replica.Line.Hold(end);
            replica.Line.CoarsenTo(replicas.Max(r => r.Line.Width));
        }

        foreach (var replica in replicas)
        {
            replica.Line.CoarsenTo(replicas.Max(r => r.Line.Width));
        }

        return new RunResult
        {
            Requests = table,
            Classes = classes,
            Replicas = [.. replicas.Select((r, i) => r.Result(i))],
            Pools = [new PoolResult { Name = "replicas", Role = PoolRole.Aggregated, GpusPerReplica = 1 }],
            TokenGaps = gaps,
            End = new SimTime(end),
            StopReason = stopAtSeconds is null ? StopReason.Completed : StopReason.Interrupted,
            Fingerprint = 0x9e3779b97f4a7c15 ^ seed,
            EngineMode = "fast",
        };

        static double Load(double part) => 1 + 0.75 * DeterministicMath.SinTurns(2 * part - 0.2) + (part is > 0.62 and < 0.66 ? 2.2 : 0);
    }

    private static SimTime At(long? ms) => ms is { } value ? new SimTime(value * Millisecond) : SimTime.Never;

    private static void Occupy(OccupancyTimeline line, (long Ms, int Running, int Waiting, int Blocks)[] states)
    {
        foreach (var (ms, running, waiting, blocks) in states)
        {
            line.Set(ms * Millisecond, running, waiting, blocks);
        }

        line.CoarsenTo(160 * Millisecond);
    }

    private static ReplicaResult Replica(int worker, long requests, OccupancyTimeline line, long steps, long busyMs, long prefill, long output, long preemptions, int kvPeak, int running, int waiting) => new()
    {
        Worker = worker,
        Requests = requests,
        Steps = steps,
        BusyNanoseconds = busyMs * Millisecond,
        PrefillTokens = prefill,
        OutputTokens = output,
        Preemptions = preemptions,
        KvBlocks = 20,
        KvBlocksPeak = kvPeak,
        RunningPeak = running,
        WaitingPeak = waiting,
        Timeline = line,
    };

    private sealed class Job(int index, long arrival, int input, int output, int cached)
    {
        public readonly int Index = index;
        public readonly long Arrival = arrival;
        public readonly int Input = input;
        public readonly int Output = output;
        public readonly int Cached = cached;
        public long Scheduled = long.MaxValue;
        public long First = long.MaxValue;
        public long Second = long.MaxValue;
        public long Last = long.MaxValue;
        public int Done;
    }

    private sealed class CrudeReplica(LogHistogram gaps)
    {
        private const int BatchMax = 48;
        private const int BlocksMax = 16_384;

        private readonly Queue<Job> _waiting = new();
        private readonly List<Job> _running = [];
        private long _now;
        private long _steps;
        private long _busy;
        private long _prefill;
        private long _output;
        private long _requests;
        private int _blocksPeak;
        private int _runningPeak;
        private int _waitingPeak;

        public OccupancyTimeline Line { get; } = new();

        public void Arrive(RequestTable table, Job job)
        {
            Step(table, job.Arrival);
            _now = Math.Max(_now, job.Arrival);
            _requests++;
            _waiting.Enqueue(job);
            _waitingPeak = Math.Max(_waitingPeak, _waiting.Count);
            Tell(_now);
            Line.CountArrival();
        }

        public long Drain(RequestTable table, long until)
        {
            Step(table, until);
            foreach (var job in _running.Concat(_waiting).OrderBy(j => j.Index))
            {
                Finish(table, job, RequestOutcome.Unfinished);
            }

            return Line.Now;
        }

        public ReplicaResult Result(int worker) => new()
        {
            Worker = worker,
            Requests = _requests,
            Steps = _steps,
            BusyNanoseconds = _busy,
            PrefillTokens = _prefill,
            OutputTokens = _output,
            Preemptions = 0,
            KvBlocks = BlocksMax,
            KvBlocksPeak = _blocksPeak,
            RunningPeak = _runningPeak,
            WaitingPeak = _waitingPeak,
            Timeline = Line,
        };

        private void Step(RequestTable table, long until)
        {
            while (_running.Count + _waiting.Count > 0)
            {
                var fresh = 0;
                while (_waiting.Count > 0 && _running.Count < BatchMax && fresh < 8192)
                {
                    var job = _waiting.Dequeue();
                    job.Scheduled = _now;
                    fresh += job.Input - job.Cached;
                    _running.Add(job);
                }

                var took = 8_000_000 + 110_000L * _running.Count + 28_000L * fresh;
                if (_now + took > until)
                {
                    // Not lived through: put back what was only planned.
                    if (until == long.MaxValue || fresh == 0)
                    {
                        return;
                    }

                    var back = _running.Where(j => j.Scheduled == _now && j.Done == 0).ToList();
                    foreach (var job in back)
                    {
                        _running.Remove(job);
                        job.Scheduled = long.MaxValue;
                    }

                    var rest = _waiting.ToList();
                    _waiting.Clear();
                    foreach (var job in back.Concat(rest))
                    {
                        _waiting.Enqueue(job);
                    }

                    return;
                }

                _steps++;
                _busy += took;
                _prefill += fresh;
                _runningPeak = Math.Max(_runningPeak, _running.Count);
                Tell(_now);
                _now += took;
                Line.Hold(_now);
                Line.CountTokens(_running.Count);
                _output += _running.Count;
                for (var i = _running.Count - 1; i >= 0; i--)
                {
                    var job = _running[i];
                    job.Done++;
                    if (job.Done == 1)
                    {
                        job.First = _now;
                    }
                    else
                    {
                        gaps.Add(_now - job.Last);
                        job.Second = Math.Min(job.Second, _now);
                    }

                    job.Last = _now;
                    if (job.Done == job.Output)
                    {
                        _running.RemoveAt(i);
                        Finish(table, job, RequestOutcome.Completed);
                        Line.CountCompletion();
                    }
                }

                Tell(_now);
            }
        }

        private void Tell(long now)
        {
            var blocks = Math.Min(BlocksMax, _running.Sum(j => (j.Input + j.Done) / 16 + 1));
            _blocksPeak = Math.Max(_blocksPeak, blocks);
            Line.Set(Math.Max(now, Line.Now), _running.Count, _waiting.Count, blocks);
        }

        private static void Finish(RequestTable table, Job job, RequestOutcome outcome) => table.Finish(new RequestRecord
        {
            Index = job.Index,
            Scheduled = new SimTime(job.Scheduled),
            FirstToken = new SimTime(job.First),
            SecondToken = new SimTime(job.Second),
            LastToken = new SimTime(job.Last),
            OutputTokens = job.Done,
            CachedTokens = job.Scheduled == long.MaxValue ? 0 : job.Cached,
            Outcome = outcome,
        });
    }
}
