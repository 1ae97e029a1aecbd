using Foretoken.Engines.Content;
using Foretoken.Engines.Schedules;
using Foretoken.Engines.SgLang.Plain;

namespace Foretoken.Engines.SgLang.Schedules;

/// <summary>
/// Plays a recorded scenario with the plain engine, in the manner of the driver that recorded it, and
/// compares every field of every step.
/// </summary>
public sealed class SgLangScheduleReplay
{
    private readonly SgLangTracedScenario _scenario;
    private readonly SgLangScheduler _scheduler;
    private readonly List<ReplayedRequest> _requests = [];
    private readonly List<SgLangRequest> _emitted = [];
    private readonly HashSet<int> _submitted = [];
    private PlannedBatch? _inFlight;
    private bool _ranNothing;

    private SgLangScheduleReplay(SgLangTracedScenario scenario)
    {
        _scenario = scenario;
        _scheduler = new SgLangScheduler(scenario.Settings);
    }

    /// <summary>The first difference between the recording and the plain engine; null when all steps are equal.</summary>
    public static ScheduleDifference? FirstDifference(SgLangTracedScenario scenario)
    {
        var replay = new SgLangScheduleReplay(scenario);
        for (var i = 0; i < scenario.Steps.Count; i++)
        {
            try
            {
                if (SgLangStepComparison.FirstDifference(scenario.Steps[i], replay.Step(i)) is { } difference)
                {
                    return difference;
                }
            }
            catch (SgLangOutOfMemoryException e)
            {
                return new ScheduleDifference(i, "trace", "a step", e.Message);
            }
        }

        return replay.Ended || scenario.Steps.Count >= scenario.MaxSteps
            ? null
            : new ScheduleDifference(scenario.Steps.Count, "trace", "the end", "work left");
    }

    /// <summary>Plays a scenario for as many steps as it takes (at most its limit) and returns what the plain engine decided.</summary>
    public static IReadOnlyList<SgLangTracedStep> Record(SgLangTracedScenario scenario) => Record(scenario, null);

    /// <summary>As <see cref="Record(SgLangTracedScenario)"/>; <paramref name="inspect"/> looks at the engine after every step.</summary>
    internal static IReadOnlyList<SgLangTracedStep> Record(SgLangTracedScenario scenario, Action<SgLangScheduler, PlannedBatch?>? inspect)
    {
        var replay = new SgLangScheduleReplay(scenario);
        var steps = new List<SgLangTracedStep>();
        while (!replay.Ended && steps.Count < scenario.MaxSteps)
        {
            steps.Add(replay.Step(steps.Count));
            inspect?.Invoke(replay._scheduler, replay._inFlight);
        }

        return steps;
    }

    // The recording goes on until a step with nothing to run, all requests having ended.
    private bool Ended => _ranNothing && _requests.Count == _scenario.Requests.Count && _requests.TrueForAll(request => request.Finished);

    private SgLangTracedStep Step(int number)
    {
        Submit(number);
        var batch = _scheduler.NextBatch();
        _ranNothing = batch is null;
        var kv = _scheduler.Kv;
        var step = new SgLangTracedStep
        {
            Step = number,
            Mode = batch?.Mode.ToString().ToUpperInvariant(),
            Requests = batch is null ? [] : batch.Entries.Select(entry => Name(entry.Request)).ToArray(),
            Extends = batch is null || batch.Mode == BatchMode.Decode
                ? []
                : batch.Entries.Select(Extend).ToArray(),
            Chunked = _scheduler.Chunked is { } chunked ? Name(chunked) : null,
            Retracted = _scheduler.Retracted.Select(Name).ToArray(),
            Running = _scheduler.Running.Select(Name).ToArray(),
            Waiting = _scheduler.Waiting.Select(Name).ToArray(),
            Full = _scheduler.BatchIsFull,
            Ratio = _scheduler.Ratio,
            Available = kv.Pool.FreeTokens,
            Evictable = kv.Tree.EvictableTokens,
            Protected = kv.Tree.ProtectedTokens,
            Output = null,
            Finished = [],
            AvailableAfter = 0,
            EvictableAfter = 0,
        };

        var output = Process(batch);
        return step with
        {
            Output = output,
            Finished = _requests.Where(request => request.Finished).Select(Name).Order(StringComparer.Ordinal).ToArray(),
            AvailableAfter = kv.Pool.FreeTokens,
            EvictableAfter = kv.Tree.EvictableTokens,
        };
    }

    private void Submit(int step)
    {
        for (var i = 0; i < _scenario.Requests.Count; i++)
        {
            if (_scenario.Requests[i].Step <= step && _submitted.Add(i))
            {
                var request = new ReplayedRequest(_scenario.Requests[i], _scheduler.Contents, _scenario.Settings.PageSize);
                _requests.Add(request);
                _scheduler.Add(request);
            }
        }
    }

    // Without overlap a batch's result is processed at once, with it one step later (2.2).
    private string[]? Process(PlannedBatch? batch)
    {
        var due = _scenario.Settings.DisableOverlapSchedule ? batch : _inFlight;
        _inFlight = _scenario.Settings.DisableOverlapSchedule ? null : batch;
        if (due is not null)
        {
            _emitted.Clear();
            _scheduler.Process(due, _emitted);
            return _emitted.Select(Name).ToArray();
        }

        if (batch is null)
        {
            _scheduler.NoteIdle();
        }

        return null;
    }

    // For a guest of a mixed batch the recording shows its last known token, which under overlap is not the one being computed.
    private static SgLangTracedExtend Extend(BatchEntry entry) => entry.Decodes
        ? new SgLangTracedExtend(Name(entry.Request), entry.Request.Tokens - 1, entry.Request.Tokens)
        : new SgLangTracedExtend(Name(entry.Request), entry.Start, entry.End);

    private static string Name(SgLangRequest request) => ((ReplayedRequest)request).Id;

    private sealed class ReplayedRequest(SgLangTracedRequest traced, ContentTable contents, int pageSize)
        : SgLangRequest(
            traced.Prompt.Count,
            traced.MaxTokens,
            new TokenKeys(contents, traced.Prompt, pageSize),
            new TokenKeys(contents, traced.Prompt, 1))
    {
        public string Id { get; } = traced.Id;
    }
}
