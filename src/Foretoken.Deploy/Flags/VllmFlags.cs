using System.Globalization;
using Foretoken.Deploy.Deployments;
using Foretoken.Deploy.Documents;
using Foretoken.Deploy.Import;
using Foretoken.Hardware.Memory;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Flags;

/// <summary>
/// vLLM's flags (vllm/engine/arg_utils.py). "Since" is the first release in which a flag is known to be there, not always the one
/// that brought it: a release in between is told without it.
/// </summary>
internal sealed class VllmFlags : IEngineFlags
{
    /// <summary>What a draft head is called where nobody named one.</summary>
    public const string UnnamedHead = "DRAFT_HEAD";

    private static readonly EngineVersion DataParallelSince = new(0, 8, 3);
    private static readonly EngineVersion ContextParallelSince = new(0, 11, 0);
    private static readonly EngineVersion SequenceParallelSince = new(0, 9, 0);
    private static readonly EngineVersion SequenceParallelRenamed = new(0, 13, 0);
    private static readonly EngineVersion SpeculativeConfigSince = new(0, 8, 4);
    private static readonly EngineVersion MtpRenamed = new(0, 11, 1);

    // Numbers that may carry a letter.
    private static readonly string[] Readable = ["max_model_len", "max_num_batched_tokens", "max_num_seqs", "kv_cache_memory_bytes"];

    private static readonly FlagTable Table = new("vLLM",
    [
        new("max_model_len", "--max-model-len"),
        new("max_num_seqs", "--max-num-seqs"),
        new("max_num_batched_tokens", "--max-num-batched-tokens"),
        new("gpu_memory_utilization", "--gpu-memory-utilization"),
        new("kv_cache_memory_bytes", "--kv-cache-memory-bytes") { Since = new(0, 11, 0) },
        new("num_gpu_blocks", "--num-gpu-blocks-override"),
        new("block_size", "--block-size"),
        new("kv_cache_dtype", "--kv-cache-dtype") { Spellings = [("bf16", "bfloat16")] },
        new("enable_prefix_caching", "--enable-prefix-caching", FlagForm.OnOff),
        new("enable_chunked_prefill", "--enable-chunked-prefill", FlagForm.OnOff),
        new("scheduling_policy", "--scheduling-policy"),
        new("async_scheduling", "--async-scheduling", FlagForm.OnOff) { Since = new(0, 10, 0), Before = "false" },
        new("enforce_eager", "--enforce-eager", FlagForm.On),
        new("long_prefill_token_threshold", "--long-prefill-token-threshold"),
        new("scheduler_reserve_full_isl", "--scheduler-reserve-full-isl", FlagForm.OnOff) { Since = new(0, 19, 0), Before = "false" },
        new("watermark", "--watermark") { Since = new(0, 27, 0), Before = "0" },
        new("prefix_cache_retention_interval", "--prefix-cache-retention-interval") { Since = new(0, 29, 0), Before = "none", Spellings = [("none", "None")] },
        new("stream_interval", "--stream-interval") { Since = new(0, 12, 0), Before = "1" },
        new("kv_offloading_size", "--kv-offloading-size") { Since = new(0, 12, 0) },
        new("kv_offloading_backend", "--kv-offloading-backend") { Since = new(0, 12, 0) },
        new("all2all_backend", "--all2all-backend") { Since = new(0, 12, 0) },
    ]);

    /// <summary>Every flag that is one key.</summary>
    public static IReadOnlyList<EngineFlag> Flags => Table.Flags;

    public Launch Write(DeployedPool pool)
    {
        var (notes, problems, arguments) = (new List<string>(), new List<Problem>(), new List<Argument>());
        Layout(pool, arguments, problems);
        pool = WithoutBf16(pool);
        arguments.AddRange(Table.Arguments(pool, notes));
        if (pool.Drafting is { } drafting)
        {
            Drafts(pool, drafting, arguments, notes, problems);
        }

        return new Launch { Arguments = arguments, Notes = notes, Problems = problems };
    }

    public void Read(CommandWords words, ReadPool pool)
    {
        Table.Read(words, pool);
        foreach (var key in Readable.Where(pool.Settings.ContainsKey))
        {
            pool.Settings[key] = Human(pool.Settings[key]);
        }

        pool.Tensor = words.TakeNumber("--tensor-parallel-size", "-tp") ?? 1;
        pool.Pipeline = words.TakeNumber("--pipeline-parallel-size", "-pp") ?? 1;
        pool.DecodeContext = words.TakeNumber("--decode-context-parallel-size", "-dcp") ?? 1;
        var ranks = words.TakeNumber("--data-parallel-size", "-dp") ?? 1;
        pool.DealsExpertsToAll = words.TakeSwitch(["--enable-expert-parallel", "-ep"]) == true;
        words.Take(["--data-parallel-size-local", "-dpl"]);
        words.Take(["--data-parallel-address", "-dpa"]);
        words.Take(["--data-parallel-rpc-port", "-dpp"]);
        words.Take(["--distributed-executor-backend"]);
        if (words.Take(["--data-parallel-start-rank", "-dpr"]) is not null | words.TakeSwitch(["--headless"]) == true)
        {
            pool.IsPartOfReplica = true;
        }

        pool.Data = ranks;
        if (words.TakeYaml(["--speculative-config", "-sc"]) is MapNode speculative)
        {
            Drafts(speculative, pool, words);
        }

        if (words.TakeYaml(["--compilation-config", "-O", "-cc"]) is MapNode compilation)
        {
            Compilation(compilation, pool, words);
        }

        if (words.TakeYaml(["--kv-transfer-config"]) is MapNode transfer)
        {
            Transfer(transfer, pool, words);
        }
    }

    // Releases before v0.12 have no name for 16 bits but "auto", which is the same unless the checkpoint asks for fp8.
    private static DeployedPool WithoutBf16(DeployedPool pool) => !pool.Version.IsBefore(0, 12) ? pool
        : pool with { Settings = [.. pool.Settings.Select(s => s is { Key: "kv_cache_dtype", Value: "bf16" or "bfloat16" } ? s with { Value = "auto" } : s)] };

    private static void Layout(DeployedPool pool, List<Argument> arguments, List<Problem> problems)
    {
        var layout = pool.Layout;
        void Say(string flag, int value)
        {
            if (value > 1)
            {
                arguments.Add(new Argument(flag, Number(value)));
            }
        }

        arguments.Add(new Argument("--tensor-parallel-size", Number(layout.TensorParallel)));
        Say("--pipeline-parallel-size", layout.PipelineParallel);
        if (layout.AttentionDataParallel > 1 && pool.Version.IsBefore(DataParallelSince))
        {
            problems.Add(Table.TooOld(pool, "--data-parallel-size", "0.8.3"));
        }

        Say("--data-parallel-size", layout.AttentionDataParallel);
        if (layout.ExpertParallel == layout.ExpertRanks && layout.ExpertParallel > 1)
        {
            arguments.Add(new Argument("--enable-expert-parallel"));
        }
        else if (layout.ExpertParallel > 1)
        {
            problems.Add(new Problem($"pool {pool.Name}", $"expert_parallel {layout.ExpertParallel} of {layout.ExpertRanks} ranks: vLLM deals experts out to all ranks or to none (--enable-expert-parallel)", $"expert_parallel: {layout.ExpertRanks} or 1"));
        }

        if (layout.DecodeContextParallel > 1 && pool.Version.IsBefore(ContextParallelSince))
        {
            problems.Add(Table.TooOld(pool, "--decode-context-parallel-size", "0.11.0"));
        }

        Say("--decode-context-parallel-size", layout.DecodeContextParallel);
        if (!layout.SequenceParallel)
        {
            return;
        }

        if (pool.Version.IsBefore(SequenceParallelSince))
        {
            problems.Add(Table.TooOld(pool, "--compilation-config", "0.9.0"));
        }

        var key = pool.Version.IsBefore(SequenceParallelRenamed) ? "enable_sequence_parallelism" : "enable_sp";
        arguments.Add(new Argument("--compilation-config", JsonText.Write(Tree.Map(("pass_config", Tree.Map((key, Tree.Switch(true))))))));
    }

    private static void Drafts(DeployedPool pool, Drafting drafting, List<Argument> arguments, List<string> notes, List<Problem> problems)
    {
        if (pool.Version.IsBefore(SpeculativeConfigSince))
        {
            problems.Add(Table.TooOld(pool, "--speculative-config", "0.8.4"));
        }

        var model = drafting.Model;
        if (model is null && drafting.Method is "eagle" or "eagle3")
        {
            model = UnnamedHead;
            notes.Add($"the scenario names no draft head: put the name of an {drafting.Method} head for {pool.Model} in the place of {UnnamedHead}");
        }

        arguments.Add(new Argument("--speculative-config", JsonText.Write(Tree.Map(
            ("method", Tree.Text(drafting.Method == "mtp" && pool.Version.IsBefore(MtpRenamed) ? "deepseek_mtp" : drafting.Method!)),
            ("model", model is null ? null : Tree.Text(model)),
            ("num_speculative_tokens", Tree.Number(drafting.Tokens))))));
    }

    private static void Drafts(MapNode speculative, ReadPool pool, CommandWords words)
    {
        foreach (var entry in speculative.Entries)
        {
            var value = (entry.Value as ScalarNode)?.Text;
            switch (entry.Key)
            {
                case "method":
                    pool.Method = value is not null && value.EndsWith("mtp", StringComparison.Ordinal) ? "mtp" : value;
                    break;
                case "model":
                    pool.DraftModel = value;
                    break;
                case "num_speculative_tokens":
                    pool.DraftTokens = value;
                    break;
                default:
                    words.Warn($"{entry.Key} of --speculative-config is not understood");
                    break;
            }
        }

        pool.Method ??= "draft_model";
        pool.DraftModel = pool.Method == "draft_model" ? pool.DraftModel : null;
    }

    private static void Compilation(MapNode compilation, ReadPool pool, CommandWords words)
    {
        var passes = compilation.Find("pass_config") as MapNode;
        pool.Sequence = passes is not null && new[] { "enable_sp", "enable_sequence_parallelism" }.Any(k => passes.Find(k) is ScalarNode { Text: "true" or "True" });
        foreach (var key in compilation.Entries.Where(e => e.Key != "pass_config").Select(e => e.Key))
        {
            words.Warn($"{key} of --compilation-config is not understood");
        }
    }

    private static void Transfer(MapNode transfer, ReadPool pool, CommandWords words)
    {
        pool.IsDivided = true;
        pool.Role ??= (transfer.Find("kv_role") as ScalarNode)?.Text switch { "kv_producer" => Twin.PoolRole.Prefill, "kv_consumer" => Twin.PoolRole.Decode, _ => null };
        if ((transfer.Find("kv_connector") as ScalarNode)?.Text is { } connector && connector != "NixlConnector")
        {
            words.Warn($"the connector {connector} is not modelled: KV is handed over as the NixlConnector does it");
        }
    }

    // vLLM reads 32k as 32,000 and 32K as 32,768, and -1 as auto.
    private static string Human(string text) => text.Length < 2 || text == "-1" ? (text == "-1" ? "auto" : text)
        : text[^1] switch { 'K' or 'M' or 'G' or 'T' => text + "i", 'm' or 'g' or 't' => text[..^1] + char.ToUpperInvariant(text[^1]), _ => text };

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
