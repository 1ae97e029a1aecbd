using Foretoken.Hardware.Models;
using Foretoken.Twin.Scenarios.Fields;

namespace Foretoken.Twin.Scenarios.Description;

/// <summary>What is served on what: the <c>model</c> and <c>hardware</c> sections, the GPU and the parallel layout.</summary>
public static class ModelFields
{
    public static readonly Field<string> Name = new(new TextType("a model's name, or the path of a config.json"))
    {
        Name = "name",
        Meaning = "Model: a name of 'foretoken models', or the path of a HuggingFace config.json, relative to the scenario file.",
        DefaultText = "not set",
    };

    public static readonly Field<long?> KvBytesPerToken = new(new OptionalType<long>(new BytesType()))
    {
        Name = "kv_bytes_per_token",
        Meaning = "Without a name: KV cache of one token on one replica, 2 (K and V) x layers x KV heads x head size x bytes per number, per GPU rank summed.",
        DefaultText = "not set",
    };

    public static readonly Field<string> Weights = Formats("weights", "Number format of projections, dense and shared networks, where another checkpoint of the model is served or the engine quantises at load.");

    public static readonly Field<string> Experts = Formats("experts", "The same for routed experts.");

    /// <summary>The model section.</summary>
    public static readonly Section Model = new()
    {
        Meaning = "The model that is served; a bare text is its name.",
        Fields = [Name, Weights, Experts, KvBytesPerToken],
        Shorthand = Name,
    };

    public static readonly Field<string> Gpu = new(new TextType("a GPU's name"))
    {
        Name = "gpu",
        Meaning = "GPU of every replica: a name of 'foretoken gpus'. With a model it decides memory, the engine's defaults and step times.",
        DefaultText = "not set",
    };

    public static readonly Field<string> Catalogue = new(new TextType("the path of a catalogue file"))
    {
        Name = "catalogue",
        Meaning = "YAML file with GPUs and models of your own (docs/hardware.md), relative to the scenario file.",
        DefaultText = "not set",
    };

    public static readonly Field<int?> TensorParallel = Layout("tensor_parallel", "GPUs that share each layer of a replica.");
    public static readonly Field<int?> PipelineParallel = Layout("pipeline_parallel", "Pipeline stages of a replica, each with a share of the layers.");
    public static readonly Field<int?> DataParallel = Layout("data_parallel", "Attention data parallelism: copies of everything but the routed experts in one replica, each with requests of its own, stepping together.");
    public static readonly Field<int?> ExpertParallel = Layout("expert_parallel", "Groups that the routed experts are dealt out to; 1 divides every expert over all ranks of a stage.");

    public static readonly Field<long> GpuMemory = new(new BytesType())
    {
        Name = "gpu_memory",
        Meaning = "Memory of one GPU where none is named by gpu. Decides the engine's batch defaults, nothing else.",
        Default = 80L << 30,
        DefaultSource = "an H100",
    };

    public static readonly Field<double?> PricePerGpuHour = new(new OptionalType<double>(new NumberType(UnitTable.Number)))
    {
        Name = "price_per_gpu_hour",
        Meaning = "What a GPU costs for an hour, US dollars: makes the cost of a run and of a million output tokens. Default: the middle of the prices that 'foretoken gpus' has for it.",
        DefaultText = "not set",
    };

    public static readonly Field<string> Purchase = new(new ChoiceType(("on_demand", "by the hour"), ("spot", "spare capacity that can be taken away"), ("reserved", "committed to for a year or so")))
    {
        Name = "purchase",
        Meaning = "How GPUs are bought: takes their price from the price list ('foretoken prices') instead of the catalogue; on_demand where only provider or region is set. What spot capacity costs by being taken away is not simulated.",
        OmitWhenAbsent = true,
        DefaultText = "not set",
    };

    public static readonly Field<string> Provider = new(new TextType("a seller of 'foretoken prices'"))
    {
        Name = "provider",
        Meaning = "Who sells the GPUs, such as aws: takes their price from the price list.",
        OmitWhenAbsent = true,
        DefaultText = "not set",
    };

    public static readonly Field<string> Region = new(new TextType("a region of 'foretoken prices'"))
    {
        Name = "region",
        Meaning = "Where the GPUs are, such as us-east-1: takes their price from the price list.",
        OmitWhenAbsent = true,
        DefaultText = "not set",
    };

    /// <summary>The hardware section.</summary>
    public static readonly Section Hardware = new()
    {
        Meaning = "What is known of GPUs that no catalogue has, and their price.",
        Fields = [GpuMemory, PricePerGpuHour, Purchase, Provider, Region],
    };

    public static readonly Field<int?> DecodeContextParallel = Layout("decode_context_parallel", "Ranks of a tensor-parallel group that share each request's KV cache by tokens instead of keeping copies (vLLM's decode_context_parallel_size).");

    public static readonly Field<bool?> SequenceParallel = new(new OptionalType<bool>(new SwitchType()))
    {
        Name = "sequence_parallel",
        Meaning = "Whether norms and residuals are divided by tokens over the tensor-parallel ranks (vLLM's pass_config.enable_sp). Default: false.",
        DefaultText = "not set",
    };

    /// <summary>The keys of the layout.</summary>
    public static readonly IReadOnlyList<Field<int?>> LayoutFields = [TensorParallel, PipelineParallel, DataParallel, ExpertParallel, DecodeContextParallel];

    private static Field<string> Formats(string name, string meaning) =>
        new(new ChoiceType([.. ServedFormats.Names.Select(n => (n, "as named"))])) { Name = name, Meaning = meaning + " Default: as the model's config says.", DefaultText = "not set" };

    private static Field<int?> Layout(string name, string meaning) => Optional.Count(name, meaning + " Default: 1.", 1, 4096);
}
