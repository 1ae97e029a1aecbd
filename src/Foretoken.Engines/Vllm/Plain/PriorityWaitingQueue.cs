namespace Foretoken.Engines.Vllm.Plain;

/// <summary>Ordered by priority, then arrival, then number.</summary>
internal sealed class PriorityWaitingQueue : WaitingQueue
{
    private readonly SortedSet<EngineRequest> _requests = new(Urgency.Order);

    /// <inheritdoc />
    public override int Count => _requests.Count;

    /// <inheritdoc />
    public override EngineRequest Peek() => _requests.Min!;

    /// <inheritdoc />
    public override EngineRequest Pop()
    {
        var request = Peek();
        _requests.Remove(request);
        return request;
    }

    /// <inheritdoc />
    public override void Add(EngineRequest request) => _requests.Add(request);

    /// <inheritdoc />
    public override void PutBack(EngineRequest request) => _requests.Add(request);

    /// <inheritdoc />
    public override bool Remove(EngineRequest request) => _requests.Remove(request);

    /// <inheritdoc />
    public override IEnumerable<EngineRequest> InOrder() => _requests;
}
