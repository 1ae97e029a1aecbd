using Foretoken.Quantities;

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

    /// <summary>A replica began to serve: whoever waits may go.</summary>
    void Open(SimTime now);
}
