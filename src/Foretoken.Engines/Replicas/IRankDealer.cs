using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.Replicas;

/// <summary>How an engine with several ranks deals requests out to them.</summary>
internal interface IRankDealer
{
    /// <summary>The rank of a request that arrives; -1 when the engine deals it out with its next plan.</summary>
    int OnArrival(in RequestSpec request, SimTime now);

    /// <summary>The requests of those held that get a rank now, in the order in which the ranks get them.</summary>
    IReadOnlyList<(RequestSpec Request, int Rank)> OnPlan(IReadOnlyList<RequestSpec> held);

    /// <summary>A step is over, and what ended with it is gone: the ranks' loads are new.</summary>
    void AfterStep(SimTime now);
}
