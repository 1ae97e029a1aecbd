namespace Foretoken.Hardware.Models;

/// <summary>One layer: its mixer, its feed-forward network and every weight of both.</summary>
/// <param name="Index">Position from 0.</param>
/// <param name="Attention">Token mixer.</param>
/// <param name="Ffn">Feed-forward network.</param>
/// <param name="Weights">All weights of the layer.</param>
public sealed record ModelLayer(int Index, AttentionShape Attention, FfnShape Ffn, IReadOnlyList<WeightMatrix> Weights);
