using Foretoken.Engines.Content;
using Foretoken.Engines.Schedules;
using Foretoken.Engines.Vllm.Plain;

namespace Foretoken.Engines.Vllm.Schedules;

/// <summary>
/// Plays a recorded scenario with the plain engine, in the manner of the driver that recorded it, and
/// compares every field of every step.
/// </summary>
public sealed class ScheduleReplay
{
    private readonly TracedScenario _scenario;
    private readonly VllmScheduler _scheduler;
    private readonly Dictionary<string, EngineRequest> _requests = [];
    private readonly Queue<StepPlan> _inFlight = [];
    private readonly List<string> _ended = [];
    private readonly int _depth;
    private int _draftOutputs;

    private ScheduleReplay(TracedScenario scenario)
    {
        _scenario = scenario;
        _scheduler = new VllmScheduler(scenario.Settings);
        _depth = scenario.Settings.AsyncScheduling ? 2 : 1;
    }

    /// <summary>The first difference between the recording and the plain engine; null when all steps are equal.</summary>
    public static ScheduleDifference? FirstDifference(TracedScenario scenario)
    {
        var replay = new ScheduleReplay(scenario);
        for (var i = 0; i < scenario.Steps.Count; i++)
        {
            if (StepComparison.FirstDifference(scenario.Steps[i], replay.Step(i)) is { } difference)
            {
                return difference;
            }
        }

        return replay.Idle || scenario.Steps.Count >= scenario.MaxSteps
            ? null
            : new ScheduleDifference(scenario.Steps.Count, "trace", "the end", "work left");
    }

    /// <summary>Plays a scenario for as many steps as it takes (at most its limit) and returns what the plain engine decided.</summary>
    public static IReadOnlyList<TracedStep> Record(TracedScenario scenario) => Record(scenario, null);

    /// <summary>As <see cref="Record(TracedScenario)"/>; <paramref name="inspect"/> looks at the engine after every step.</summary>
    internal static IReadOnlyList<TracedStep> Record(TracedScenario scenario, Action<VllmScheduler, IReadOnlyDictionary<string, EngineRequest>>? inspect)
    {
        var replay = new ScheduleReplay(scenario);
        var steps = new List<TracedStep>();
        while (!replay.Idle && steps.Count < scenario.MaxSteps)
        {
            steps.Add(replay.Step(steps.Count));
            inspect?.Invoke(replay._scheduler, replay._requests);
        }

        return steps;
    }

    // The recording goes on until every request has ended and no result is outstanding.
    private bool Idle => _ended.Count == _scenario.Requests.Count && _inFlight.All(plan => plan.Count == 0);

    private TracedStep Step(int number)
    {
        Submit(number);
        Abort(number);

        var plan = new StepPlan();
        _scheduler.Schedule(plan);
        _inFlight.Enqueue(plan);
        var running = _scheduler.Running.Select(Name).ToArray();
        var waiting = _scheduler.Waiting.Select(Name).ToArray();
        var free = _scheduler.Cache.Pool.Free;
        var scheduled = plan.Requests.ToArray();
        var blocks = scheduled.Select(Tables).ToArray();

        // Async: a result is applied one step later, or at once when there was nothing to schedule.
        var output = _inFlight.Count >= _depth || plan.Count == 0 ? Apply(_inFlight.Dequeue()) : null;
        return new TracedStep
        {
            Step = number,
            Scheduled = scheduled.Select(p => new TracedCount(Name(p.Request), p.Tokens)).ToArray(),
            ComputedBefore = scheduled.Select(p => new TracedCount(Name(p.Request), p.ComputedBefore)).ToArray(),
            Drafts = scheduled.Where(p => p.Drafts > 0).Select(p => new TracedCount(Name(p.Request), p.Drafts)).ToArray(),
            Preempted = Sorted(plan.Preempted.Select(Name)),
            Running = running,
            Waiting = waiting,
            FreeBlocks = free,
            Blocks = blocks,
            FinishedDelivered = Sorted(plan.FinishedBefore.Select(Name)),
            Output = output,
            FinishedNow = Sorted(_ended),
            FreeAfter = _scheduler.Cache.Pool.Free,
        };
    }

    private void Submit(int step)
    {
        for (var i = 0; i < _scenario.Requests.Count; i++)
        {
            var traced = _scenario.Requests[i];
            if (traced.Step > step || _requests.ContainsKey(traced.Id))
            {
                continue;
            }

            var request = new ReplayedRequest(traced, Rank(traced), _scheduler, _scenario.Settings)
            {
                Priority = traced.Priority,
                Arrival = ArrivalRank(traced),
            };
            _requests.Add(traced.Id, request);
            _scheduler.Add(request);
        }
    }

    private void Abort(int step)
    {
        foreach (var abort in _scenario.Aborts)
        {
            if (abort.Step == step && _requests.TryGetValue(abort.Id, out var request) && request.Status != RequestStatus.Finished)
            {
                _scheduler.Abort(request);
                _ended.Add(abort.Id);
            }
        }
    }

    private List<TracedCount> Apply(StepPlan plan)
    {
        var output = new List<TracedCount>();
        foreach (ref var planned in plan.Requests)
        {
            planned.Generated = planned.Emits ? 1 : 0;
            if (planned.Emits && planned.Drafts > 0)
            {
                planned.Generated += Math.Min(planned.Drafts, _scenario.Accept[_draftOutputs++ % _scenario.Accept.Count]);
            }
        }

        _scheduler.Update(plan);
        foreach (var planned in plan.Requests)
        {
            // Tokens past a request's end are cut off; the output of a request that had ended before is not looked at.
            output.Add(new TracedCount(Name(planned.Request), planned.Delivered > 0 ? planned.Delivered : planned.Generated));
            if (planned.Finished)
            {
                _ended.Add(Name(planned.Request));
            }
        }

        return output;
    }

    // Ties of the priority policy are broken by arrival time, then by name.
    private int Rank(TracedRequest request) => _scenario.Requests.Count(other => string.CompareOrdinal(other.Id, request.Id) < 0);

    private long ArrivalRank(TracedRequest request) => _scenario.Requests.Count(other => other.Arrival < request.Arrival);

    private static string Name(EngineRequest request) => ((ReplayedRequest)request).Id;

    private static TracedBlocks Tables(PlannedRequest planned) => new(
        Name(planned.Request),
        planned.Request.Tables.Select(table => (IReadOnlyList<int>)table.Blocks.Select(block => block.Id).ToArray()).ToArray());

    private static string[] Sorted(IEnumerable<string> names) => names.Order(StringComparer.Ordinal).ToArray();

    private sealed class ReplayedRequest(TracedRequest traced, int rank, VllmScheduler scheduler, VllmSettings settings)
        : EngineRequest(
            rank,
            traced.Prompt.Count,
            traced.MaxTokens,
            new TokenKeys(scheduler.Contents, traced.Prompt, settings.BlockSize),
            settings.KvCacheGroups.Count)
    {
        public string Id { get; } = traced.Id;
    }
}
