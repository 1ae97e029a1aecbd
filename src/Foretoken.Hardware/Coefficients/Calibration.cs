using System.Text.Json;
using Foretoken.Hardware.Memory;

namespace Foretoken.Hardware.Coefficients;

/// <summary>Overheads of an engine around the operators.</summary>
/// <param name="Engine">vllm, sglang or trtllm.</param>
/// <param name="Before">Holds for versions before this one; empty for all others.</param>
/// <param name="ElementwiseUs">Norms, rotary embedding, activation and other small kernels of a layer under CUDA graphs, us.</param>
/// <param name="ElementwiseBytes">Bytes that they move per token and number of the residual stream.</param>
/// <param name="EagerLayerUs">Host time to launch a layer where no CUDA graph is replayed, us: a step cannot be faster.</param>
/// <param name="EagerCollectiveUs">What an all-reduce outside of a graph takes longer, us.</param>
/// <param name="StepUs">Time of a step that nothing hides: input preparation, sampling, hand-over, us.</param>
/// <param name="HostUs">Host time of a step: scheduling, results, detokenisation, us. Behind the GPU's where steps overlap, else added.</param>
/// <param name="SequenceUs">Host time per decoding request of a step, us; as <paramref name="HostUs"/>.</param>
/// <param name="SingleGpuHost">Part of the host's time that a replica of one GPU has: nothing is sent to other processes.</param>
/// <param name="Overlapped">Whether the host works on a step while the GPU runs another (asynchronous scheduling, overlap schedule).</param>
/// <param name="PrefillFactor">Factor on the GPU time of steps that compute prompt tokens, over the operator sum.</param>
/// <param name="ImbalanceFactor">Factor on the exponent of the experts' imbalance over expert-parallel ranks.</param>
/// <param name="FrontendMs">From the client's send to the engine's queue and from the engine's token back to the client, together: HTTP, process hops, ms.</param>
/// <param name="FrontendTokenUs">Tokenisation and chat template per prompt token, us.</param>
public sealed record EngineOverheads(
    string Engine, string Before, double ElementwiseUs, double ElementwiseBytes, double EagerLayerUs, double EagerCollectiveUs,
    double StepUs, double HostUs, double SequenceUs, double SingleGpuHost, bool Overlapped, double PrefillFactor, double ImbalanceFactor, double FrontendMs, double FrontendTokenUs);

/// <summary>A factor on step times of what it names; empty names match everything. The most specific entries multiply.</summary>
/// <param name="Engine">vllm, sglang, trtllm or empty.</param>
/// <param name="Gpu">Name in the catalogue or empty.</param>
/// <param name="Model">Model family as <see cref="Calibration.Family"/> gives it, or empty.</param>
/// <param name="Experts">Format of the experts (of dense products where there are none), or empty.</param>
/// <param name="Decode">Factor on the time of decoding.</param>
/// <param name="Prefill">Factor on the time that prompt tokens add.</param>
/// <param name="PromptAttention">Factor on the attention of prompts alone: kernels that a version picks, or lacks.</param>
public sealed record ScaleFactor(string Engine, string Gpu, string Model, string Experts, double Decode = 1, double Prefill = 1, double PromptAttention = 1);

/// <summary>
/// Corrections that measured end-to-end systems ask for: overheads per engine and shrunken factors for groups of systems.
/// Made by <c>foretoken fit</c>; docs/accuracy.md says how.
/// </summary>
public sealed record Calibration
{
    /// <summary>Overheads by engine, older versions first.</summary>
    public required IReadOnlyList<EngineOverheads> Overheads { get; init; }

    /// <summary>Factors.</summary>
    public IReadOnlyList<ScaleFactor> Factors { get; init; } = [];

    /// <summary>The built-in one.</summary>
    public static Calibration BuiltIn { get; } = Read();

    /// <summary>Nothing around the operators and nothing corrected: what physics asks for.</summary>
    internal static Calibration None(string engine) => new() { Overheads = [new(engine, "", 0, 0, 0, 0, 0, 0, 0, 1, true, 1, 1, 0, 0)] };

    /// <summary>Name that factors know a model by: architecture and layer count, the same for every checkpoint of a model.</summary>
    public static string Family(Models.ModelShape model) => FormattableString.Invariant($"{model.Architecture}/{model.Layers.Count}x{model.Hidden}");

    /// <summary>Name that factors know a model's weights by: the format of its experts, else of its dense products.</summary>
    public static string Format(Models.ModelShape model) =>
        (model.Weights.FirstOrDefault(w => w.Part == Models.ModelPart.RoutedExperts) ?? model.Layers.SelectMany(l => l.Weights).FirstOrDefault(w => w.MayBeQuantised && w.Columns > 1) ?? model.Outside[0]).Format.Name;

    /// <summary>Name that factors know an engine by.</summary>
    public static string Name(EngineKind engine) => FitLookup.Backend(engine);

    /// <summary>The overheads of an engine's version; what is empty or cannot be read counts as the newest.</summary>
    public EngineOverheads Of(string engine, string version)
    {
        var release = EngineVersion.Parse(version) ?? EngineVersion.Newest;
        return Overheads.First(o => o.Engine == engine && (o.Before.Length == 0 || release.IsBefore(EngineVersion.Parse(o.Before)!)));
    }

    /// <summary>The product of the factors that match.</summary>
    public (double Decode, double Prefill, double PromptAttention) Scale(string engine, string gpu, string model, string experts)
    {
        var (decode, prefill, attention) = (1.0, 1.0, 1.0);
        foreach (var f in Factors)
        {
            if (Matches(f.Engine, engine) && Matches(f.Gpu, gpu) && Matches(f.Model, model) && Matches(f.Experts, experts))
            {
                decode *= f.Decode;
                prefill *= f.Prefill;
                attention *= f.PromptAttention;
            }
        }

        return (decode, prefill, attention);
    }

    private static bool Matches(string pattern, string value) => pattern.Length == 0 || pattern == value;

    private static Calibration Read()
    {
        using var document = Catalogue.Embedded("calibration.json");
        return Parse(document.RootElement);
    }

    /// <summary>From its JSON form, as <see cref="CalibrationJson"/> writes it.</summary>
    internal static Calibration Parse(JsonElement root) => new()
    {
        Overheads = [.. root.GetProperty("overheads").EnumerateArray().Select(e =>
        {
            double Of(string key) => e.GetProperty(key).GetDouble();
            return new EngineOverheads(
                e.GetProperty("engine").GetString()!, e.TryGetProperty("before", out var before) ? before.GetString()! : "",
                Of("elementwise_us"), Of("elementwise_bytes"), Of("eager_layer_us"), Of("eager_collective_us"), Of("step_us"), Of("host_us"), Of("sequence_us"), Of("single_gpu_host"),
                e.GetProperty("overlapped").GetBoolean(), Of("prefill_factor"), Of("imbalance_factor"), Of("frontend_ms"), Of("frontend_token_us"));
        })],
        Factors = [.. root.GetProperty("factors").EnumerateArray().Select(f =>
        {
            string Name(string key) => f.TryGetProperty(key, out var v) ? v.GetString()! : "";
            double Of(string key) => f.TryGetProperty(key, out var v) ? v.GetDouble() : 1;
            return new ScaleFactor(Name("engine"), Name("gpu"), Name("model"), Name("experts"), Of("decode"), Of("prefill"), Of("prompt_attention"));
        })],
    };
}
