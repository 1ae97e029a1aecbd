namespace Foretoken.Engines.Vllm.Plain;

/// <summary>Requests that are not running, in the order of the scheduling policy.</summary>
internal abstract class WaitingQueue
{
    /// <summary>Requests in the queue.</summary>
    public abstract int Count { get; }

    /// <summary>Queue for the given policy.</summary>
    public static WaitingQueue Create(VllmSchedulingPolicy policy) =>
        policy == VllmSchedulingPolicy.Priority ? new PriorityWaitingQueue() : new FcfsWaitingQueue();

    /// <summary>The request to be scheduled next. The queue is not empty.</summary>
    public abstract EngineRequest Peek();

    /// <summary>Takes the request to be scheduled next. The queue is not empty.</summary>
    public abstract EngineRequest Pop();

    /// <summary>A new request arrives.</summary>
    public abstract void Add(EngineRequest request);

    /// <summary>A request comes back (preempted or put aside): to the front where the policy knows one.</summary>
    public abstract void PutBack(EngineRequest request);

    /// <summary>Takes a request out, if it is there.</summary>
    public abstract bool Remove(EngineRequest request);

    /// <summary>Requests in the order in which they would be taken.</summary>
    public abstract IEnumerable<EngineRequest> InOrder();
}
