using Foretoken.Fleet.Routing.Kv;
using Foretoken.Quantities;

namespace Foretoken.Fleet.Routing.ProductionStack;

/// <summary>
/// vLLM production-stack's <c>prefixaware</c>: a trie of the prompts' chunks of 128 characters, with the engines that they were sent
/// to; any of the engines that match deepest. Nothing is ever forgotten, loads are not looked at.
/// </summary>
public sealed class ProductionStackPrefixAware(int chunkTokens) : IRoutingPolicy
{
    private static readonly WholeParameter ChunkCharacters = new("chunk_size", "Characters per chunk of the trie.", 128, 1);
    private static readonly NumberParameter CharsPerToken = new("chars_per_token", "Characters that a token stands for.", 4, 0.1, 100) { Source = "a usual figure for English text" };

    /// <summary>How it is called and made.</summary>
    public static readonly PolicyDescription Description = new(
        "production_stack_prefixaware", "vLLM production-stack's prefixaware: any engine with the deepest match by its own record",
        (values, _) => new ProductionStackPrefixAware(Math.Max(1, (int)Math.Round(values.Get(ChunkCharacters) / values.Get(CharsPerToken)))))
    {
        Parameters = [ChunkCharacters, CharsPerToken],
        Source = "vLLM production-stack, src/vllm_router/prefix/hashtrie.py and routers/routing_logic.py",
    };

    private readonly KvHolders _trie = new();

    /// <inheritdoc />
    public string Name => Description.Name;

    /// <inheritdoc />
    public RouterNeeds Needs => RouterNeeds.None;

    /// <inheritdoc />
    public int Choose(in RouterView view, in RoutedRequest request, ref RandomStream random)
    {
        var chunks = request.KnownTokens / chunkTokens;
        var depths = _trie.Depths(request.Path.Span, chunks, view.Workers[^1] + 1);
        var chosen = Deepest.Any(view.Workers, depths, ref random, out _);
        if (view.Tree is { } tree)
        {
            var start = 0;
            foreach (var node in request.Path.Span)
            {
                var stop = Math.Min(tree.Ends[node] / chunkTokens, chunks);
                if (stop > start)
                {
                    _trie.Store(chosen, node, start, stop);
                    start = stop;
                }
            }
        }

        return chosen;
    }
}
