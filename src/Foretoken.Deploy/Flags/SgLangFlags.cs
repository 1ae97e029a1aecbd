using System.Globalization;
using Foretoken.Deploy.Deployments;
using Foretoken.Deploy.Documents;
using Foretoken.Deploy.Import;
using Foretoken.Hardware.Memory;
using Foretoken.Quantities;
using Foretoken.Twin;
using Foretoken.Twin.Scenarios.Documents;

namespace Foretoken.Deploy.Flags;

/// <summary>
/// SGLang's flags (python/sglang/srt/server_args.py). "Since" as for vLLM: a release in which the flag is known to be there. SGLang's
/// tp_size counts all ranks of a stage, those of attention data parallelism too.
/// </summary>
internal sealed class SgLangFlags : IEngineFlags
{
    private const string Extra = "--hicache-storage-backend-extra-config";

    private static readonly EngineVersion PipelineSince = new(0, 4, 7);
    private static readonly EngineVersion ExpertSizeAlone = new(0, 5, 1);
    private static readonly EngineVersion NgramSince = new(0, 5, 4);
    private static readonly EngineVersion StandaloneSince = new(0, 5, 3);
    private static readonly EngineVersion ExtraSince = new(0, 5, 3);

    private static readonly string[] ExtraKeys = ["prefetch_threshold", "prefetch_timeout_base", "prefetch_timeout_per_ki_token"];

    private static readonly FlagTable Table = new("SGLang",
    [
        new("context_length", "--context-length"),
        new("max_running_requests", "--max-running-requests"),
        new("chunked_prefill_size", "--chunked-prefill-size"),
        new("max_prefill_tokens", "--max-prefill-tokens"),
        new("mem_fraction_static", "--mem-fraction-static"),
        new("max_total_tokens", "--max-total-tokens"),
        new("page_size", "--page-size") { Since = new(0, 4, 5), Before = "1" },
        new("kv_cache_dtype", "--kv-cache-dtype") { Spellings = [("fp8", "fp8_e4m3"), ("bfloat16", "bf16")] },
        new("schedule_policy", "--schedule-policy"),
        new("schedule_conservativeness", "--schedule-conservativeness"),
        new("enable_mixed_chunk", "--enable-mixed-chunk", FlagForm.On),
        new("disable_overlap_schedule", "--disable-overlap-schedule", FlagForm.On),
        new("disable_radix_cache", "--disable-radix-cache", FlagForm.On),
        new("cuda_graph_max_bs", "--cuda-graph-max-bs"),
        new("disable_cuda_graph", "--disable-cuda-graph", FlagForm.On),
        new("stream_interval", "--stream-interval"),
        new("scheduler_recv_interval", "--scheduler-recv-interval") { Since = new(0, 5, 0), Before = "1" },
        new("moe_a2a_backend", "--moe-a2a-backend") { Since = new(0, 5, 0) },
        new("deepep_mode", "--deepep-mode") { Since = new(0, 4, 6) },
        new("enable_hierarchical_cache", "--enable-hierarchical-cache", FlagForm.On) { Since = new(0, 4, 5), Before = "false" },
        new("hicache_ratio", "--hicache-ratio") { Since = new(0, 4, 5) },
        new("hicache_size", "--hicache-size") { Since = new(0, 4, 7) },
        new("hicache_write_policy", "--hicache-write-policy") { Since = new(0, 4, 7) },
        new("hicache_io_backend", "--hicache-io-backend") { Since = new(0, 5, 0) },
        new("hicache_storage_backend", "--hicache-storage-backend") { Since = new(0, 5, 0), Before = "none" },
        new("hicache_storage_prefetch_policy", "--hicache-storage-prefetch-policy") { Since = new(0, 5, 1) },
    ]);

    // Whose values are put together elsewhere.
    private static readonly EngineFlag[] Drafting =
    [
        new("speculative_algorithm", "--speculative-algorithm") { Aliases = ["--speculative-algo"] }, new("speculative_num_steps", "--speculative-num-steps"),
        new("speculative_eagle_topk", "--speculative-eagle-topk"), new("speculative_num_draft_tokens", "--speculative-num-draft-tokens"),
    ];

    /// <summary>Every flag that is one key.</summary>
    public static IReadOnlyList<EngineFlag> Flags => Table.Flags;

    public Launch Write(DeployedPool pool)
    {
        var (notes, problems, arguments) = (new List<string>(), new List<Problem>(), new List<Argument>());
        Layout(pool, arguments, problems);
        var extra = pool.Settings.Where(s => ExtraKeys.Contains(s.Key)).ToList();
        arguments.AddRange(Table.Arguments(WithoutNone(pool) with { Settings = [.. WithoutNone(pool).Settings.Except(extra)] }, notes));
        if (extra.Count > 0 && pool.Version.IsBefore(ExtraSince))
        {
            notes.AddRange(extra.Select(s => $"{s.Key}: {s.Value} is left out: {Extra} is known since SGLang {ExtraSince}, and this is {pool.Version}"));
        }
        else if (extra.Count > 0)
        {
            arguments.Add(new Argument(Extra, JsonText.Write(Tree.Map(extra.Select(s => (s.Key, (ConfigNode?)Tree.Plain(s.Value)))))));
        }

        if (pool.Drafting is { } drafting)
        {
            Drafts(pool, drafting, arguments, notes, problems);
        }

        return new Launch { Arguments = arguments, Notes = notes, Problems = problems };
    }

    public void Read(CommandWords words, ReadPool pool)
    {
        Table.Read(words, pool);
        var ranks = words.TakeNumber("--tp-size", "--tensor-parallel-size", "--tp") ?? 1;
        pool.Pipeline = words.TakeNumber("--pp-size", "--pipeline-parallel-size", "--pp") ?? 1;
        var copies = words.TakeNumber("--dp-size", "--data-parallel-size", "--dp") ?? 1;
        var attention = words.TakeSwitch(["--enable-dp-attention"]) == true;
        pool.Expert = words.TakeNumber("--ep-size", "--expert-parallel-size", "--ep") ?? 1;
        var old = words.TakeSwitch(["--enable-ep-moe"]) == true;
        pool.Expert = old && pool.Expert == 1 ? ranks : pool.Expert;
        if (attention && copies > 1 && ranks % copies == 0)
        {
            (pool.Tensor, pool.Data) = (ranks / copies, copies);
        }
        else
        {
            (pool.Tensor, pool.Copies) = (ranks, copies);
        }

        words.Take(["--nnodes"]);
        words.Take(["--dist-init-addr", "--nccl-init-addr"]);
        if (words.Take(["--node-rank"]) is { } rank && rank != "0")
        {
            pool.IsPartOfReplica = true;
        }

        if (words.Take(["--disaggregation-mode"]) is { } mode && mode is "prefill" or "decode")
        {
            (pool.IsDivided, pool.Role) = (true, mode == "prefill" ? PoolRole.Prefill : PoolRole.Decode);
        }

        words.Take(["--disaggregation-transfer-backend"]);
        words.Take(["--disaggregation-bootstrap-port"]);
        words.Take(["--disaggregation-ib-device"]);
        if (words.TakeYaml([Extra]) is MapNode extra)
        {
            foreach (var entry in extra.Entries)
            {
                if (ExtraKeys.Contains(entry.Key) && entry.Value is ScalarNode value)
                {
                    pool.Settings[entry.Key] = entry.Key == ExtraKeys[0] ? value.Text : value.Text + "s";
                }
                else
                {
                    words.Warn($"{entry.Key} of {Extra} is not understood");
                }
            }
        }

        pool.DraftModel = words.Take(["--speculative-draft-model-path", "--speculative-draft-model"]);
        foreach (var flag in Drafting)
        {
            if (words.Take([flag.Flag, .. flag.Aliases]) is { } value)
            {
                pool.OwnDrafting.Add(new Setting(flag.Key, value));
            }
        }
    }

    private static void Layout(DeployedPool pool, List<Argument> arguments, List<Problem> problems)
    {
        var layout = pool.Layout;
        arguments.Add(new Argument("--tp-size", Number(layout.ExpertRanks)));
        if (layout.PipelineParallel > 1)
        {
            if (pool.Version.IsBefore(PipelineSince))
            {
                problems.Add(Table.TooOld(pool, "--pp-size", "0.4.7"));
            }

            arguments.Add(new Argument("--pp-size", Number(layout.PipelineParallel)));
        }

        if (layout.AttentionDataParallel > 1)
        {
            arguments.Add(new Argument("--dp-size", Number(layout.AttentionDataParallel)));
            arguments.Add(new Argument("--enable-dp-attention"));
        }

        if (layout.ExpertParallel > 1)
        {
            arguments.Add(new Argument("--ep-size", Number(layout.ExpertParallel)));
            if (pool.Version.IsBefore(ExpertSizeAlone))
            {
                arguments.Add(new Argument("--enable-ep-moe"));
            }
        }
    }

    // "none" is said by leaving the flag out; before v0.5.5 there is no name for 16 bits but "auto".
    private static DeployedPool WithoutNone(DeployedPool pool) => pool with
    {
        Settings =
        [
            .. pool.Settings.Where(s => s is not { Key: "hicache_storage_backend", Value: "none" })
                .Select(s => s is { Key: "kv_cache_dtype", Value: "bf16" or "bfloat16" } && pool.Version.IsBefore(0, 5, 5) ? s with { Value = "auto" } : s),
        ],
    };

    private static void Drafts(DeployedPool pool, Drafting drafting, List<Argument> arguments, List<string> notes, List<Problem> problems)
    {
        var flags = drafting.OwnFlags;
        var algorithm = flags.Count > 0 ? flags[0].Value
            : drafting.Method switch { "ngram" => "NGRAM", "draft_model" => "STANDALONE", "eagle3" => "EAGLE3", _ => "EAGLE" };
        if ((algorithm == "NGRAM" && pool.Version.IsBefore(NgramSince)) || (algorithm == "STANDALONE" && pool.Version.IsBefore(StandaloneSince)))
        {
            problems.Add(Table.TooOld(pool, $"--speculative-algorithm {algorithm}", algorithm == "NGRAM" ? "0.5.4" : "0.5.3"));
        }

        if (flags.Count == 0)
        {
            flags = algorithm == "NGRAM"
                ? [new("speculative_algorithm", algorithm), new("speculative_num_draft_tokens", Number(drafting.Tokens + 1))]
                : [new("speculative_algorithm", algorithm), new("speculative_num_steps", Number(drafting.Tokens)), new("speculative_eagle_topk", "1"), new("speculative_num_draft_tokens", Number(drafting.Tokens + 1))];
        }

        arguments.AddRange(flags.Select(f => new Argument(Drafting.First(d => d.Key == f.Key).Flag, f.Value)));
        var head = drafting.Model;
        if (head is null && (drafting.Method is "eagle" or "eagle3" || (drafting.Method is null && algorithm == "EAGLE3")))
        {
            head = VllmFlags.UnnamedHead;
            notes.Add($"the scenario names no draft head: put the name of an {algorithm} head for {pool.Model} in the place of {head}");
        }

        if (head is not null)
        {
            arguments.Add(new Argument("--speculative-draft-model-path", head));
        }

        if (drafting.Acceptance.Any(a => a.Key == "simulate_acc_len"))
        {
            notes.Add("simulate_acc_len is what the scenario expects to be accepted: SGLANG_SIMULATE_ACC_LEN is not set, for it would force it");
        }
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
