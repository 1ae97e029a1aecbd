using Foretoken.Hardware.Coefficients.Operators;

namespace Foretoken.Hardware.Coefficients;

/// <summary>Operators from formulas with fitted coefficients.</summary>
internal sealed class FittedOperators(FitLookup fits) : IOperators
{
    // The tables quantise activations before each product; with static scales that is part of the norm or activation
    // before it.
    private const double FusedQuantisationT0Us = 4;

    public SystemFigures Figures => fits.Figures;

    // Point to point between pipeline stages: aiconfigurator's constant.
    public double SendUs => 10;

    public IProduct Product(string what, string dtype, double weightBytes, double n, double k, bool fusedQuantisation = false)
    {
        var fit = fits.Find<GemmFit>("gemm", dtype, what);
        var hidden = fusedQuantisation && dtype is "fp8" or "nvfp4" ? Math.Max(0, fit.T0Us - FusedQuantisationT0Us) : 0;
        return new Gemm(hidden > 0 ? fit with { T0Us = FusedQuantisationT0Us } : fit, Figures, Figures.Peak(dtype), weightBytes, n, k) { HiddenUs = hidden };
    }

    public IRoutedExperts Experts(in ExpertShape shape) =>
        new Experts(Fit(shape), Figures, Figures.Peak(shape.Dtype), shape.WeightBytes)
        {
            Count = shape.Count,
            PerToken = shape.PerToken,
            Hidden = shape.Hidden,
            Width = (double)shape.FullWidth / shape.Shards,
            Groups = shape.Groups,
            Matrices = shape.Matrices,
            Skew = shape.Skew,
            ImbalanceFactor = shape.ImbalanceFactor,
            Received = shape.Received,
        };

    // DeepEP's low-latency kernels were measured (aiconfigurator's wideep tables; over nodes: 16 to 64 H100, 30 us and 46 to 49 GB/s
    // of 50). Its normal kernels: 153 to 158 GB/s of an H800's 200 and 43 to 58 of its card's 50 (DeepEP's README). TensorRT-LLM's
    // NVLink all-to-all has no public figures: taken to start and to use the links as DeepEP's low-latency kernels do.
    private const double NormalT0Us = 40;
    private const double NormalEff = 0.77;
    private const double NicEff = 0.93;
    private const double LeavingUs = 18;

    public ITokenWay Way(ExpertExchange kind, bool isDispatch, bool leavesDomain)
    {
        var measured = fits.LowLatency(isDispatch ? "dispatch" : "combine");
        var (start, eff) = kind switch
        {
            ExpertExchange.DeepEpNormal => (NormalT0Us, NormalEff),
            _ => (measured.T0Us, measured.Eff),
        };
        return new TokenWay(start + (leavesDomain ? LeavingUs : 0), Figures.Link, eff, Figures.Nic, NicEff);
    }

    // TensorRT-LLM's kernels of its own were measured in nvfp4 on B200 and GB200 (the tables of B300 and GB300 hold CUTLASS's);
    // in other formats they are taken to be as efficient.
    private ExpertFit Fit(in ExpertShape shape)
    {
        switch (shape.Kernels)
        {
            case ExpertKernels.TrtllmGen when Figures.Fp4 > 0:
                fits.Note($"experts in {shape.Dtype}: TensorRT-LLM's own kernels, as efficient as in nvfp4 on B200");
                return fits.Experts("trtllm", "nvfp4", fits.Systems.Contains("gb200") && fits.Systems[0] is "gb200" or "gb300" ? ["gb200"] : ["b200-sxm"]);
            case ExpertKernels.Grouped when shape.Dtype is "fp8_block":
                fits.Note($"experts in {shape.Dtype} behind DeepEP: grouped products, taken from trtllm");
                return fits.Experts("trtllm", shape.Dtype, fits.Systems);
            default:
                return fits.Find<ExpertFit>("moe", shape.Dtype, "experts");
        }
    }

    public IDecodeAttention Generation(in HeadShape heads) =>
        new GenerationAttention(fits.Find<GenerationFit>("attention_generation", "", "attention, decode"), Figures, heads.Heads, heads.KvHeads, heads.Dim, heads.KvBytes);

    public IPromptAttention Context(in HeadShape heads) =>
        new ContextAttention(fits.Find<ContextFit>("attention_context", KvDtype(heads.KvBytes), "attention, prompt"), Figures, PeakOf(heads.KvBytes), heads.Heads, heads.KvHeads, heads.Dim, heads.KvBytes, heads.Window);

    public IDecodeAttention LatentGeneration(in LatentShape shape) =>
        new LatentGeneration(fits.Find<LatentGenerationFit>("mla_generation", KvDtype(shape.KvBytes), "latent attention, decode"), Figures, PeakOf(shape.KvBytes), shape.Heads, shape.KeyDim, shape.SumDim, shape.KvBytes);

    public IPromptAttention LatentContext(in LatentShape shape) =>
        new LatentContext(fits.Find<LatentContextFit>("mla_context", KvDtype(shape.KvBytes), "latent attention, prompt"), Figures, Figures.Bf16, shape.Heads, shape.PairDim);

    public ICollective Collective(string operation, int ranks, bool custom, int domain)
    {
        var (fit, _) = fits.Collective(operation, ranks, custom);
        var link = Figures.Link;
        if (ranks > domain)
        {
            link = Math.Min(link, Figures.Nic);
            fits.Note(FormattableString.Invariant($"{operation} over {ranks} ranks leaves the domain of {domain} GPUs: bounded by the network interface"));
        }

        return new Collective(fit, link, (operation == "all_reduce" ? 2.0 : 1.0) * (ranks - 1) / ranks);
    }

    public LinearAttentionKernel Linear(double heads, double keyDim, double valueDim, double stateBytes)
    {
        fits.Note("linear attention has no public operator tables: estimated");
        return new(Figures, heads, keyDim, valueDim, stateBytes);
    }

    public Indexer Indexer(double width, double bytesPerToken, double tokensPerKey)
    {
        fits.Note("sparse attention's indexer has no public operator tables: estimated");
        return new(Figures, width, bytesPerToken, tokensPerKey);
    }

    /// <summary>Name of the KV cache's number format in the tables.</summary>
    public static string KvDtype(double kvBytes) => kvBytes == 1 ? "fp8" : "bfloat16";

    private double PeakOf(double kvBytes) => kvBytes == 1 ? Figures.Peak("fp8") : Figures.Bf16;
}
