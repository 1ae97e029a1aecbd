using System.Text.Json;

namespace Foretoken.Hardware.Models.Families;

/// <summary>Reads the feed-forward networks of all layers, in the many ways in which configs say which layers have experts.</summary>
internal static class FfnKeys
{
    public static IReadOnlyList<FfnShape> Read(ModelDraft draft, int layers)
    {
        var keys = draft.Keys;
        var experts = keys.OrZero("n_routed_experts", "num_local_experts", "num_experts");
        if (experts == 0)
        {
            var width = layers > 0 ? keys.Need("intermediate_size") : 1;
            return [.. Enumerable.Repeat(new FfnShape { Dense = width }, layers)];
        }

        var sparse = Sparse(draft, keys, layers);
        var moe = Experts(draft, keys, experts);
        // Llama 4 and MiniMax M3 call the expert's width intermediate_size and have a name of its own for the dense one.
        var beside = keys.Flag("enable_moe_block"); // Gemma 4: a dense network beside the experts of every layer.
        var dense = beside || sparse.Contains(false) ? keys.Need("intermediate_size_mlp", "dense_intermediate_size", "intermediate_size") : 0;
        return [.. sparse.Select(s => s ? moe with { Dense = beside ? dense : 0 } : new FfnShape { Dense = dense })];
    }

    private static FfnShape Experts(ModelDraft draft, ConfigKeys keys, int experts)
    {
        var perToken = keys.Need("num_experts_per_tok", "experts_per_token", "num_experts_per_token", "top_k_experts", "moe_top_k");
        if (perToken > experts)
        {
            keys.Add("num_experts_per_tok", $"is {perToken}, but there are only {experts} experts", "at most as many as experts");
            perToken = experts;
        }

        var width = keys.Has("moe_intermediate_size") ? keys.Need("moe_intermediate_size") : keys.Need("expert_intermediate_size", "intermediate_size");
        int shared;
        if (keys.Has("intermediate_size_mlp"))
        {
            shared = width; // Llama 4: one shared expert as wide as a routed one.
        }
        else if (keys.Has("shared_expert_intermediate_size"))
        {
            shared = keys.OrZero("shared_expert_intermediate_size");
        }
        else
        {
            var one = keys.Has("share_expert_dim") ? keys.Need("share_expert_dim")
                : keys.Has("moe_shared_expert_intermediate_size") ? keys.Need("moe_shared_expert_intermediate_size")
                : keys.OrZero("shared_intermediate_size") is > 0 and var own ? own : width;
            shared = keys.OrZero("n_shared_experts", "num_shared_experts") * one;
        }

        var groups = Math.Max(1, keys.OrZero("n_group"));
        var chosen = Math.Max(1, keys.OrZero("topk_group"));
        if (experts % groups != 0 || chosen > groups || perToken > experts / groups * chosen)
        {
            keys.Add("n_group", $"is {groups} with topk_group {chosen}, which {perToken} of {experts} experts cannot be chosen by", "a divisor of the experts, and enough groups for the experts of a token");
            (groups, chosen) = (1, 1);
        }

        return new FfnShape
        {
            Experts = experts,
            ExpertsPerToken = perToken,
            ExpertGroups = groups,
            GroupsPerToken = chosen,
            ExpertWidth = width,
            SharedWidth = shared,
            ExpertInput = keys.Or(draft.Hidden, "routed_expert_hidden_size", "moe_latent_size"),
        };
    }

    private static IReadOnlyList<bool> Sparse(ModelDraft draft, ConfigKeys keys, int layers)
    {
        var first = keys.OrZero("first_k_dense_replace");
        if (first > layers)
        {
            keys.Add("first_k_dense_replace", $"is {first}, but there are only {layers} layers");
        }

        if (keys.Find("moe_layer_freq") is { ValueKind: JsonValueKind.Array })
        {
            var listed = keys.PerLayer("moe_layer_freq", layers, Mark, "0 (dense) or 1 (experts)");
            if (listed is not null && keys.Has("first_k_dense_replace") && Enumerable.Range(0, layers).Any(i => i < first && listed[i] == "1"))
            {
                keys.Add("moe_layer_freq", $"has experts among the first {first} layers, which first_k_dense_replace calls dense", "one of the two is wrong");
            }

            return listed is null ? All(layers) : [.. listed.Take(layers).Select(m => m == "1")];
        }

        if (keys.Has("mlp_layer_types"))
        {
            var types = keys.PerLayer("mlp_layer_types", layers, e => e.ValueKind == JsonValueKind.String && e.GetString() is "dense" or "sparse" ? e.GetString() : null, "'dense' or 'sparse'");
            return types is null ? All(layers) : [.. types.Take(layers).Select(t => t == "sparse")];
        }

        if (keys.Has("interleave_moe_layer_step"))
        {
            var step = keys.Need("interleave_moe_layer_step");
            return [.. Enumerable.Range(0, layers).Select(i => (i + 1) % step == 0)];
        }

        var every = keys.Or(1, "moe_layer_freq", "decoder_sparse_step");
        var dense = new HashSet<int>();
        if (keys.Find("mlp_only_layers") is { ValueKind: JsonValueKind.Array } only)
        {
            dense.UnionWith(only.EnumerateArray().Select(ConfigKeys.Whole).OfType<int>());
        }

        var qwen = keys.Has("decoder_sparse_step");
        return [.. Enumerable.Range(0, layers).Select(i => i >= first && !dense.Contains(i) && (qwen ? (i + 1) % every == 0 : i % every == 0))];
    }

    private static bool[] All(int layers) => [.. Enumerable.Repeat(true, layers)];

    private static string? Mark(JsonElement e) => ConfigKeys.Whole(e) switch { 0 => "0", 1 => "1", _ => null };
}
