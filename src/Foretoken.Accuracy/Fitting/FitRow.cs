namespace Foretoken.Accuracy.Fitting;

/// <summary>A measured point as the fit sees it.</summary>
/// <param name="Engine">vllm, sglang or trtllm.</param>
/// <param name="Version">The engine's version; empty for the newest.</param>
/// <param name="Gpu">Name in the catalogue.</param>
/// <param name="Model">Family as <c>Calibration.Family</c> names it.</param>
/// <param name="Experts">Format of the experts, else of the dense products.</param>
/// <param name="TtftMs">Measured time to first token.</param>
/// <param name="TpotMs">Measured time per output token.</param>
public sealed record FitRow(string Engine, string Version, string Gpu, string Model, string Experts, double TtftMs, double TpotMs)
{
    /// <summary>What is left out together in cross-validation: a model on a GPU.</summary>
    public string Group => $"{Model} {Gpu}";
}
