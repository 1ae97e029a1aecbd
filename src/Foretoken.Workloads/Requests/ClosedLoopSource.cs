using Foretoken.Quantities;
using Foretoken.Workloads.Traces;

namespace Foretoken.Workloads.Requests;

/// <summary>
/// Closed loop: a fixed number of slots, each holding one conversation at a time. The moment a conversation ends its slot
/// begins the next one, at the same virtual time; between turns (think time, tool calls) the conversation keeps its slot.
/// Start times of the supply are ignored, its order is kept.
/// </summary>
public sealed class ClosedLoopSource : IRequestSource
{
    private const int FreeSlot = -1;

    private readonly IConversationSupply _supply;
    private readonly ClosedLoopOptions _options;
    private readonly TurnQueue _turns = new();
    private readonly Dictionary<int, int> _inFlight = [];
    private SimTime _last;
    private int _issued;

    /// <summary>A closed loop over all conversations of <paramref name="supply"/>.</summary>
    /// <exception cref="InputException">The options cannot be used.</exception>
    public ClosedLoopSource(IConversationSupply supply, ClosedLoopOptions options)
    {
        if (options.Validate() is { Count: > 0 } problems)
        {
            throw new InputException(problems);
        }

        _supply = supply;
        _options = options;
        for (var slot = 0; slot < options.Concurrency; slot++)
        {
            _turns.Add(StartOf(slot), FreeSlot);
        }

        DropIdleSlots();
    }

    /// <summary>Requests issued first that the metrics are to leave out.</summary>
    public int WarmUpRequests => _options.WarmUpRequests;

    /// <inheritdoc />
    public bool IsReactive => true;

    /// <inheritdoc />
    public long Count => _supply.Count;

    /// <inheritdoc />
    public PrefixTree? Tree => _supply.Tree;

    /// <inheritdoc />
    public IReadOnlyList<string> Classes => _supply.Classes;

    /// <inheritdoc />
    public SimTime NextArrival => _turns.First;

    /// <inheritdoc />
    public void Take(out RequestSpec request)
    {
        request = default;
        var at = _turns.First;
        Invariant.That(at != SimTime.Never);
        Invariant.That(at >= _last);
        var handle = _turns.RemoveFirst();
        if (handle == FreeSlot)
        {
            handle = _supply.Begin();
        }

        _supply.Fill(handle, ref request);
        request.Index = _issued++;
        request.Arrival = at;
        _last = at;
        _inFlight.Add(request.Index, handle);
        Invariant.That(_inFlight.Count <= _options.Concurrency);
        DropIdleSlots();
    }

    /// <inheritdoc />
    public void Finished(int requestIndex, SimTime at)
    {
        var known = _inFlight.Remove(requestIndex, out var handle);
        Invariant.That(known);
        if (_supply.TryAdvance(ref handle, out var wait))
        {
            _turns.Add(at + wait, handle);
        }
        else if (_supply.NextStart != SimTime.Never)
        {
            _turns.Add(at, FreeSlot);
        }
    }

    // Slots that wait for a conversation when the supply has run dry must not announce an arrival.
    private void DropIdleSlots()
    {
        while (_supply.NextStart == SimTime.Never && _turns.Count > 0 && _turns.FirstHandle == FreeSlot)
        {
            _turns.RemoveFirst();
        }
    }

    private SimTime StartOf(int slot) => new((long)((Int128)_options.Ramp.Nanoseconds * slot / _options.Concurrency));
}
