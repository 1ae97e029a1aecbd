namespace Foretoken.Hardware.Models;

/// <summary>Parts of a model as people call them.</summary>
public static class ModelPartNames
{
    /// <summary>The part's name in listings.</summary>
    public static string Words(this ModelPart part) => part switch
    {
        ModelPart.Embedding => "embedding",
        ModelPart.Head => "head",
        ModelPart.Attention => "attention",
        ModelPart.Indexer => "indexer",
        ModelPart.LinearAttention => "linear attention",
        ModelPart.DenseFfn => "feed-forward",
        ModelPart.Router => "router",
        ModelPart.RoutedExperts => "routed experts",
        ModelPart.SharedExperts => "shared experts",
        _ => "norms, vectors",
    };
}
