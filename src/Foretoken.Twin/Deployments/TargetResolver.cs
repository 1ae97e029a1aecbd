using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Memory;
using Foretoken.Hardware.Models;
using Foretoken.Twin.Scenarios.Description;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Deployments;

/// <summary>Looks up what a scenario serves on what.</summary>
internal sealed class TargetResolver(Bound root, HardwareLibrary library, BindContext context)
{
    /// <summary>The engine's release; null when the scenario's is none.</summary>
    public EngineVersion? Release { get; private set; }

    /// <summary>Whether the scenario names a model or a GPU, rightly or not.</summary>
    public bool IsWanted { get; private set; }

    /// <summary>The target; null when the scenario names none, or when something about it is wrong.</summary>
    public DeploymentTarget? Resolve()
    {
        if (!root.IsGood(ScenarioFields.Model) || !root.IsGood(ScenarioFields.Engine) || !root.IsGood(ScenarioFields.Hardware))
        {
            return null;
        }

        var model = root.Get(ScenarioFields.Model)!;
        var engine = root.Get(ScenarioFields.Engine)!;
        Release = Version(engine);
        IsWanted = model.IsSet(ModelFields.Name) || root.IsSet(ModelFields.Gpu);
        var named = model.IsSet(ModelFields.Name);
        if (!named || !root.IsSet(ModelFields.Gpu))
        {
            Incomplete(model, named);
            return null;
        }

        var entry = model.IsGood(ModelFields.Name) ? FindModel(model) : null;
        var gpu = root.IsGood(ModelFields.Gpu) ? FindGpu() : null;
        if (model.IsSet(ModelFields.KvBytesPerToken))
        {
            context.Add(model.PlaceOf(ModelFields.KvBytesPerToken), model.PathOf(ModelFields.KvBytesPerToken), $"follows from the model named at {model.PlaceOf(ModelFields.Name)}", "remove it, or the name");
        }

        var hardware = root.Get(ScenarioFields.Hardware);
        if (hardware is not null && hardware.IsSet(ModelFields.GpuMemory))
        {
            context.Add(hardware.PlaceOf(ModelFields.GpuMemory), hardware.PathOf(ModelFields.GpuMemory), $"follows from the GPU named at {root.PlaceOf(ModelFields.Gpu)}", "remove it; a GPU of your own goes into a catalogue file (docs/hardware.md)");
        }

        if (entry is null || gpu is null || Release is not { } version || !ModelFields.LayoutFields.All(root.IsGood) || !root.IsGood(ModelFields.SequenceParallel) || !model.Fields.All(model.IsGood) || !engine.IsGood(EngineFields.KvCacheDtype) || !engine.IsGood(EngineFields.Kind))
        {
            return null;
        }

        var kind = Kind(engine.Get(EngineFields.Kind)!);
        var layout = Layout();
        var target = new DeploymentTarget
        {
            Model = entry,
            Shape = Served(entry.Shape, model),
            ExpertDtype = model.Get(ModelFields.Experts) is "w4a16_mxfp4" or "w4a8_mxfp4_mxfp8" or "int4_wo" ? model.Get(ModelFields.Experts) : null,
            Gpu = gpu,
            Layout = layout,
            Engine = kind,
            Version = version,
            VersionText = version == EngineVersion.Newest ? "" : engine.Get(EngineFields.Version)!,
            KvBytesPerNumber = KvBytes(engine, entry.Shape),
            Library = library,
        };
        return LayoutIsGood(target) && ExchangeResolver.Resolve(engine, kind, layout, gpu, context) is { } exchange ? target with { Exchange = exchange } : null;
    }

    private EngineVersion? Version(Bound engine)
    {
        if (!engine.IsGood(EngineFields.Version))
        {
            return null;
        }

        var written = engine.Get(EngineFields.Version)!;
        var version = EngineVersion.Parse(written);
        if (version is null)
        {
            context.Add(engine.PlaceOf(EngineFields.Version), engine.PathOf(EngineFields.Version), $"'{written}' is no release", "write it as the engine does, for example 0.11.0, 0.5.10.post1 or 1.2.0rc2; or newest");
        }
        else if (engine.IsGood(EngineFields.Kind) && EngineReleases.Problem(Kind(engine.Get(EngineFields.Kind)!), version, engine.PathOf(EngineFields.Version)) is { } tooOld)
        {
            context.Add(engine.PlaceOf(EngineFields.Version), tooOld.Place, tooOld.Message, tooOld.Fix);
            return null;
        }

        return version;
    }

    /// <summary>The kind of engine as the memory model and step times know it.</summary>
    public static EngineKind Kind(string name) => name switch { "sglang" => EngineKind.Sglang, "trtllm" => EngineKind.TensorRtLlm, _ => EngineKind.Vllm };

    private void Incomplete(Bound model, bool named)
    {
        if (named)
        {
            context.Add(model.PlaceOf(ModelFields.Name), model.PathOf(ModelFields.Name), "needs a GPU to be served on", "add gpu: with a name of 'foretoken gpus', for example gpu: h100-sxm");
        }

        if (root.IsSet(ModelFields.Gpu))
        {
            context.Add(root.PlaceOf(ModelFields.Gpu), root.PathOf(ModelFields.Gpu), "needs a model to be served", "add model: with a name of 'foretoken models', for example model: meta-llama/Llama-3.1-70B");
            return;
        }

        foreach (var (bound, field) in named ? [] : ModelFields.LayoutFields.Select(f => (root, (Field)f)).Append((model, ModelFields.Weights)).Append((model, ModelFields.Experts)).Concat(ExchangeFields.All.Select(f => (root.Get(ScenarioFields.Engine)!, (Field)f))).Where(p => p.Item1.IsSet(p.Item2)))
        {
            context.Add(bound.PlaceOf(field), bound.PathOf(field), "decides nothing without a model and a GPU", "add model: and gpu:, or remove it");
        }
    }

    private static ModelShape Served(ModelShape shape, Bound model) =>
        shape.WithFormats(Format(model.Get(ModelFields.Weights)), Format(model.Get(ModelFields.Experts)));

    private static WeightFormat? Format(string? name) => name is null ? null : ServedFormats.Find(name);

    private ModelEntry? FindModel(Bound model) => library.Find(model.Get(ModelFields.Name)!, model.PlaceOf(ModelFields.Name), model.PathOf(ModelFields.Name), context);

    private Gpu? FindGpu()
    {
        var written = root.Get(ModelFields.Gpu)!;
        if (library.Gpus.Find(written) is { } known)
        {
            return known;
        }

        var near = NearestName.Find(written, library.Gpus.Names);
        context.Add(root.PlaceOf(ModelFields.Gpu), root.PathOf(ModelFields.Gpu), $"no GPU is called '{written}'", (near is null ? "" : $"did you mean {near}? ") + "'foretoken gpus' lists those that are known");
        return null;
    }

    private ParallelLayout Layout() => new()
    {
        TensorParallel = root.Get(ModelFields.TensorParallel) ?? 1,
        PipelineParallel = root.Get(ModelFields.PipelineParallel) ?? 1,
        AttentionDataParallel = root.Get(ModelFields.DataParallel) ?? 1,
        ExpertParallel = root.Get(ModelFields.ExpertParallel) ?? 1,
        DecodeContextParallel = root.Get(ModelFields.DecodeContextParallel) ?? 1,
        SequenceParallel = root.Get(ModelFields.SequenceParallel) ?? false,
    };

    // Looked at here and not only with the memory, so that a layout and a length that are both wrong are both told.
    private bool LayoutIsGood(DeploymentTarget target)
    {
        if (target.Engine != EngineKind.Vllm)
        {
            foreach (var field in new Field[] { ModelFields.DecodeContextParallel, ModelFields.SequenceParallel }.Where(root.IsSet))
            {
                context.Add(root.PlaceOf(field), root.PathOf(field), "is known of vLLM only", "remove it, or engine.kind: vllm");
            }
        }

        var problems = MemoryModel.LayoutProblems(target.Shape, target.Layout, "");
        foreach (var problem in problems)
        {
            var field = MemoryResolver.LayoutField(problem.Place);
            context.Add(root.PlaceOf(field), root.PathOf(field), problem.Message, problem.Fix);
        }

        return problems.Count == 0;
    }

    private static int KvBytes(Bound engine, ModelShape shape) => engine.Get(EngineFields.KvCacheDtype) switch
    {
        "auto" => shape.KvCacheFormat?.StartsWith("fp8", StringComparison.OrdinalIgnoreCase) == true ? 1 : 2,
        { } written => written.StartsWith("fp8", StringComparison.Ordinal) ? 1 : 2,
        null => 2,
    };
}
