using Foretoken.Hardware.Models;
using Foretoken.Quantities;

namespace Foretoken.Hardware.Memory;

/// <summary>What an engine refuses at its start: a layout that does not divide the model.</summary>
internal static class LayoutChecks
{
    public static List<Problem> Problems(ModelShape model, ParallelLayout layout, string place)
    {
        var problems = new List<Problem>();
        void Add(string key, string message, string fix) => problems.Add(new Problem(Place(place, key), message, fix));
        foreach (var (key, value) in new[] { ("tensor_parallel", layout.TensorParallel), ("pipeline_parallel", layout.PipelineParallel), ("attention_data_parallel", layout.AttentionDataParallel), ("expert_parallel", layout.ExpertParallel), ("decode_context_parallel", layout.DecodeContextParallel) })
        {
            if (value < 1)
            {
                Add(key, $"is {value}", "a whole number of at least 1");
            }
        }

        if (problems.Count > 0)
        {
            return problems;
        }

        var tp = layout.TensorParallel;
        foreach (var heads in model.Layers.Where(l => l.Attention.Kind is not (AttentionKind.None or AttentionKind.Linear)).Select(l => l.Attention.Heads).Distinct().Where(h => h % tp != 0))
        {
            Add("tensor_parallel", $"{tp} does not divide {heads} attention heads", Divisors(heads));
        }

        foreach (var heads in model.Layers.Where(l => l.Attention.Kind is AttentionKind.Full or AttentionKind.SlidingWindow or AttentionKind.Chunked).Select(l => l.Attention.KvHeads).Distinct().Where(h => h % tp != 0 && tp % h != 0))
        {
            Add("tensor_parallel", $"{tp} neither divides nor is a multiple of {heads} KV heads", Divisors(heads) + ", or a multiple");
        }

        foreach (var heads in model.Layers.Where(l => l.Attention.Kind == AttentionKind.Linear).Select(l => l.Attention.Heads).Distinct().Where(h => h % tp != 0))
        {
            Add("tensor_parallel", $"{tp} does not divide {heads} heads of linear attention", Divisors(heads));
        }

        if (layout.PipelineParallel > model.Layers.Count)
        {
            Add("pipeline_parallel", $"{layout.PipelineParallel} stages for {model.Layers.Count} layers", "at most one stage per layer");
        }

        Experts(model, layout, Add);
        Contexts(model, layout, Add);
        Blocks(model, layout, Add);
        return problems;
    }

    /// <summary>Where a setting stands: a path in a scenario, or, for the place <c>--</c>, an option.</summary>
    public static string Place(string place, string key) => place == "--" ? place + key.Replace('_', '-') : $"{place}.{key}";

    private static void Experts(ModelShape model, ParallelLayout layout, Action<string, string, string> add)
    {
        var experts = model.Layers.Select(l => l.Ffn.Experts).Where(e => e > 0).Distinct().ToList();
        if (experts.Count == 0 && layout.ExpertParallel > 1)
        {
            add("expert_parallel", $"is {layout.ExpertParallel}, but {model.Name} has no experts", "leave it out");
            return;
        }

        if (layout.ExpertRanks % layout.ExpertParallel != 0)
        {
            add("expert_parallel", $"{layout.ExpertParallel} does not divide the {layout.ExpertRanks} ranks of tensor_parallel x attention_data_parallel", Divisors(layout.ExpertRanks));
        }

        foreach (var count in experts.Where(c => c % layout.ExpertParallel != 0))
        {
            add("expert_parallel", $"{layout.ExpertParallel} does not divide {count} experts", Divisors(count));
        }
    }

    // vLLM: decode_context_parallel_size divides tensor_parallel_size and may at most do away with the copies of KV heads.
    private static void Contexts(ModelShape model, ParallelLayout layout, Action<string, string, string> add)
    {
        var (shared, tp) = (layout.DecodeContextParallel, layout.TensorParallel);
        if (shared == 1)
        {
            return;
        }

        if (tp % shared != 0)
        {
            add("decode_context_parallel", $"{shared} does not divide tensor_parallel {tp}", Divisors(tp));
        }

        foreach (var heads in model.Layers.Select(l => l.Attention).Where(a => a.Kind is AttentionKind.Full or AttentionKind.Chunked).Select(a => a.KvHeads).Distinct().Where(h => h * shared > tp))
        {
            add("decode_context_parallel", $"{shared} ranks would share {heads} KV heads, of which {tp} tensor-parallel ranks keep {(tp / heads <= 1 ? "one copy" : $"{tp / heads} copies")}", $"at most {Math.Max(1, tp / heads)}, or a larger tensor_parallel");
        }

        if (model.Layers.Any(l => l.Attention.Kind is AttentionKind.SlidingWindow or AttentionKind.Linear or AttentionKind.Compressed))
        {
            add("decode_context_parallel", $"{model.Name} has windows or states, which are not shared by tokens", "leave it out");
        }
    }

    // Matrices with a scale per block of rows or columns can only be cut between blocks.
    private static void Blocks(ModelShape model, ParallelLayout layout, Action<string, string, string> add)
    {
        var seen = new HashSet<(string, long)>();
        foreach (var weight in model.Layers.SelectMany(l => l.Weights).Where(w => w.Format.GroupRows > 1))
        {
            var expert = weight.Part == ModelPart.RoutedExperts;
            var ranks = expert ? layout.ExpertRanks / layout.ExpertParallel : layout.TensorParallel;
            var (length, block) = weight.Split switch
            {
                WeightSplit.Rows => (weight.Rows, weight.Format.GroupRows),
                WeightSplit.Columns => (weight.Columns, weight.Format.GroupColumns),
                _ => (0L, 1),
            };
            var name = weight.Module[(weight.Module.LastIndexOf('.') + 1)..];
            if (ranks > 1 && length > 0 && (length % ranks != 0 || length / ranks % block != 0) && seen.Add((name, length)))
            {
                add(expert ? "expert_parallel" : "tensor_parallel", $"{name} of {length} over {ranks} ranks is no multiple of the quantisation's blocks of {block}", expert ? "deal whole experts out: a larger expert_parallel" : "a smaller tensor_parallel");
            }
        }
    }

    private static string Divisors(int value) => "one of " + string.Join(", ", Enumerable.Range(1, Math.Min(value, 64)).Where(d => value % d == 0));
}
