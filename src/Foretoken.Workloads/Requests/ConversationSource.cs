using Foretoken.Quantities;
using Foretoken.Workloads.Traces;

namespace Foretoken.Workloads.Requests;

/// <summary>
/// Open loop over conversations: each starts at its own time whatever the fleet does, and each later turn is sent its wait
/// after the turn before it reached its outcome (any outcome: a rejected turn does not end the conversation). At equal times
/// a start goes before a later turn, later turns in the order in which they became known.
/// </summary>
public sealed class ConversationSource(IConversationSupply supply) : IRequestSource
{
    private readonly TurnQueue _turns = new();
    private readonly Dictionary<int, int> _inFlight = [];
    private SimTime _last;
    private int _issued;

    /// <inheritdoc />
    public bool IsReactive => true;

    /// <inheritdoc />
    public long Count => supply.Count;

    /// <inheritdoc />
    public PrefixTree? Tree => supply.Tree;

    /// <inheritdoc />
    public IReadOnlyList<string> Classes => supply.Classes;

    /// <inheritdoc />
    public SimTime NextArrival => SimTime.Min(supply.NextStart, _turns.First);

    /// <inheritdoc />
    public void Take(out RequestSpec request)
    {
        request = default;
        var start = supply.NextStart;
        var at = SimTime.Min(start, _turns.First);
        Invariant.That(at != SimTime.Never);
        Invariant.That(at >= _last);
        var handle = start <= _turns.First ? supply.Begin() : _turns.RemoveFirst();
        supply.Fill(handle, ref request);
        request.Index = _issued++;
        request.Arrival = at;
        _last = at;
        _inFlight.Add(request.Index, handle);
    }

    /// <inheritdoc />
    public void Finished(int requestIndex, SimTime at)
    {
        var known = _inFlight.Remove(requestIndex, out var handle);
        Invariant.That(known);
        if (supply.TryAdvance(ref handle, out var wait))
        {
            _turns.Add(at + wait, handle);
        }
    }
}
