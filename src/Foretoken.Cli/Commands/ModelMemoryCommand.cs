using System.CommandLine;
using Foretoken.Hardware.Memory;
using Foretoken.Quantities;
using Foretoken.Reports.Hardware;
using Foretoken.Twin.Deployments;

namespace Foretoken.Cli.Commands;

/// <summary><c>foretoken models memory NAME|PATH --gpu GPU</c>.</summary>
internal static class ModelMemoryCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("name") { Description = "Name of the model, or path of a HuggingFace config.json.", HelpName = "NAME|PATH" };
        var gpu = new Option<string>("--gpu") { Description = "GPU (foretoken gpus).", HelpName = "NAME", Required = true };
        var engine = new Option<string>("--engine") { Description = "Whose rules: vllm, sglang or trtllm.", HelpName = "ENGINE", DefaultValueFactory = _ => "vllm" };
        var tensor = Whole("--tensor-parallel", "GPUs that share each layer.", 1);
        var pipeline = Whole("--pipeline-parallel", "Pipeline stages.", 1);
        var data = Whole("--attention-data-parallel", "Copies of all but the routed experts.", 1);
        var expert = Whole("--expert-parallel", "Groups that the routed experts are dealt out to.", 1);
        var version = new Option<string>("--engine-version") { Description = "Release of the engine; newest if left out.", HelpName = "VERSION", DefaultValueFactory = _ => "newest" };
        var tokens = new Option<int?>("--max-num-batched-tokens") { Description = "Most tokens of a forward pass; the engine's default on this GPU if left out.", HelpName = "N" };
        var sequences = new Option<int?>("--max-num-seqs") { Description = "Most requests of a forward pass; the engine's default on this GPU if left out.", HelpName = "N" };
        var fraction = new Option<double?>("--memory-fraction") { Description = "gpu_memory_utilization, mem_fraction_static or free_gpu_memory_fraction; the engine's default if left out.", HelpName = "SHARE" };
        var kv = new Option<string>("--kv-cache-dtype") { Description = "Numbers of the KV cache: bf16 or fp8.", HelpName = "FORMAT", DefaultValueFactory = _ => "bf16" };
        var options = new CatalogueOptions();
        var command = new Command("memory", "Show what fits: the memory of one GPU line by line, down to KV blocks.")
        {
            name, gpu, engine, version, tensor, pipeline, data, expert, tokens, sequences, fraction, kv,
        };
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            var layout = new ParallelLayout
            {
                TensorParallel = parsed.GetValue(tensor),
                PipelineParallel = parsed.GetValue(pipeline),
                AttentionDataParallel = parsed.GetValue(data),
                ExpertParallel = parsed.GetValue(expert),
            };
            Output.Write(Run(
                parsed.GetRequiredValue(name), parsed.GetRequiredValue(gpu), parsed.GetRequiredValue(engine), parsed.GetRequiredValue(kv),
                parsed.GetRequiredValue(version), layout, parsed.GetValue(tokens), parsed.GetValue(sequences), parsed.GetValue(fraction), options.Catalogue(parsed), options.Json(parsed), Screen.Width, Screen.HasColour));
            return ExitCodes.Ok;
        });
        return command;
    }

    internal static string Run(
        string name, string gpuName, string engine, string kvFormat, string version, ParallelLayout layout, int? tokens, int? sequences, double? fraction, string? catalogue, bool json, int width, bool colour)
    {
        var catalogues = Catalogues.Catalogues.Load(catalogue);
        var problems = new List<Problem>();
        var gpu = catalogues.Gpus.Find(gpuName);
        if (gpu is null)
        {
            problems.Add(new Problem("--gpu", $"no GPU is called '{gpuName}'", Catalogues.Catalogues.Meant(gpuName, catalogues.Gpus.Names)));
        }

        EngineKind? kind = engine switch { "vllm" => EngineKind.Vllm, "sglang" => EngineKind.Sglang, "trtllm" => EngineKind.TensorRtLlm, _ => null };
        if (kind is null)
        {
            problems.Add(new Problem("--engine", $"'{engine}' is no engine that is known here", "vllm, sglang or trtllm"));
        }

        if (kvFormat is not ("bf16" or "fp8"))
        {
            problems.Add(new Problem("--kv-cache-dtype", $"'{kvFormat}' is not known", "bf16 or fp8"));
        }

        var release = EngineVersion.Parse(version);
        if (release is null)
        {
            problems.Add(new Problem("--engine-version", $"'{version}' is no release", "write it as the engine does, for example 0.11.0, 0.5.10.post1 or 1.2.0rc2; or newest"));
        }

        else if (kind is { } known && EngineReleases.Problem(known, release, "--engine-version") is { } tooOld)
        {
            problems.Add(tooOld);
        }

        foreach (var (option, value) in new[] { ("--max-num-batched-tokens", tokens), ("--max-num-seqs", sequences) })
        {
            if (value < 1)
            {
                problems.Add(new Problem(option, $"is {value}", "a whole number of at least 1"));
            }
        }

        var entry = TryFind(name, catalogues, problems);
        if (problems.Count > 0)
        {
            throw new InputException(problems);
        }

        var given = new EngineMemory { Kind = kind!.Value, Version = release!, MemoryFraction = fraction, KvBytesPerNumber = kvFormat == "fp8" ? 1 : 2 };
        var settings = MemoryDefaults.Complete(given, tokens, sequences, gpu!, entry!.Shape, layout);
        var plan = MemoryModel.Plan(entry!.Shape, gpu!.MemoryBytes, layout, settings, "--");
        return json
            ? MemoryReport.Json(entry.Shape, gpu, layout, settings, plan)
            : MemoryReport.Render(entry.Shape, gpu, layout, settings, plan, width, colour);
    }

    private static Foretoken.Hardware.Models.ModelEntry? TryFind(string name, Catalogues.Catalogues catalogues, List<Problem> problems)
    {
        try
        {
            return ModelsCommand.Find(name, catalogues.Models);
        }
        catch (InputException e)
        {
            problems.AddRange(e.Problems);
            return null;
        }
    }

    private static Option<int> Whole(string name, string description, int otherwise) =>
        new(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => otherwise };
}
