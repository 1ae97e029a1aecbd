using Foretoken.Hardware.Models;

namespace Foretoken.Accuracy.Silicon;

/// <summary>Experts that are kept twice so that wide groups share them evenly.</summary>
internal static class RedundantExperts
{
    // 256 + 32 over 48 or 72 ranks: SGLang's --ep-num-redundant-experts 32, TensorRT-LLM's 288 slots.
    private const int Copies = 32;

    /// <summary>Whether 256 experts with copies come out even over so many ranks.</summary>
    public static bool Suit(int ranks) => (256 + Copies) % ranks == 0;

    /// <summary>
    /// The model as so many expert-parallel ranks serve it: with copies of experts where the ranks do not divide them. A token
    /// still visits as many experts.
    /// </summary>
    public static ModelShape Spread(ModelShape shape, int expertParallel)
    {
        var experts = shape.Layers.Max(l => l.Ffn.Experts);
        if (experts == 0 || experts % expertParallel == 0 || (experts + Copies) % expertParallel != 0)
        {
            return shape;
        }

        return shape with
        {
            Layers = [.. shape.Layers.Select(l => l.Ffn.Experts == 0 ? l : l with
            {
                Ffn = l.Ffn with { Experts = l.Ffn.Experts + Copies },
                Weights = [.. l.Weights.Select(w => w.Part == ModelPart.RoutedExperts ? w with { Copies = w.Copies + Copies } : w)],
            })],
        };
    }
}
