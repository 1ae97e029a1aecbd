using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Documents;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Model;

/// <summary>Reads the <c>workload</c> section.</summary>
internal static class WorkloadResolver
{
    public static WorkloadModel? Resolve(Bound workload, ConfigNode document, BindContext context, List<DerivedValue> derived)
    {
        if (workload.Has(WorkloadFields.Trace))
        {
            return workload.IsGood(WorkloadFields.Trace) && workload.Get(WorkloadFields.Trace) is { } trace ? Trace(trace) with { ClosedLoop = Loop(workload) } : null;
        }

        return null;
    }

    private static TraceWorkloadModel Trace(Bound trace) => new()
    {
        Path = trace.Get(WorkloadFields.TracePath) ?? "",
        PathOrigin = trace.PlaceOf(WorkloadFields.TracePath),
        Format = trace.Get(WorkloadFields.TraceFormat)!,
        SkipBadLines = trace.Get(WorkloadFields.TraceSkipBadLines),
        HashBlockTokens = trace.Get(WorkloadFields.TraceHashBlockTokens),
        Speedup = trace.Get(WorkloadFields.TraceSpeedup),
        Limit = trace.Get(WorkloadFields.TraceLimit),
    };

    private static ClosedLoopModel? Loop(Bound workload) => workload.IsGood(WorkloadFields.ClosedLoop) && workload.Get(WorkloadFields.ClosedLoop) is { } loop
        ? new ClosedLoopModel(loop.Get(WorkloadFields.Concurrency), loop.Get(WorkloadFields.Ramp), loop.Get(WorkloadFields.WarmUpRequests))
        : null;
}
