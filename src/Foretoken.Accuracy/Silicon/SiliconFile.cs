using Foretoken.Accuracy.Files;
using Foretoken.Quantities;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Accuracy.Silicon;

/// <summary>A file of measurements, by its layout: closed-loop points of single servers or of prefill and decode workers, or stages of open-loop runs.</summary>
/// <param name="Rows">Closed-loop points.</param>
/// <param name="Stages">Stages.</param>
/// <param name="Notes">What was not used, in sentences.</param>
public sealed record SiliconFile(IReadOnlyList<SiliconRow> Rows, IReadOnlyList<LoadStageRow> Stages, IReadOnlyList<string> Notes)
{
    private static readonly string[] DisaggregatedColumns =
    [
        "id", "system", "backend", "model", "precision", "isl", "osl", "length_range_ratio", "concurrency", "prefill_workers", "prefill_gpus_per_worker",
        "prefill_dp_attention", "decode_workers", "decode_gpus_per_worker", "decode_dp_attention", "measured_ttft_ms", "measured_tpot_ms",
    ];

    private static readonly string[] PointColumns =
    [
        "id", "source", "system", "backend", "backend_version", "model", "precision", "gemm_dtype", "moe_dtype", "isl", "osl", "length_range_ratio",
        "concurrency", "num_prompts", "tensor_parallel", "attention_dp", "moe_tensor_parallel", "moe_expert_parallel", "measured_ttft_ms", "measured_tpot_ms",
    ];

    private static readonly string[] StageColumns =
    [
        "variant", "stage", "model", "system", "gpus", "backend", "backend_version", "precision", "gpu_memory_utilization", "max_model_len", "arrivals",
        "stage_seconds", "client_concurrency_cap", "shared_prefix_groups", "shared_prefix_tokens", "question_tokens", "output_tokens", "max_num_seqs",
        "enable_prefix_caching", "enable_chunked_prefill", "spec_method", "num_speculative_tokens", "requested_rps", "served_rps", "prompt_tokens_mean",
        "output_tokens_mean", "ttft_mean_ms", "e2e_mean_ms", "tpot_mean_ms",
    ];

    // Read by nobody, but known: no remark about them.
    private static readonly string[] KnownColumns =
    [
        "ignore_eos", "count", "send_duration_s", "ttft_median_ms", "ttft_p90_ms", "ttft_p95_ms", "ttft_p99_ms", "e2e_median_ms", "e2e_p90_ms",
        "e2e_p95_ms", "e2e_p99_ms", "server_ttft_mean_ms", "server_e2e_mean_ms",
    ];

    /// <summary>Closed-loop points of prefill and decode workers.</summary>
    public IReadOnlyList<DisaggregatedRow> Disaggregated { get; init; } = [];

    /// <summary>Reads a file.</summary>
    /// <param name="name">Its name, for messages.</param>
    /// <param name="text">Its text.</param>
    /// <exception cref="InputException">It cannot be used: every problem with its line and column.</exception>
    public static SiliconFile Read(string name, TextReader text)
    {
        var table = CsvTable.Read(name, text);
        var divided = table.Column("prefill_workers") >= 0 || table.Column("decode_workers") >= 0;
        var stages = table.Column("requested_rps") >= 0 || table.Column("variant") >= 0;
        var columns = divided ? DisaggregatedColumns : stages ? StageColumns : PointColumns;
        CheckColumns(name, table, columns);
        var problems = new List<Problem>();
        if (table.Rows.Count == 0)
        {
            problems.Add(new(name, "has a header and no rows", "at least one measurement"));
        }

        var reader = new RowReader(table, problems);
        var points = new List<SiliconRow>();
        var loads = new List<LoadStageRow>();
        var workers = new List<DisaggregatedRow>();
        foreach (var row in table.Rows)
        {
            reader.At(row);
            if (divided)
            {
                workers.Add(Workers(row, reader));
            }
            else if (stages)
            {
                loads.Add(Stage(row, reader));
            }
            else
            {
                points.Add(Point(row, reader));
            }
        }

        if (problems.Count > 0)
        {
            throw new InputException(problems);
        }

        CheckStages(name, loads);
        var unused = table.Header.Except(columns).Except(KnownColumns).ToList();
        return new SiliconFile(points, loads, unused.Count == 0 ? [] : [$"{name}: columns that are not used: {string.Join(", ", unused)}"]) { Disaggregated = workers };
    }

    private static void CheckColumns(string name, CsvTable table, string[] columns)
    {
        var missing = columns.Where(c => table.Column(c) < 0).ToList();
        if (missing.Count == columns.Length)
        {
            throw new InputException(name, "is no file of measurements: none of its columns is known", $"the columns of single servers ({string.Join(",", PointColumns)}) or of load stages ({string.Join(",", StageColumns)})");
        }

        if (missing.Count > 0)
        {
            throw new InputException([.. missing.Select(c => new Problem(
                $"{name}:1",
                $"lacks the column '{c}'",
                NearestName.Find(c, table.Header.Except(columns)) is { } near ? $"rename '{near}'?" : "add it; docs/accuracy.md describes the columns"))]);
        }
    }

    private static DisaggregatedRow Workers(CsvRow row, RowReader read) => new()
    {
        Line = row.Line,
        Id = read.Text("id"),
        System = read.Text("system"),
        Backend = read.Choice("backend", "vllm", "sglang", "trtllm"),
        Model = read.Text("model"),
        Precision = read.Text("precision"),
        Isl = read.Whole("isl", 1, 100_000_000),
        Osl = read.Whole("osl", 1, 100_000_000),
        LengthRangeRatio = read.Number("length_range_ratio", max: 1),
        Concurrency = read.Whole("concurrency", 1, 1_000_000),
        Prefill = new WorkerShape(read.Whole("prefill_workers", 1, 4096), read.Whole("prefill_gpus_per_worker", 1, 4096), read.Switch("prefill_dp_attention")),
        Decode = new WorkerShape(read.Whole("decode_workers", 1, 4096), read.Whole("decode_gpus_per_worker", 1, 4096), read.Switch("decode_dp_attention")),
        TtftMs = read.Number("measured_ttft_ms"),
        TpotMs = read.Number("measured_tpot_ms"),
    };

    private static SiliconRow Point(CsvRow row, RowReader read) => new()
    {
        Line = row.Line,
        Id = read.Text("id"),
        Source = read.Text("source"),
        System = read.Text("system"),
        Backend = read.Choice("backend", "vllm", "sglang", "trtllm"),
        BackendVersion = read.Text("backend_version", mayBeEmpty: true),
        Model = read.Text("model"),
        Precision = read.Text("precision", mayBeEmpty: true),
        GemmDtype = read.Text("gemm_dtype", mayBeEmpty: true),
        MoeDtype = read.Text("moe_dtype", mayBeEmpty: true),
        Isl = read.Whole("isl", 1, 100_000_000),
        Osl = read.Whole("osl", 1, 100_000_000),
        LengthRangeRatio = read.Number("length_range_ratio", max: 1),
        Concurrency = read.Whole("concurrency", 1, 1_000_000),
        NumPrompts = read.Whole("num_prompts", 1, 100_000_000),
        TensorParallel = read.Whole("tensor_parallel", 1, 4096),
        AttentionDp = read.Whole("attention_dp", 1, 4096),
        MoeTensorParallel = read.Whole("moe_tensor_parallel", 1, 4096),
        MoeExpertParallel = read.Whole("moe_expert_parallel", 1, 4096),
        TtftMs = read.Number("measured_ttft_ms"),
        TpotMs = read.Number("measured_tpot_ms"),
    };

    private static LoadStageRow Stage(CsvRow row, RowReader read) => new()
    {
        Line = row.Line,
        Variant = read.Text("variant"),
        Stage = read.Whole("stage", 0),
        Model = read.Text("model"),
        System = read.Text("system"),
        Gpus = read.Whole("gpus", 1, 4096),
        Backend = read.Choice("backend", "vllm", "sglang", "trtllm"),
        BackendVersion = read.Text("backend_version", mayBeEmpty: true),
        Precision = read.Text("precision"),
        GpuMemoryUtilization = read.Number("gpu_memory_utilization", max: 1),
        MaxModelLen = read.Whole("max_model_len", 1),
        Poisson = read.Choice("arrivals", "constant", "poisson") == "poisson",
        StageSeconds = read.Number("stage_seconds", max: 1e6),
        ClientConcurrencyCap = read.Whole("client_concurrency_cap", 1),
        SharedPrefixGroups = read.Whole("shared_prefix_groups", 0, 1_000_000),
        SharedPrefixTokens = read.Whole("shared_prefix_tokens", 0, 100_000_000),
        QuestionTokens = read.Whole("question_tokens", 1, 100_000_000),
        OutputTokens = read.Whole("output_tokens", 1, 100_000_000),
        MaxNumSeqs = read.Whole("max_num_seqs", 1),
        PrefixCaching = read.Switch("enable_prefix_caching"),
        ChunkedPrefill = read.Switch("enable_chunked_prefill"),
        SpecMethod = read.Text("spec_method", mayBeEmpty: true),
        SpeculativeTokens = read.Whole("num_speculative_tokens", 0, 1024),
        RequestedRps = read.Number("requested_rps", max: 1e6),
        ServedRps = read.Number("served_rps", max: 1e6),
        PromptTokensMean = read.Number("prompt_tokens_mean"),
        OutputTokensMean = read.Number("output_tokens_mean", above: 1),
        TtftMs = read.Number("ttft_mean_ms"),
        E2eMs = read.Number("e2e_mean_ms"),
        TpotMs = read.Number("tpot_mean_ms"),
    };

    // Stages of one variant are one run: what the server is may not change in between.
    private static void CheckStages(string name, List<LoadStageRow> loads)
    {
        var problems = new List<Problem>();
        foreach (var variant in loads.GroupBy(l => l.Variant))
        {
            var first = variant.First();
            foreach (var stage in variant.Skip(1).Where(s => !Server(s).Equals(Server(first))))
            {
                problems.Add(new($"{name}:{stage.Line}", $"describes another server than line {first.Line}, and both are variant '{first.Variant}'", "give it a variant of its own"));
            }

            foreach (var twice in variant.GroupBy(s => s.Stage).Where(g => g.Count() > 1))
            {
                problems.Add(new($"{name}:{twice.Last().Line}", $"is stage {twice.Key} of variant '{first.Variant}' again", "number the stages"));
            }
        }

        if (problems.Count > 0)
        {
            throw new InputException(problems);
        }
    }

    private static object Server(LoadStageRow s) => (s.Model, s.System, s.Gpus, s.Backend, s.BackendVersion, s.Precision, s.GpuMemoryUtilization, (s.MaxModelLen, s.MaxNumSeqs, s.PrefixCaching, s.ChunkedPrefill, s.SpecMethod, s.SpeculativeTokens, s.ClientConcurrencyCap));
}
