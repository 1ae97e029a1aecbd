using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.Replicas;

/// <summary>One rank after the other, whatever their loads (SGLang's DataParallelController by default); all to the only one.</summary>
internal sealed class RoundRobinDealer(int ranks) : IRankDealer
{
    private int _next = -1;

    /// <inheritdoc />
    public int OnArrival(in RequestSpec request, SimTime now)
    {
        _next = (_next + 1) % ranks;
        return _next;
    }

    /// <inheritdoc />
    public IReadOnlyList<(RequestSpec Request, int Rank)> OnPlan(IReadOnlyList<RequestSpec> held) => [];

    /// <inheritdoc />
    public void AfterStep(SimTime now)
    {
    }
}
