using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Traces;

namespace Foretoken.Workloads.Benchmarks;

/// <summary>
/// Plays a <see cref="ClientPlan"/>. A request's arrival is the moment it leaves the client, as every tool measures from
/// there; how long it was due before that is the <see cref="LongestDelay"/>.
/// </summary>
public sealed class BenchmarkSource : IRequestSource
{
    private readonly ClientPlan _plan;
    private readonly PromptDraws _prompts;
    private readonly long[]?[] _schedules;
    private readonly int[] _counts;
    private int _phase;
    private int _sent;
    private int _inFlight;
    private int _issued;
    private long _dataSetPlace;
    private SimTime _start;
    private SimTime _now;
    private SimDuration _shift;

    /// <summary>The requests of a plan; its phases' schedules are drawn here.</summary>
    public BenchmarkSource(ClientPlan plan, ulong seed, ulong replication = 0)
    {
        Invariant.That(plan.Phases.Count > 0);
        _plan = plan;
        _schedules = new long[]?[plan.Phases.Count];
        _counts = new int[plan.Phases.Count];
        for (var i = 0; i < _counts.Length; i++)
        {
            var phase = plan.Phases[i];
            var random = new RandomStream(seed, StreamId.Arrivals, (ulong)i, replication);
            _schedules[i] = phase.Arrivals.Schedule(phase.Requests, ref random);
            _counts[i] = _schedules[i]?.Length ?? phase.Requests;
            Count += _counts[i];
        }

        var ownPlace = Enumerable.Range(0, _counts.Length).Where(i => !plan.Phases[i].FirstPromptOnly).Sum(i => (long)_counts[i]);
        _prompts = new PromptDraws(plan.Prompts, ownPlace, plan.Phases.Any(p => p.FirstPromptOnly && p.Requests > 0), seed, replication);
        IsReactive = plan.Phases.Count > 1 || plan.Phases.Any(p => p.MaxInFlight is not null);
        _start = SimTime.Zero + plan.Phases[0].Pause;
        SkipEmptyPhases();
    }

    /// <inheritdoc />
    public bool IsReactive { get; }

    /// <inheritdoc />
    public long Count { get; }

    /// <inheritdoc />
    public PrefixTree? Tree => _prompts.Tree;

    /// <summary>Longest time between a request being due and being sent, so far.</summary>
    public SimDuration LongestDelay { get; private set; }

    /// <inheritdoc />
    public SimTime NextArrival => _phase >= _counts.Length || _sent >= _counts[_phase] || _inFlight >= (_plan.Phases[_phase].MaxInFlight ?? int.MaxValue)
        ? SimTime.Never
        : SimTime.Max(_now, Due);

    private SimTime Due => _start + _shift + new SimDuration(_schedules[_phase]?[_sent] ?? 0);

    /// <inheritdoc />
    public void Take(out RequestSpec request)
    {
        request = default;
        var at = NextArrival;
        Invariant.That(at != SimTime.Never);
        var phase = _plan.Phases[_phase];
        var late = at - Due;
        LongestDelay = late > LongestDelay ? late : LongestDelay;
        if (!phase.CatchesUp)
        {
            _shift += late;
        }

        _prompts.Fill(_prompts.PromptOf(phase.FirstPromptOnly ? 0 : _dataSetPlace++), ref request);
        request.OutputTokens = Math.Min(request.OutputTokens, phase.MaxOutputTokens ?? int.MaxValue);
        request.Index = _issued++;
        request.Arrival = at;
        _now = at;
        _inFlight++;
        _sent++;
    }

    /// <inheritdoc />
    public void Finished(int requestIndex, SimTime at)
    {
        Invariant.That(IsReactive);
        Invariant.That(_inFlight > 0);
        _inFlight--;
        _now = SimTime.Max(_now, at);
        if (_inFlight == 0 && _sent >= _counts[_phase])
        {
            NextPhase();
            SkipEmptyPhases();
        }
    }

    private void NextPhase()
    {
        _phase++;
        _sent = 0;
        _shift = SimDuration.Zero;
        _start = _phase < _counts.Length ? _now + _plan.Phases[_phase].Pause : _now;
    }

    private void SkipEmptyPhases()
    {
        while (_phase < _counts.Length && _counts[_phase] == 0)
        {
            NextPhase();
        }
    }
}
