using Foretoken.Hardware.Gpus;
using Foretoken.Hardware.Memory;
using Foretoken.Hardware.Models;

namespace Foretoken.Twin.Deployments;

/// <summary>What is served on what: everything that decides memory and step time apart from the engine's own flags.</summary>
public sealed record DeploymentTarget
{
    /// <summary>The model.</summary>
    public required ModelEntry Model { get; init; }

    /// <summary>Its shape, with the weight formats that are served.</summary>
    public required ModelShape Shape { get; init; }

    /// <summary>The GPU.</summary>
    public required Gpu Gpu { get; init; }

    /// <summary>Parallel layout of one replica.</summary>
    public required ParallelLayout Layout { get; init; }

    /// <summary>How tokens get to their experts with attention data parallelism.</summary>
    public Hardware.Coefficients.ExpertExchange Exchange { get; init; }

    /// <summary>The engine.</summary>
    public required EngineKind Engine { get; init; }

    /// <summary>Its release.</summary>
    public required EngineVersion Version { get; init; }

    /// <summary>The engine as scenarios call it.</summary>
    public string EngineName => Engine switch { EngineKind.Sglang => "sglang", EngineKind.TensorRtLlm => "trtllm", _ => "vllm" };

    /// <summary>Its release as it was written; empty for the newest.</summary>
    public string VersionText { get; init; } = "";

    /// <summary>Number format of routed experts in the operator tables where the weights alone do not say it; null: they do.</summary>
    public string? ExpertDtype { get; init; }

    /// <summary>Bytes of a number in the KV cache: 2 or 1.</summary>
    public required int KvBytesPerNumber { get; init; }

    /// <summary>Where further models are looked up.</summary>
    public HardwareLibrary Library { get; init; } = HardwareLibrary.BuiltIn;

    /// <summary>Model, GPUs and layout in a line.</summary>
    public string Title
    {
        get
        {
            var parts = new List<string> { $"TP {Layout.TensorParallel}" };
            Part("PP", Layout.PipelineParallel);
            Part("attention DP", Layout.AttentionDataParallel);
            Part("EP", Layout.ExpertParallel);
            Part("decode context", Layout.DecodeContextParallel);
            return $"{Shape.Name} ({Shape.Quantisation}) on {Layout.Gpus} x {Gpu.Name}, {string.Join(", ", parts)}";

            void Part(string name, int size)
            {
                if (size > 1)
                {
                    parts.Add($"{name} {size}");
                }
            }
        }
    }
}
