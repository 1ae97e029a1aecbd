using Foretoken.Engines.Replicas;
using Foretoken.Quantities;
using Foretoken.Workloads.Requests;

namespace Foretoken.Engines.TrtLlm.Plain;

/// <summary>
/// TensorRT-LLM's default attention-DP router (DefaultADPRouter): with every plan, as many new requests as the ranks can take,
/// the longest first, each to the rank with the fewest prompt tokens, fewest requests next.
/// </summary>
internal sealed class TrtLlmDealer(TrtLlmRank[] ranks, int maxActive) : IRankDealer
{
    private readonly List<(RequestSpec Request, int Rank)> _dealt = [];

    /// <inheritdoc />
    public int OnArrival(in RequestSpec request, SimTime now) => -1;

    /// <inheritdoc />
    public IReadOnlyList<(RequestSpec Request, int Rank)> OnPlan(IReadOnlyList<RequestSpec> held)
    {
        _dealt.Clear();
        var active = ranks.Select(rank => rank.Scheduler.Unfinished).ToArray();
        var tokens = ranks.Select(rank => rank.Scheduler.PromptTokens).ToArray();
        var total = active.Sum();
        var count = Math.Min(held.Count, ranks.Length * maxActive - total);
        var expected = Math.Min(Math.Max((total + count + ranks.Length - 1) / ranks.Length, active.Max()), maxActive);
        foreach (var request in held.Take(count).OrderByDescending(request => request.InputTokens))
        {
            var best = -1;
            for (var r = 0; r < ranks.Length; r++)
            {
                if (active[r] < expected && (best < 0 || (tokens[r], active[r]).CompareTo((tokens[best], active[best])) < 0))
                {
                    best = r;
                }
            }

            active[best]++;
            tokens[best] += request.InputTokens;
            _dealt.Add((request, best));
        }

        return _dealt;
    }

    /// <inheritdoc />
    public void AfterStep(SimTime now)
    {
    }
}
