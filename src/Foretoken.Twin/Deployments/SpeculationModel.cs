using Foretoken.Hardware.Coefficients;
using Foretoken.Hardware.Models;

namespace Foretoken.Twin.Deployments;

/// <summary>Speculative decoding as any engine does it.</summary>
/// <param name="Method">eagle, eagle3, mtp, ngram or draft_model.</param>
/// <param name="Drafts">Draft tokens per step.</param>
/// <param name="Rates">Probability that the first i drafts are all accepted.</param>
internal sealed record SpeculationModel(string Method, int Drafts, IReadOnlyList<double> Rates)
{
    /// <summary>The smaller model that drafts; null for other methods.</summary>
    public ModelShape? DraftModel { get; init; }

    /// <summary>Mean tokens per step and request, the bonus token included.</summary>
    public double Length => 1 + Rates.Sum();

    /// <summary>How drafts cost time.</summary>
    public SpeculationCost Cost => new(Method switch { "ngram" => DraftKind.Ngram, "mtp" => DraftKind.Mtp, "draft_model" => DraftKind.DraftModel, _ => DraftKind.Eagle }, Drafts, DraftModel);
}
