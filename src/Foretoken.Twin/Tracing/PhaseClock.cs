using Foretoken.Quantities;

namespace Foretoken.Twin.Tracing;

/// <summary>Divides a request's life into phases without a gap: whatever it sums up adds up to the life, to the nanosecond.</summary>
internal sealed class PhaseClock(SimTime start)
{
    private static readonly int Phases = Enum.GetValues<LifePhase>().Length;
    private readonly long[] _spent = new long[Phases];
    private LifePhase _phase = LifePhase.Held;
    private SimTime _since = start;

    /// <summary>The phase that goes on.</summary>
    public LifePhase Phase => _phase;

    /// <summary>Since when.</summary>
    public SimTime Since => _since;

    /// <summary>Another phase begins; the same one goes on.</summary>
    public void Enter(LifePhase phase, SimTime at)
    {
        Invariant.That(at >= _since);
        if (phase != _phase)
        {
            _spent[(int)_phase] += (at - _since).Nanoseconds;
            _phase = phase;
            _since = at;
        }
    }

    /// <summary>Where the time went from the start to <paramref name="until"/>, and then a while on the way back.</summary>
    public IReadOnlyList<PhaseTime> Spent(SimTime until, SimDuration response)
    {
        Invariant.That(until >= _since);
        var times = new List<PhaseTime>();
        for (var i = 0; i < Phases; i++)
        {
            var spent = _spent[i] + ((int)_phase == i ? (until - _since).Nanoseconds : 0) + ((int)LifePhase.Response == i ? response.Nanoseconds : 0);
            if (spent > 0)
            {
                times.Add(new PhaseTime((LifePhase)i, new SimDuration(spent)));
            }
        }

        return times;
    }
}
