using Foretoken.Hardware.Coefficients;

namespace Foretoken.Twin.Deployments;

/// <summary>Speculative decoding as any engine does it.</summary>
/// <param name="Method">eagle, eagle3, mtp or ngram.</param>
/// <param name="Drafts">Draft tokens per step.</param>
/// <param name="Rates">Probability that the first i drafts are all accepted.</param>
internal sealed record SpeculationModel(string Method, int Drafts, IReadOnlyList<double> Rates)
{
    /// <summary>Mean tokens per step and request, the bonus token included.</summary>
    public double Length => 1 + Rates.Sum();

    /// <summary>How drafts cost time.</summary>
    public SpeculationCost Cost => new(Method switch { "ngram" => DraftKind.Ngram, "mtp" => DraftKind.Mtp, _ => DraftKind.Eagle }, Drafts);
}
