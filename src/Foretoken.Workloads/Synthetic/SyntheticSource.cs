using Foretoken.Quantities;
using Foretoken.Workloads.Requests;
using Foretoken.Workloads.Synthetic.Generation;

namespace Foretoken.Workloads.Synthetic;

/// <summary>Turns the description of a synthetic workload into requests, generated one by one as the run asks for them.</summary>
public static class SyntheticSource
{
    /// <summary>
    /// The requests of <paramref name="spec"/>. The same spec, seed and replication give the same requests on every machine;
    /// each kind of decision draws from its own streams, so that changing one part leaves the others as they are.
    /// </summary>
    /// <param name="spec">The workload; its preset is applied here.</param>
    /// <param name="seed">Seed of all random decisions.</param>
    /// <param name="replication">Number of the repetition, for confidence intervals.</param>
    /// <param name="place">Where the spec stands, for messages.</param>
    /// <exception cref="InputException">With every problem of the spec.</exception>
    public static IRequestSource Create(SyntheticSpec spec, ulong seed, ulong replication = 0, string place = "workload")
    {
        var model = WorkloadModel.Create(spec, place);
        if (model.Spec.ClosedLoop is { } loop)
        {
            return new ClosedLoopSource(new SyntheticConversations(model, seed, replication), SpecRules.Options(loop));
        }

        return model.Spec.HasConversations
            ? new ConversationSource(new SyntheticConversations(model, seed, replication))
            : new OpenLoopSource(model, seed, replication);
    }
}
