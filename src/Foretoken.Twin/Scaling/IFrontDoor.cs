using Foretoken.Quantities;
using Foretoken.Twin.Disaggregation;
using Foretoken.Workloads.Requests;

namespace Foretoken.Twin.Scaling;

/// <summary>What stands in front of the replicas: requests on their way, and those that wait because no replica serves.</summary>
internal interface IFrontDoor
{
    /// <summary>Requests that wait for a replica of any pool.</summary>
    int HeldNow { get; }

    /// <summary>Requests that have had to wait so far.</summary>
    long HeldEver { get; }

    /// <summary>When the last request came.</summary>
    SimTime LastArrival { get; }

    /// <summary>Requests that wait for a replica of a pool.</summary>
    int Held(int pool);

    /// <summary>Requests that were sent to a replica and have not reached its engine.</summary>
    int OnTheWay(int worker);

    /// <summary>Whether somebody still needs what a replica holds, whatever its engine still has to do.</summary>
    bool IsNeeded(int worker);

    /// <summary>Whether a replica has done its part of a request that is still open.</summary>
    bool IsThrough(int worker, int request);

    /// <summary>The requests that no replica was chosen for yet.</summary>
    IEnumerable<RequestSpec> Waiting();

    /// <summary>The requests whose prompt and answer are computed in different places, and where each stands; none where nothing is divided.</summary>
    Dictionary<int, HandOffStage> UnderWay();

    /// <summary>A replica began to serve: whoever waits may go.</summary>
    void Open(SimTime now);
}
