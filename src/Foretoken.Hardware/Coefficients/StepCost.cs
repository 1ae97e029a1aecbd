using Foretoken.Hardware.Coefficients.Operators;
using Foretoken.Hardware.Memory;
using Foretoken.Hardware.Models;
using Foretoken.Hardware.StepTime;

namespace Foretoken.Hardware.Coefficients;

/// <summary>
/// The operators of a forward pass put together, on one rank of one pipeline stage's share of all layers. Everything here is
/// exact and slow (microseconds per call); <see cref="CoefficientsStepTime"/> tabulates it.
/// </summary>
internal sealed class StepCost
{
    private readonly Deployment _deployment;
    private readonly EngineOverheads _overheads;
    private readonly Collectives _collectives;
    private readonly IProduct _head;
    private readonly double _vocabulary;
    private readonly double _hidden;

    public StepCost(Deployment deployment)
    {
        _deployment = deployment;
        var backend = FitLookup.Backend(deployment.Engine);
        Calibration = deployment.Calibration ?? Calibration.BuiltIn;
        _overheads = Calibration.Of(backend, deployment.EngineVersion);
        Fits = new FitLookup(deployment.Gpu, deployment.Engine);
        var model = deployment.Model;
        var layout = deployment.Layout;
        IOperators operators = deployment.Tables is { } tables && !deployment.IsBound ? new OpTables.TabledOperators(tables, Fits, backend, deployment.EngineVersion) : new FittedOperators(Fits);
        operators = deployment.IsBound ? new BoundOperators(operators) : operators;
        _collectives = new Collectives(deployment, operators, _overheads);
        Layers = [.. Groups(model.Layers).Select(g => new LayerCost(g.Layer, g.Count, model, deployment, operators, _collectives, _overheads))];
        LayerCount = model.Layers.Count;
        _vocabulary = model.Vocabulary;
        _hidden = model.Hidden;
        _head = Head(model, layout, operators);
        var release = EngineVersion.Parse(deployment.EngineVersion) ?? EngineVersion.Newest;
        Graphs = CudaGraphs.Of(deployment.Engine, release, deployment.Eager ? 0 : deployment.GraphBatch ?? DefaultGraphs(deployment, release, Fits));
        var widest = WeightShards.Stages(model.Layers.Count, layout.PipelineParallel);
        StageShare = Enumerable.Range(0, layout.PipelineParallel).Max(i => widest[i + 1] - widest[i]) / (double)model.Layers.Count;
        (DecodeScale, PrefillScale, PromptAttentionScale) = Calibration.Scale(backend, deployment.Gpu.Name, Calibration.Family(model), Calibration.Format(model));
        Draft = deployment.Speculation is { } speculation ? new DraftCost(deployment, speculation, operators, _collectives, _overheads) : null;
    }

    public FitLookup Fits { get; }

    public Calibration Calibration { get; }

    /// <summary>Overheads of the engine's version.</summary>
    public EngineOverheads Overheads => _overheads;

    public IReadOnlyList<LayerCost> Layers { get; }

    public int LayerCount { get; }

    public CudaGraphs Graphs { get; }

    /// <summary>Share of the layers in the longest pipeline stage.</summary>
    public double StageShare { get; }

    /// <summary>Calibrated factor on decoding.</summary>
    public double DecodeScale { get; }

    /// <summary>Calibrated factor on what prompt tokens add.</summary>
    public double PrefillScale { get; }

    /// <summary>Calibrated factor on the attention of prompts.</summary>
    public double PromptAttentionScale { get; }

    /// <summary>Drafting, or null.</summary>
    public DraftCost? Draft { get; }

    /// <summary>Products, small kernels and all-reduces of all layers, us. Depends on the rank's own tokens only.</summary>
    public double DenseUs(double tokens, bool graph)
    {
        var sum = EmbeddingReduceUs(tokens, graph);
        foreach (var layer in Layers)
        {
            sum += layer.Count * (layer.ProductsUs(tokens) + layer.SmallUs(tokens) + layer.ReduceUs(tokens, graph));
        }

        return sum;
    }

    /// <summary>All-reduce behind the divided embedding, us.</summary>
    public double EmbeddingReduceUs(double tokens, bool graph) => _collectives.AllReduce(tokens * 2 * _hidden, graph);

    /// <summary>Whether steps with prompts exchange tokens in another way than those without.</summary>
    public bool ExchangesByStep => _deployment.Exchange == ExpertExchange.DeepEpAuto;

    /// <summary>Routed experts of all layers, us; tokens of all attention-data-parallel ranks.</summary>
    public double ExpertsUs(double groupTokens, bool prompts)
    {
        var sum = 0.0;
        foreach (var layer in Layers)
        {
            sum += layer.Count * layer.ExpertsUs(groupTokens, prompts);
        }

        return sum;
    }

    /// <summary>Attention of decoding requests, all layers, us.</summary>
    public double DecodeAttentionUs(double requests, double context, double queries)
    {
        var sum = 0.0;
        foreach (var layer in Layers)
        {
            sum += layer.Count * layer.Mixer.Decode(requests, context, queries);
        }

        return sum;
    }

    /// <summary>Attention of prompt chunks, all layers, us, divided over micro-batches.</summary>
    public double ContextAttentionUs(ReadOnlySpan<PrefillChunk> chunks, double parts, bool exact)
    {
        var sum = 0.0;
        foreach (var layer in Layers)
        {
            sum += layer.Count * layer.Mixer.Context(chunks, parts, exact);
        }

        return sum * PromptAttentionScale;
    }

    /// <summary>Projection to the vocabulary for so many sampled tokens, and half of the logits' all-gather, us.</summary>
    public double HeadUs(double sampled) => sampled <= 0 ? 0 : _head.Us(sampled) + (0.5 * _collectives.Gather(sampled * 2 * _vocabulary));

    /// <summary>Activations of so many tokens to the next stage, us.</summary>
    public double SendUs(double tokens) => _deployment.Layout.PipelineParallel == 1 ? 0 : _collectives.Send(tokens * 2 * _hidden);

    /// <summary>A step of the host and the GPU together, us.</summary>
    public double WithHost(double gpu, double requests)
    {
        var host = Host(requests);
        return Math.Max(gpu + host.Added, host.Least) + host.Always;
    }

    /// <summary>What the host adds to the GPU's time of a step, the least time that its work leaves, and what comes on top of either, us.</summary>
    public (double Added, double Least, double Always) Host(double requests)
    {
        var host = (_overheads.HostUs + (requests * _overheads.SequenceUs)) * (_deployment.Layout.Gpus == 1 ? _overheads.SingleGpuHost : 1);
        return _overheads.Overlapped ? (0, host, _overheads.StepUs) : (host, 0, _overheads.StepUs);
    }

    /// <summary>Factor on the GPU time of steps that compute prompt tokens.</summary>
    public double PrefillFactor => _overheads.PrefillFactor;

    /// <summary>Least time of a step that replays no CUDA graph: the host launches every layer, us.</summary>
    public double LaunchUs => LayerCount * _overheads.EagerLayerUs;

    /// <summary>The deployment that stands for all with the same step times.</summary>
    public static Deployment Canonical(Deployment deployment)
    {
        var release = EngineVersion.Parse(deployment.EngineVersion) ?? EngineVersion.Newest;
        var graphs = deployment.GraphBatch ?? DefaultGraphs(deployment, release, new FitLookup(deployment.Gpu, deployment.Engine));
        return deployment with { GraphBatch = deployment.Eager ? 0 : graphs, MaxBatchedTokens = 0, MaxSequences = 0, TimeFactor = 1 };
    }

    private static IProduct Head(ModelShape model, ParallelLayout layout, IOperators operators)
    {
        var weight = model.Outside.FirstOrDefault(w => w.Part == ModelPart.Head) ?? model.Outside.First(w => w.Part == ModelPart.Embedding);
        var dtype = WeightDtypes.Dense(weight.Format);
        return operators.Product("head", dtype, WeightDtypes.Bytes(weight.Format), Math.Ceiling((double)model.Vocabulary / layout.TensorParallel), model.Hidden);
    }

    /// <summary>Layers that are alike but for their number.</summary>
    internal static IEnumerable<(ModelLayer Layer, int Count)> Groups(IReadOnlyList<ModelLayer> layers) => layers
        .GroupBy(l => (l.Attention, l.Ffn, string.Join(';', l.Weights.Select(w => FormattableString.Invariant($"{w.Part},{w.Rows},{w.Columns},{w.Format.Name},{w.Split}")))))
        .Select(g => (g.First(), g.Count()));

    // vLLM: min(2 max_num_seqs, 512; 1,024 on Blackwell), before v0.10 512 (vllm PR #20628); SGLang: by memory; TensorRT-LLM: its batch limit.
    private static int DefaultGraphs(Deployment deployment, EngineVersion release, FitLookup fits) => deployment.Engine switch
    {
        EngineKind.Vllm when release.IsBefore(0, 10) => Math.Min(512, deployment.MaxBatchedTokens),
        EngineKind.Vllm => Math.Min(Math.Min(2 * deployment.MaxSequences, fits.Figures.Fp4 > 0 && !release.IsBefore(0, 11) ? 1024 : 512), deployment.MaxBatchedTokens),
        EngineKind.Sglang => Math.Min(SgLangCudaGraphs.MaxBs(release, deployment.Gpu.MemoryBytes, deployment.Layout), deployment.MaxSequences),
        _ => Math.Min(2048, deployment.MaxSequences),
    };
}
