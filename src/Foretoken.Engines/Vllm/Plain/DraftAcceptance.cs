using Foretoken.Quantities;

namespace Foretoken.Engines.Vllm.Plain;

/// <summary>
/// How many drafts the model accepts: a run that ends with the first failure. Position i succeeds, given that those before it
/// did, with probability rate(i) / rate(i - 1) (vLLM's synthetic acceptance rates). One draw per position looked at.
/// </summary>
internal sealed class DraftAcceptance
{
    private readonly double[] _conditional;

    /// <summary>Acceptance at vLLM's settings.</summary>
    public DraftAcceptance(VllmSpeculation? speculation)
        : this(speculation?.AcceptanceRates ?? []) =>
        Invariant.That(_conditional.Length == (speculation?.NumSpeculativeTokens ?? 0));

    /// <summary>Acceptance by the probabilities that the first i drafts are all right.</summary>
    public DraftAcceptance(IReadOnlyList<double> rates)
    {
        _conditional = new double[rates.Count];
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
