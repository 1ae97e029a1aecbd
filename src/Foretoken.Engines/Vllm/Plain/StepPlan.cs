using System.Runtime.InteropServices;

namespace Foretoken.Engines.Vllm.Plain;

/// <summary>What the scheduler decided for one step. Reused.</summary>
internal sealed class StepPlan
{
    private readonly List<PlannedRequest> _requests = [];

    /// <summary>Scheduled requests in the order in which they were scheduled.</summary>
    public Span<PlannedRequest> Requests => CollectionsMarshal.AsSpan(_requests);

    /// <summary>Requests scheduled.</summary>
    public int Count => _requests.Count;

    /// <summary>Requests preempted while planning, in that order.</summary>
    public List<EngineRequest> Preempted { get; } = [];

    /// <summary>Requests that got blocks for KV from elsewhere while planning, in that order.</summary>
    public List<EngineRequest> Reserved { get; } = [];

    /// <summary>Blocks that are copied out of the GPU when the step is over, by their keys.</summary>
    public List<(EngineRequest Request, int[] Keys)> Stores { get; } = [];

    /// <summary>Requests that ended since the step planned before, which the workers are told with this one.</summary>
    public List<EngineRequest> FinishedBefore { get; } = [];

    public void Clear()
    {
        _requests.Clear();
        Preempted.Clear();
        Reserved.Clear();
        Stores.Clear();
        FinishedBefore.Clear();
    }

    public void Add(in PlannedRequest request) => _requests.Add(request);

    /// <summary>Position of a request in the plan; -1 when it is not in it.</summary>
    public int IndexOf(EngineRequest request)
    {
        for (var i = 0; i < _requests.Count; i++)
        {
            if (_requests[i].Request == request)
            {
                return i;
            }
        }

        return -1;
    }

    public void RemoveAt(int index) => _requests.RemoveAt(index);
}
