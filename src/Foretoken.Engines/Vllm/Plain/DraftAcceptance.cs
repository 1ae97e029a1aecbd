using Foretoken.Quantities;

namespace Foretoken.Engines.Vllm.Plain;

/// <summary>
/// How many drafts the model accepts: a run that ends with the first failure. Position i succeeds, given that those before it
/// did, with probability rate(i) / rate(i - 1) (vLLM's synthetic acceptance rates). One draw per position looked at.
/// </summary>
internal sealed class DraftAcceptance
{
    private readonly double[] _conditional;

    public DraftAcceptance(VllmSpeculation? speculation)
    {
        var rates = speculation?.AcceptanceRates ?? [];
        _conditional = new double[speculation?.NumSpeculativeTokens ?? 0];
        Invariant.That(rates.Count == _conditional.Length);
        var before = 1.0;
        for (var i = 0; i < _conditional.Length; i++)
        {
            _conditional[i] = before > 0 ? rates[i] / before : 0;
            before = rates[i];
        }
    }

    /// <summary>Accepted drafts out of <paramref name="drafts"/>.</summary>
    public int Sample(int drafts, ref RandomStream random)
    {
        var accepted = 0;
        while (accepted < drafts && random.NextDouble() < _conditional[accepted])
        {
            accepted++;
        }

        return accepted;
    }
}
