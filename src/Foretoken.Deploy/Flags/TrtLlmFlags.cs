using System.Globalization;
using Foretoken.Deploy.Deployments;
using Foretoken.Deploy.Documents;
using Foretoken.Deploy.Import;
using Foretoken.Quantities;
using Foretoken.Twin;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Flags;

/// <summary>
/// TensorRT-LLM's options (tensorrt_llm/llmapi/llm_args.py, TorchLlmArgs): all of them can stand in the options file, which goes before
/// the few that <c>trtllm-serve</c> also has as flags. Its tp_size counts all ranks of a stage.
/// </summary>
internal sealed class TrtLlmFlags : IEngineFlags
{
    private const string Overlap = "disable_overlap_scheduler";

    private static readonly FlagTable Table = new("TensorRT-LLM",
    [
        new("max_batch_size", "max_batch_size"),
        new("max_num_tokens", "max_num_tokens"),
        new("max_seq_len", "max_seq_len"),
        new("enable_chunked_prefill", "enable_chunked_prefill", FlagForm.OnOff),
        new(Overlap, Overlap, FlagForm.OnOff) { Since = new(0, 20, 0), Before = "true" },
        new("stream_interval", "stream_interval") { Since = new(1, 0, 0), Before = "1" },
        new("batch_wait_timeout_iters", "batch_wait_timeout_iters") { Since = new(1, 1, 0), Before = "0" },
        new("batch_wait_max_tokens_ratio", "batch_wait_max_tokens_ratio") { Since = new(1, 1, 0), Before = "0" },
        new("kv_cache_dtype", "kv_cache_config.dtype") { Since = new(1, 0, 0), Spellings = [("fp8_e4m3", "fp8")] },
        new("free_gpu_memory_fraction", "kv_cache_config.free_gpu_memory_fraction"),
        new("max_tokens", "kv_cache_config.max_tokens"),
        new("tokens_per_block", "kv_cache_config.tokens_per_block") { Since = new(0, 20, 0), Before = "32" },
        new("enable_block_reuse", "kv_cache_config.enable_block_reuse", FlagForm.OnOff),
        new("enable_partial_reuse", "kv_cache_config.enable_partial_reuse", FlagForm.OnOff) { Since = new(0, 20, 0), Before = "true" },
        new("copy_on_partial_reuse", "kv_cache_config.copy_on_partial_reuse", FlagForm.OnOff) { Since = new(0, 20, 0), Before = "true" },
        new("host_cache_size", "kv_cache_config.host_cache_size"),
        new("secondary_offload_min_priority", "kv_cache_config.secondary_offload_min_priority"),
        new("capacity_scheduler_policy", "scheduler_config.capacity_scheduler_policy"),
        new("context_chunking_policy", "scheduler_config.context_chunking_policy"),
    ]);

    private static readonly (string Flag, string[] Names)[] ServeFlags =
    [
        ("max_batch_size", ["--max_batch_size", "--max-batch-size"]),
        ("max_num_tokens", ["--max_num_tokens", "--max-num-tokens"]),
        ("max_seq_len", ["--max_seq_len", "--max-seq-len"]),
        ("kv_cache_config.free_gpu_memory_fraction", ["--kv_cache_free_gpu_memory_fraction", "--kv-cache-free-gpu-memory-fraction", "--free-gpu-memory-fraction"]),
    ];

    /// <summary>Every option that is one key.</summary>
    public static IReadOnlyList<EngineFlag> Flags => Table.Flags;

    public Launch Write(DeployedPool pool)
    {
        var (notes, problems) = (new List<string>(), new List<Problem>());
        var options = new OptionTree();
        Layout(pool, options, problems);
        foreach (var (flag, value) in Table.Known(Adjusted(pool, notes), notes))
        {
            var theirs = flag.Theirs(value);
            if (flag.Key == "kv_cache_dtype" && theirs == "fp8_e5m2")
            {
                notes.Add("kv_cache_dtype: fp8_e5m2 is not known to TensorRT-LLM: fp8 (e4m3) is written, of the same size");
                theirs = "fp8";
            }

            options.Put(flag.Flag, flag.Form == FlagForm.Value && !double.TryParse(theirs, NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? Tree.Text(theirs) : Tree.Plain(theirs));
        }

        if (pool.Drafting is { } drafting)
        {
            options.Put("speculative_config", Drafts(pool, drafting, notes));
        }

        if (pool.Role != PoolRole.Aggregated)
        {
            if (pool.Version.IsBefore(1, 0))
            {
                problems.Add(Table.TooOld(pool, "cache_transceiver_config.backend", "1.0.0"));
            }

            options.Put("cache_transceiver_config.backend", Tree.Text("DEFAULT"));
        }

        return new Launch { Arguments = pool.Version.IsBefore(1, 0) ? [new Argument("--backend", "pytorch")] : [], Options = options.ToMap(), Notes = notes, Problems = problems };
    }

    public void Read(CommandWords words, ReadPool pool)
    {
        words.Take(["--backend"]);
        pool.Pipeline = words.TakeNumber("--pp_size", "--pp-size") ?? 1;
        var ranks = words.TakeNumber("--tp_size", "--tp-size") ?? 1;
        pool.Expert = words.TakeNumber("--ep_size", "--ep-size") ?? 1;
        pool.Tensor = ranks;
        foreach (var (option, names) in ServeFlags)
        {
            if (words.Take(names) is { } value)
            {
                pool.Settings[Table.Flags.First(f => f.Flag == option).Key] = value;
            }
        }

        if (words.Take(["--disaggregation-mode"]) is { } mode && mode is "prefill" or "decode")
        {
            (pool.IsDivided, pool.Role) = (true, mode == "prefill" ? PoolRole.Prefill : PoolRole.Decode);
        }

        if (words.Take(["--extra_llm_api_options", "--extra-llm-api-options", "--config", "--extra-engine-args"]) is { } path)
        {
            if (words.File(path) is MapNode options)
            {
                ReadOptions(options, pool, words);
            }
            else
            {
                words.Warn($"the options file {path} is not there: its settings are unknown");
            }
        }
    }

    private static void ReadOptions(MapNode options, ReadPool pool, CommandWords words)
    {
        var flat = new Dictionary<string, string>(StringComparer.Ordinal);
        Flatten(options, "", flat);
        string? Pop(string path) => flat.Remove(path, out var value) ? value : null;
        int? Number(string path) => Pop(path) is { } text && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

        var ranks = Number("tensor_parallel_size") ?? pool.Tensor;
        pool.Pipeline = Number("pipeline_parallel_size") ?? pool.Pipeline;
        pool.Expert = Number("moe_expert_parallel_size") ?? pool.Expert;
        Pop("moe_tensor_parallel_size");
        Pop("backend");
        var attention = Pop("enable_attention_dp") is "true" or "True";
        (pool.Tensor, pool.Data) = attention ? (1, ranks) : (ranks, 1);
        foreach (var flag in Table.Flags)
        {
            if (Pop(flag.Flag) is { } value)
            {
                pool.Settings[flag.Key] = flag.Form == FlagForm.Value ? flag.Ours(value) : value.ToLowerInvariant();
            }
        }

        if (Pop("speculative_config.decoding_type") is { } type)
        {
            pool.Method = type.ToUpperInvariant() switch { "MTP" => "mtp", "EAGLE" => "eagle", "EAGLE3" => "eagle3", "NGRAM" => "ngram", "DRAFT_TARGET" => "draft_model", _ => type };
            pool.DraftTokens = Pop("speculative_config.num_nextn_predict_layers") ?? Pop("speculative_config.max_draft_len");
            pool.DraftModel = Pop("speculative_config.speculative_model_dir") ?? Pop("speculative_config.speculative_model");
            pool.DraftModel = pool.Method == "draft_model" ? pool.DraftModel : null;
        }

        if (flat.Keys.Any(k => k.StartsWith("cache_transceiver_config", StringComparison.Ordinal)))
        {
            pool.IsDivided = true;
        }

        foreach (var key in flat.Keys.Where(k => !k.StartsWith("cache_transceiver_config", StringComparison.Ordinal)))
        {
            words.Warn($"the option {key} is not understood");
        }
    }

    private static void Flatten(MapNode map, string prefix, Dictionary<string, string> into)
    {
        foreach (var entry in map.Entries)
        {
            if (entry.Value is MapNode inner)
            {
                Flatten(inner, prefix + entry.Key + ".", into);
            }
            else
            {
                into[prefix + entry.Key] = (entry.Value as ScalarNode)?.Text ?? "";
            }
        }
    }

    private static void Layout(DeployedPool pool, OptionTree options, List<Problem> problems)
    {
        var layout = pool.Layout;
        options.Put("tensor_parallel_size", Tree.Number(layout.ExpertRanks));
        if (layout.PipelineParallel > 1)
        {
            options.Put("pipeline_parallel_size", Tree.Number(layout.PipelineParallel));
        }

        if (layout.ExpertParallel > 1)
        {
            options.Put("moe_expert_parallel_size", Tree.Number(layout.ExpertParallel));
        }

        if (layout.AttentionDataParallel > 1)
        {
            options.Put("enable_attention_dp", Tree.Switch(true));
            if (layout.TensorParallel > 1)
            {
                problems.Add(new Problem($"pool {pool.Name}", $"tensor_parallel {layout.TensorParallel} within data_parallel {layout.AttentionDataParallel}: TensorRT-LLM's enable_attention_dp makes every rank one of its own", $"tensor_parallel: 1, data_parallel: {layout.ExpertRanks}"));
            }
        }
    }

    // A server's log says its blocks; its options say tokens. A context server runs without the overlap scheduler.
    private static DeployedPool Adjusted(DeployedPool pool, List<string> notes)
    {
        var block = int.Parse(pool.Find("tokens_per_block") ?? "32", CultureInfo.InvariantCulture);
        var settings = pool.Settings.Select(s => s.Key == "num_kv_blocks" ? s with { Key = "max_tokens", Value = (long.Parse(s.Value, CultureInfo.InvariantCulture) * block).ToString(CultureInfo.InvariantCulture) } : s).ToList();
        if (pool.Role == PoolRole.Prefill && pool.Find(Overlap) != "true")
        {
            notes.Add($"{Overlap}: true is written although the scenario does not say it: TensorRT-LLM's context servers do not start with the overlap scheduler");
            settings.RemoveAll(s => s.Key == Overlap);
            settings.Add(new Setting(Overlap, "true"));
        }

        // There is no name for 16 bits but "auto", which is the same unless the checkpoint asks for fp8.
        settings = [.. settings.Select(s => s is { Key: "kv_cache_dtype", Value: "bf16" or "bfloat16" } ? s with { Value = "auto" } : s)];
        return pool with { Settings = settings };
    }

    private static MapNode Drafts(DeployedPool pool, Drafting drafting, List<string> notes)
    {
        var head = drafting.Model;
        if (head is null && drafting.Method is "eagle" or "eagle3")
        {
            head = VllmFlags.UnnamedHead;
            notes.Add($"the scenario names no draft head: put the name of an {drafting.Method} head for {pool.Model} in the place of {head}");
        }

        var tokens = Tree.Number(drafting.Tokens);
        return drafting.Method switch
        {
            "mtp" => Tree.Map(("decoding_type", Tree.Text("MTP")), ("num_nextn_predict_layers", tokens)),
            "ngram" => Tree.Map(("decoding_type", Tree.Text("NGram")), ("max_draft_len", tokens)),
            "draft_model" => Tree.Map(("decoding_type", Tree.Text("Draft_Target")), ("max_draft_len", tokens), ("speculative_model_dir", Tree.Text(head!))),
            _ => Tree.Map(("decoding_type", Tree.Text(drafting.Method == "eagle3" && !pool.Version.IsBefore(1, 2) ? "Eagle3" : "Eagle")), ("max_draft_len", tokens), ("speculative_model_dir", Tree.Text(head!))),
        };
    }
}
